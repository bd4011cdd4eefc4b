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

/** What an issue's value should have been, in our words, never in zod's. */
export function expectedText(issue: z.core.$ZodIssue): string {
  // What the schema says of a field stands as it is; zod's own messages begin like these.
  if (!/^(Invalid|Too|Unrecognized) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_key') return 'a name';
  return (issue.code === 'invalid_type' && KINDS.get(issue.expected)) || 'another value';
}

/** Replaces the issue that no shape of a union fits by the issues of the closest shape. */
export function bestUnionIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const counted = issue.errors
    .filter((issues) => !issues.some(isOfAnotherKind))
    .map((issues) => ({ issues, count: issues.map(weight).reduce((sum, one) => sum + one, 0) }))
    .sort((a, b) => a.count - b.count);
  const [meant, next] = counted;
  // If two shapes fit equally badly, neither is the closest.
  if (meant === undefined || meant.count === next?.count) return [issue];
  return meant.issues
    .map((one) => ({ ...one, path: [...issue.path, ...one.path] }))
    .flatMap((one) => bestUnionIssues(one));
}

/** Whether the value has another type than the shape, such as a text in place of an object. */
function isOfAnotherKind({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

function weight(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
}
