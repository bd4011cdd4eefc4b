import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sum } from '../../../../lib/base/sum.ts';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import { cutPieces } from '../../../../lib/drops/files/cutPieces.ts';
import { MAX_PIECE_FILES } from '../../../../lib/drops/limits.ts';

const file = (size: number, i: number): DropObject => ({
  key: `events/${String(i).padStart(6, '0')}`,
  size,
  eTag: '"1"',
  lastModified: new Date(0),
});
const bytesOf = (files: readonly DropObject[]) => sum(files.map(({ size }) => size));

describe('the pieces of a day', () => {
  it('have all files in their order, and no more bytes than a piece may have, but for one file', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 100 }), (some, most) => {
        const files = some.map(file);
        const pieces = cutPieces(files, most);
        expect(pieces.flat()).toEqual(files);
        for (const [i, piece] of pieces.entries()) {
          if (piece.length > 1) expect(bytesOf(piece)).toBeLessThanOrEqual(most);
          const [next] = pieces[i + 1] ?? [];
          // Another file would not have fit.
          if (next !== undefined) expect(bytesOf(piece) + next.size).toBeGreaterThan(most);
        }
      }),
      { seed: 72 },
    );
  });

  it('are one without files, one up to the bytes of a piece, and have a file alone that is larger', () => {
    expect(cutPieces([], 10)).toEqual([[]]);
    expect(cutPieces([5, 5].map(file), 10)).toHaveLength(1);
    const lengths = (sizes: readonly number[]) => cutPieces(sizes.map(file), 10).map(({ length }) => length);
    expect(lengths([5, 6])).toEqual([1, 1]);
    expect(lengths([1, 11, 1])).toEqual([1, 1, 1]);
  });

  it('have a bound of files', () => {
    const files = Array.from({ length: MAX_PIECE_FILES + 1 }, (_, i) => file(0, i));
    expect(cutPieces(files, 10).map(({ length }) => length)).toEqual([MAX_PIECE_FILES, 1]);
  });
});
