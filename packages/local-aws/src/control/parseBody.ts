import { z } from 'zod';
import { ControlError } from '../base/errors.ts';

/** The body of a call, validated. @throws ControlError CONTROL_BODY naming what is wrong and where. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body, { error: unionMessage });
  if (!parsed.success) throw new ControlError('CONTROL_BODY', z.prettifyError(parsed.error));
  return parsed.data;
}

/** What is wrong by each alternative of a union, of which Zod says "Invalid input" only; undefined for any other issue. */
function unionMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return undefined;
  return issue.errors.flatMap((problems) => problems.map(({ message }) => message)).join('; or ');
}
