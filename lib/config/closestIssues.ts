import type * as z from 'zod';
import { sum } from '../base/sum.ts';

/**
 * The issues of the shape of a union that a value comes closest to, each at its place in the input. The issue itself if
 * it is none of a union, and if two shapes fit equally badly.
 *
 * @example The shape 'none' says nothing of `{ paht: 'x' }`, as the shape `{ path: string }` has found what is wrong in it.
 */
export function closestIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const ofSameKind = issue.errors.filter((issues) => !issues.some(isOfAnotherKind));
  const withMembers = ofSameKind.filter((issues) => !issues.some(isAnotherWord));
  const [closest, next] = (withMembers.length > 0 ? withMembers : ofSameKind).toSorted(
    (issues, others) => problemsIn(issues) - problemsIn(others),
  );
  if (closest === undefined) return [issue];
  if (next !== undefined && problemsIn(next) === problemsIn(closest)) return [issue];
  return closest
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    .flatMap((inner) => closestIssues(inner));
}

/** Whether the value has another type than the shape, such as a text in place of an object. */
function isOfAnotherKind({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

/** Whether the value is not one of the words that the shape takes. */
function isAnotherWord({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_value' && path.length === 0;
}

/** How many problems issues stand for: unknown keys of an object are one issue. */
function problemsIn(issues: readonly z.core.$ZodIssue[]): number {
  return sum(issues.map((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1)));
}
