import { describe, expect, it } from '@jest/globals';
import { exclusive, mapLimit } from '../../../lib/base/concurrency.ts';

describe('mapLimit', () => {
  it('returns results in the order of the items, with limited concurrency', async () => {
    let under = 0;
    let most = 0;
    const doubled = await mapLimit([5, 1, 4, 2, 3], 2, async (item) => {
      under += 1;
      most = Math.max(most, under);
      for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
      under -= 1;
      return item * 2;
    });
    expect(doubled).toEqual([10, 2, 8, 4, 6]);
    expect(most).toBe(2);
  });

  it('starts no item after the first error, and waits for items in progress', async () => {
    const slow = Promise.withResolvers<void>();
    const begun: number[] = [];
    const ended: number[] = [];
    const all = mapLimit([0, 1, 2, 3], 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error('first');
      await slow.promise;
      ended.push(item);
      throw new Error('second');
    });
    const settled = all.then(
      () => 'done',
      (error: Error) => error.message,
    );
    const early = await Promise.race([settled, new Promise((resolve) => setImmediate(resolve, 'waits'))]);
    slow.resolve();
    expect(early).toBe('waits');
    expect(await settled).toBe('first');
    expect(begun).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });
});

describe('exclusive', () => {
  it('lets one caller in at a time, in the order in which they asked', async () => {
    const take = exclusive();
    const events: string[] = [];
    const call = async (name: string) => {
      const giveBack = await take();
      events.push(`${name} begins`);
      await Promise.resolve();
      events.push(`${name} ends`);
      giveBack();
    };
    await Promise.all(['a', 'b', 'c'].map(call));
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});
