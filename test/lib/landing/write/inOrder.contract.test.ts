import { expect, it } from '@jest/globals';
import { inOrder } from '../../../../lib/landing/write/writeMessages.ts';
import { seededRandom } from '../../../../packages/local-aws/src/base/index.ts';

it('objects are written from the oldest on, and behind them, alone and in another order each time, those received often', () => {
  const named = (key: string, time: string, ...receives: readonly number[]) => ({
    key,
    time,
    messages: receives.map((count, i) => ({ messageId: `${key}-${i}`, body: '', receives: count })),
  });
  const often = ['e', 'f', 'g', 'h'];
  const objects = [
    named('b', '2026-11-25T10:00:01Z', 1),
    named('c', '2026-11-25T10:00:02Z', 4, 1),
    // A look tells of it.
    named('a', '', 1),
    ...often.map((key, i) => named(key, '2026-11-25T09:00:00Z', 1, 5 + i)),
  ];
  const orders = new Set<string>();
  const random = seededRandom(1);
  for (let run = 0; run < 50; run += 1) {
    const [fresh, ...alone] = inOrder(objects, random);
    expect(fresh).toEqual(['a', 'b', 'c']);
    expect(alone.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    expect(alone.flat().sort()).toEqual(often);
    orders.add(alone.join());
  }
  // Of the 24 that there are.
  expect(orders.size).toBe(21);
});
