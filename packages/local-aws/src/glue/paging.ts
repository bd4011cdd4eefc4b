import { z } from 'zod';
import { invalidInput } from './errors.ts';

const tokenSchema = z.array(z.string());

/**
 * One page of a sorted list. The token names the last item of the page before, not a number, so that
 * items added or removed between two calls are neither skipped nor listed twice.
 *
 * @param nameOf What sorts the list.
 * @param isAfter Whether an item lies behind the named one.
 */
export function page<Item>(options: {
  readonly items: readonly Item[];
  readonly nameOf: (item: Item) => readonly string[];
  readonly isAfter: (item: Item, name: readonly string[]) => boolean;
  readonly size: number;
  readonly token: string | undefined;
}): { readonly items: readonly Item[]; readonly next?: string } {
  const { items, nameOf, isAfter, size, token } = options;
  const last = token === undefined ? undefined : readToken(token);
  const rest = last === undefined ? items : items.filter((item) => isAfter(item, last));
  const taken = rest.slice(0, size);
  const end = taken.at(-1);
  if (rest.length <= size || end === undefined) return { items: taken };
  return { items: taken, next: Buffer.from(JSON.stringify(nameOf(end))).toString('base64url') };
}

function readToken(token: string): string[] {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch {
    throw invalidInput('The NextToken is not one that was given out.');
  }
}
