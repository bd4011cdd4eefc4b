import { describe, expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../../../../lib/ledger/LedgerEntry.ts';
import { equalFilesWords } from '../../../../../observe/facts/days/drops/equalFiles.ts';
import { ledgerEntry } from '../../../../harness/ledgerEntry.ts';

describe('a day with files of equal size and ETag', () => {
  const file = (key: string, eTag: string, more: Partial<LedgerEntry['files'][number]> = {}) => ({
    key,
    eTag,
    size: 9,
    fate: 'loaded' as const,
    rows: { in: 1, out: 1, refused: 0 },
    ...more,
  });
  const words = (files: LedgerEntry['files'], more: Partial<LedgerEntry> = {}) =>
    equalFilesWords(ledgerEntry({ files, ...more }));
  const pair = [file('d/p (1).parquet', '"1"'), file('d/p.parquet', '"1"')];

  it('has their keys named', () => {
    expect(words(pair)).toMatch(/: d\/p \(1\)\.parquet, d\/p\.parquet$/);
  });

  it('has equal ones named together, and different ones apart', () => {
    const twoGroups = [file('d/a', '"2"'), ...pair, file('d/x/p', '"1"'), file('d/b', '"2"')];
    expect(words(twoGroups)).toMatch(/: d\/a, d\/b; d\/p \(1\)\.parquet, d\/p\.parquet, d\/x\/p$/);
  });

  it.each([
    { keys: 'abcde', named: 'a, b, c, d, e' },
    { keys: 'abcdefg', named: 'a, b, c, d, e and 2 more' },
  ])('has the first five of $keys.length named, and the others counted', ({ keys, named }) => {
    expect(words(Array.from(keys, (key) => file(key, '"1"')))).toMatch(new RegExp(`: ${named}$`));
  });

  it('has none named if a person accepted them', () => {
    expect(words(pair, { accepted: true })).toBeNull();
  });

  it.each(['failed', 'waiting', 'inputs_missing'] as const)('has none named in the state %s', (state) => {
    expect(words(pair, { state })).toBeNull();
  });

  it.each([
    { what: 'another ETag than the first', other: file('d/q', '"2"') },
    { what: 'another size than the first', other: file('d/q', '"1"', { size: 8 }) },
    { what: 'no rows', other: file('d/q', '"1"', { rows: { in: 0, out: 0, refused: 0 } }) },
    { what: 'rows that are all refused', other: file('d/q', '"1"', { rows: { in: 5, out: 0, refused: 5 } }) },
    { what: 'another fate than `loaded`', other: file('d/q', '"1"', { fate: 'left_out' }) },
  ])('has none named if the second file has $what', ({ other }) => {
    expect(words([file('d/p', '"1"'), other])).toBeNull();
  });
});
