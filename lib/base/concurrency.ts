/**
 * Works on each item, at most so many at the same time, and answers what came out in the order of the items. The first
 * that throws stops the others from being begun; what is under way then is waited for, so that nothing works on once this
 * has rejected.
 *
 * @throws what was thrown first.
 */
export async function mapLimit<Item, Result>(
  items: readonly Item[],
  parallel: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
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
