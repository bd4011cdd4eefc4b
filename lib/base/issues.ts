import type * as z from 'zod';
import { sum } from './sum.ts';

/** The words for an object. */
export const AN_OBJECT = 'an object';

/** Our words for zod's names of types, used where a field has no words of its own. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['object', AN_OBJECT],
  ['record', AN_OBJECT],
  ['array', 'a list'],
  ['string', 'a text'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
]);

/** Says what an issue's value should have been, in our words, never in zod's. */
export function expectedText(issue: z.core.$ZodIssue): string {
  // Messages of our schemas are used unchanged. Only zod's own messages begin like these.
  if (!/^(Invalid|Too|Unrecognized) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_key') return 'a name';
  return (issue.code === 'invalid_type' && KINDS.get(issue.expected)) || 'another value';
}

/** Replaces the issue that no shape of a union fits by the issues of the closest shape. */
export function bestUnionIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const alike = issue.errors.filter((issues) => !issues.some(isOfAnotherKind));
  // A shape that takes only certain words explains nothing about a value whose members another shape has checked.
  const inside = alike.filter((issues) => !issues.some(isAnotherWord));
  const counted = (inside.length > 0 ? inside : alike)
    .map((issues) => ({
      issues,
      count: sum(issues.map(weight)),
    }))
    .sort((a, b) => a.count - b.count);
  const [closest, next] = counted;
  // If two shapes fit equally badly, neither is the closest.
  if (closest === undefined || closest.count === next?.count) return [issue];
  return closest.issues
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    .flatMap((inner) => bestUnionIssues(inner));
}

/** Whether the value has another type than the shape, such as a text in place of an object. */
function isOfAnotherKind({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

/** Whether the value is not one of the words that the shape takes. */
function isAnotherWord({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_value' && path.length === 0;
}

/** How many problems an issue of zod stands for. */
function weight(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
}
