/**
 * Maps in order, at most `ahead` items at work at a time; an item is only drawn when there is room for it. When
 * somebody stops early, or one fails, what is at work ends first.
 */
export async function* mapAhead<Item, Result>(
  items: AsyncIterable<Item>,
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]();
  const underWay: Promise<Result>[] = [];
  let ended = false;
  try {
    for (;;) {
      while (!ended && underWay.length < ahead) {
        const next = await source.next();
        if (next.done === true) {
          ended = true;
          break;
        }
        const result = work(next.value);
        // Told of when its turn comes.
        result.catch(() => undefined);
        underWay.push(result);
      }
      const first = underWay.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    await Promise.allSettled(underWay);
    await source.return?.();
  }
}
