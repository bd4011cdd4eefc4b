import { type Attempts, retryTransient } from './Attempts.ts';

/** A page of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/**
 * Reads a listing to its end, or answers undefined when it has more than `mostPages`. A page that fails for a
 * passing reason is read again, not those before it.
 *
 * @throws CatalogCallError of the page that could not be read in time.
 */
export async function readPages<Item>(
  attempts: Attempts,
  mostPages: number,
  readPage: (token: string | undefined) => Promise<Page<Item>>,
): Promise<readonly Item[] | undefined> {
  const items: Item[] = [];
  let token: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const from = token;
    const read = await retryTransient(attempts, () => readPage(from));
    items.push(...read.items);
    if (read.next === undefined) return items;
    token = read.next;
  }
  return undefined;
}
