import type { z } from 'zod';

/**
 * What each alternative of a union finds wrong, where Zod says only "Invalid input"; undefined for any other issue. It is the
 * option `error` of a parse.
 */
export function unionMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return undefined;
  return issue.errors.flatMap((problems) => problems.map(({ message }) => message)).join('; or ');
}
