import { describe, expect, it } from '@jest/globals';
import { copiesOf } from '../../../../lib/drops/usual/fileCopies.ts';
import type { FileFate } from '../../../../lib/ledger/LedgerEntry.ts';

describe('files of another day', () => {
  const file = (key: string, more: Partial<FileFate> = {}): FileFate => ({
    key,
    size: 9,
    eTag: '"a"',
    fate: 'loaded',
    rows: { in: 5, out: 5, refused: 0 },
    ...more,
  });
  /** Copies of a file of the other day. */
  const copies = (
    other: Partial<FileFate>,
    { hasKey = false, own = {} }: { readonly hasKey?: boolean; readonly own?: Partial<FileFate> } = {},
  ) =>
    copiesOf([file('2/a', own)], [file('1/a', other)], hasKey).map(({ original, isSure }) => [
      original,
      isSure,
    ]);

  it('are found by ETag and size, or by size and rows if an ETag is no digest', () => {
    expect(copies({})).toEqual([['1/a', true]]);
    expect(copies({ eTag: '"b"' })).toEqual([]);
    expect(copies({ eTag: '"b-2"' })).toEqual([['1/a', false]]);
    expect(copies({ eTag: '"b"' }, { hasKey: true })).toEqual([['1/a', false]]);
    expect(copies({ eTag: '"b-2"', rows: { in: 4, out: 4, refused: 0 } })).toEqual([]);
    expect(copies({ size: 8 })).toEqual([]);
  });

  it('are not found by size and rows if they are few of many', () => {
    const many = Array.from({ length: 5 }, (_, i) => file(`2/${i}`, { eTag: `"${i}-2"`, size: i }));
    const found = (own: readonly FileFate[]) => copiesOf(own, [file('1/a', { size: 3 })], false);
    expect(found(many)).toEqual([]);
    expect(found(many.slice(2, 4))).toEqual([]);
    expect(found(many.slice(3, 4))).toHaveLength(1);
  });

  it('are compared if both are loaded and the later one has rows', () => {
    expect(copies({ fate: 'gone' })).toEqual([]);
    const { rows: _, ...empty } = file('2/a', { fate: 'left_out' });
    expect(copiesOf([empty], [file('1/a')], false)).toEqual([]);
    expect(copies({}, { own: { rows: { in: 5, out: 0, refused: 5 } } })).toEqual([]);
    expect(copies({}, { own: { fate: 'failed' } })).toEqual([]);
  });
});
