/**
 * Maps items with at most `parallel` calls at the same time. Results have the order of the items. After the first error no
 * further call begins; calls under way finish first, so that nothing runs any more once this rejects.
 *
 * @param parallel At least 1 if there are items.
 * @throws The first error.
 */
export async function mapLimit<Item, Result>(
  items: readonly Item[],
  parallel: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  // All workers draw from it: each takes the next item.
  const waiting = items.entries();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const [index, item] of waiting) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * Waits until no other caller has the resource. The result gives it back: call it in a `finally`, as all who wait do so
 * until then. A second call of it does nothing.
 */
export type Exclusive = () => Promise<() => void>;

/** Makes a resource that one caller has at a time. Callers get it in the order in which they asked. */
export function exclusive(): Exclusive {
  let last = Promise.resolve();
  return async () => {
    const previous = last;
    const released = Promise.withResolvers<void>();
    last = released.promise;
    await previous;
    return released.resolve;
  };
}
