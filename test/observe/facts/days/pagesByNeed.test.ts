import { describe, expect, it } from '@jest/globals';
import type { Need } from '../../../../observe/facts/days/dropNeeds.ts';
import { firstOf, fitting, startAfter } from '../../../../observe/facts/days/pagesByNeed.ts';

describe('the items of a page', () => {
  // The JSON of each has four bytes.
  it.each([
    { bytes: 8, shown: ['ab', 'cd'] },
    { bytes: 7, shown: ['ab'] },
    { bytes: 12, shown: ['ab', 'cd', 'ef'] },
    { bytes: 3, shown: ['ab'] },
  ])('are those that fit $bytes bytes, and the first in any case: $shown', ({ bytes, shown }) => {
    expect(fitting(['ab', 'cd', 'ef'], bytes)).toEqual(shown);
  });

  it('are counted in bytes, not in characters', () => {
    expect(fitting(['ää', 'b'], 8)).toEqual(['ää']);
  });
});

interface Line {
  readonly name: string;
  readonly need: Need | null;
}
const LINES: readonly Line[] = [
  { name: 'well', need: null },
  { name: 'odd', need: 'warning' },
  { name: 'broken', need: 'problem' },
  { name: 'odd too', need: 'warning' },
];
const page = (bytes: number) => {
  const { shown, ...more } = firstOf(
    LINES,
    ({ need }) => need,
    ({ name }) => name,
    bytes,
  );
  return { shown: shown.map(({ name }) => name), ...more };
};

it('problems come first, then warnings in their order, and what follows the last that is shown is named', () => {
  const counts = { total: 4, needing: 3 };
  expect(page(1_000)).toEqual({ ...counts, shown: ['broken', 'odd', 'odd too', 'well'], next: null });
  expect(page(90)).toEqual({ ...counts, shown: ['broken', 'odd'], next: 'warning:odd' });
});

it.each([
  { cursor: 'warning:odd', after: 'odd too' },
  { cursor: 'problem:broken', after: 'odd' },
  // It was well when the page before was made, and lines that need somebody have been shown.
  { cursor: 'none:odd', after: undefined },
  { cursor: 'problem:well', after: 'broken' },
  { cursor: 'none:well', after: undefined },
])('after $cursor comes $after', ({ cursor, after }) => {
  const [well, odd, broken, oddToo] = LINES;
  const sorted = [broken, odd, oddToo, well].filter((line) => line !== undefined);
  const needs = new Map(LINES.map(({ name, need }) => [name, need]));
  expect(sorted[startAfter(cursor, LINES, sorted, needs)]?.name).toBe(after);
});

it.each(['urgent:odd', 'warning:gone', 'odd'])('the cursor %s is unknown', (cursor) => {
  expect(() => startAfter(cursor, LINES, LINES, new Map())).toThrow(
    expect.objectContaining({ code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN' }),
  );
});
