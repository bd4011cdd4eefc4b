import { invalidRequest } from '../model/errors.ts';

/**
 * One page of a list. The token names the last item of the page before, so that what is added or removed between two
 * calls is neither skipped nor listed twice; an item that has gone since ends the list.
 */
export function page<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  { NextToken, MaxResults }: { readonly NextToken?: string | undefined; readonly MaxResults: number },
): { readonly items: readonly Item[]; readonly next: string | undefined } {
  const last = NextToken === undefined ? undefined : Buffer.from(NextToken, 'base64url').toString('utf8');
  const before = last === undefined ? -1 : items.findIndex((item) => nameOf(item) === last);
  if (last !== undefined && before < 0) throw invalidRequest('The NextToken is not one that was given out.');
  const taken = items.slice(before + 1, before + 1 + MaxResults);
  const end = taken.at(-1);
  const isLast = end === undefined || before + 1 + taken.length >= items.length;
  return { items: taken, next: isLast ? undefined : Buffer.from(nameOf(end)).toString('base64url') };
}
