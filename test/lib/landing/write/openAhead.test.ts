import { describe, expect, it } from '@jest/globals';
import { openAhead } from '../../../../lib/landing/write/openAhead.ts';

const MIB = 2 ** 20;

/**
 * Takes objects of these sizes in their order, each once all that may be open are.
 *
 * @returns How many others are open whenever one is taken.
 */
async function othersOpen(sizes: readonly number[]): Promise<readonly number[]> {
  let opened = 0;
  let taken = 0;
  const others: number[] = [];
  const keys = sizes.map((_, i) => String(i));
  const objects = openAhead(keys, async (key, place) => {
    opened += 1;
    await place.ask(sizes[Number(key)] ?? 0);
    return key;
  });
  for await (const key of objects) {
    expect(key).toBe(String(taken));
    taken += 1;
    others.push(opened - taken);
    await new Promise(setImmediate);
  }
  return others;
}

describe('objects that are opened ahead', () => {
  it('are forty if they are small, until none is left', async () => {
    const fewer = Array.from({ length: 40 }, (_, i) => 39 - i);
    expect(await othersOpen(Array(45).fill(1))).toEqual([39, 39, 39, 39, 39, ...fewer]);
  });

  it('are as many as there is room for, also behind those that are taken', async () => {
    expect(await othersOpen(Array(12).fill(8 * MIB))).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 1, 0]);
  });

  it('are expected to be as large as the last one that has bytes', async () => {
    const sizes = [8 * MIB, 0, ...Array(10).fill(8 * MIB)];
    expect(await othersOpen(sizes)).toEqual([4, 4, 3, 3, 3, 3, 3, 3, 3, 2, 1, 0]);
  });
});
