import { describe, expect, it } from '@jest/globals';
import { lostFiles } from '../../../lib/curate/lostFiles.ts';
import type { CuratedDay } from '../../../lib/ledger/CuratedDay.ts';
import type { LedgerContent } from '../../../lib/ledger/LedgerEntry.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { curationRun, settlement } from '../../harness/ledgerEntry.ts';
import { config, DAY, file, named, START } from './startDayList.ts';

/** A settled entry of the ledger of the day. */
const entry = (curated: CuratedDay, more: Partial<LedgerContent> = {}): LedgerContent => ({
  ...curatedSubject(config, 'events', DAY),
  ...settlement(),
  attempts: 1,
  version: 'v1',
  curated,
  ...more,
});
/** The raw files that the current version was made of. */
const inputs = [named('a'), named('b')];
/** A day whose version was made of the file `a` alone. */
const ofA = (more: CuratedDay) => entry({ inputs: [named('a')], ...more });
/** Names of lost files, where the raw file `a` is there and `b` is not. */
const lost = (known: LedgerContent | null, files = [file('a')], now = START) =>
  lostFiles(config, known, files, now).map(({ name }) => name);

describe('a raw file of a curated day', () => {
  it.each([
    { what: 'if it is gone', known: entry({ inputs }), names: ['b'] },
    {
      what: 'if another file has its name by now',
      known: entry({ inputs }),
      files: [file('a'), file('b', '"2"')],
      names: ['b'],
    },
    { what: 'not while it is there', known: entry({ inputs }), files: [file('a'), file('b')], names: [] },
    { what: 'not of a day that nobody knows', known: null, names: [] },
    {
      what: 'not of a day without a version',
      known: entry({ inputs }, { version: undefined }),
      names: [],
    },
  ])('is lost $what', ({ known, files, names }) => {
    expect(lost(known, files)).toEqual(names);
  });

  it('is not lost once its retention may have ended, which begins before the day for the first files of a day', () => {
    // The 30 days of the day's first file end a day before those of the day.
    const end = Date.UTC(2026, 11, 15);
    expect(lost(entry({ inputs }), [], end - 1)).toEqual(['a', 'b']);
    expect(lost(entry({ inputs }), [], end)).toEqual([]);
  });

  it('is not lost if erasures have replaced it: the file of each of them counts as it, and the first one still', () => {
    const replaced = (from: string, to: string) => [{ name: named('a').name, from, to }];
    const first = replaced('"3"', '"4"');
    const second = replaced(named('a').eTag, '"3"');
    const note = { id: 'e', at: START };
    const erasures = [
      { ...note, replaced: first },
      { ...note, id: 'other', replaced: second },
    ];
    const known = entry({ inputs }, { erasures });
    for (const there of [file('a'), file('a', '"3"'), file('a', '"4"')])
      expect(lost(known, [there])).toEqual(['b']);
    // Somebody else has put another file in its place since, or it is gone.
    expect(lost(known, [file('a', '"5"')])).toEqual(['a', 'b']);
    expect(lost(known, [])).toEqual(['a', 'b']);
    expect(
      lost(entry({ inputs }, { erasures: [{ ...note, replaced: [] }] }), [file('a', '"2"'), file('b')]),
    ).toEqual(['a']);
  });

  it('is lost if it is gone, and a run of which every slice is made was made of it', () => {
    const slice = { rawRows: 1, kept: 0, rows: 1, resends: 0, differing: 0, sliceRows: 1 };
    const run = curationRun({ inputs: [named('c')] });
    const done = [{ ...slice, files: [] }];
    expect(lost(ofA({ run: { ...run, done } }))).toEqual(['c']);
    expect(lost(ofA({ run }))).toEqual([]);
  });

  const kept = { files: [named('c')], rows: 1, since: 0 };
  const dropped = { ...kept, accepted: 'drop' } as const;

  it.each([
    { what: 'after an earlier version', known: ofA({ kept }), names: ['c'] },
    {
      what: 'where somebody keeps its rows',
      known: ofA({ kept: { ...kept, accepted: 'keep' } }),
      names: ['c'],
    },
    { what: 'until somebody drops its rows', known: ofA({ kept: dropped }), names: [] },
    {
      what: 'where somebody drops rows of others',
      known: entry({ inputs, kept: dropped }),
      names: ['b'],
    },
    { what: 'until it is back', known: ofA({ kept }), files: [file('a'), file('c')], names: [] },
  ])('stays lost $what', ({ known, files, names }) => {
    expect(lost(known, files)).toEqual(names);
  });
});
