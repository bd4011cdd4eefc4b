import { z } from 'zod';
import { ControlError, unionMessage } from '../base/errors.ts';

/** The body of a call, validated. @throws ControlError CONTROL_BODY naming what is wrong and where. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body, { error: unionMessage });
  if (!parsed.success) throw new ControlError('CONTROL_BODY', z.prettifyError(parsed.error));
  return parsed.data;
}
