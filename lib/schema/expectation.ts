import type * as z from 'zod';

/** What zod calls the kinds of values for which no field has words of its own. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['object', 'an object'],
  ['record', 'an object'],
  ['array', 'a list'],
  ['string', 'a text'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
]);

/** What was expected in place of what an issue is about, in our words, never in zod's. */
export function expectation(issue: z.core.$ZodIssue): string {
  // What the schema says of a field stands as it is; zod's own messages begin like these.
  if (!/^(Invalid|Too|Unrecognized) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_key') return 'a name';
  return (issue.code === 'invalid_type' && KINDS.get(issue.expected)) || 'another value';
}
