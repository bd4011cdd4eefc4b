import { describe, expect, it } from '@jest/globals';
import { CURATED, cellsOf, notesOf } from '../../console/page/pages/cells.ts';
import { DAY_MARKS, marksOf } from '../../observe/facts/days/dayMarks.ts';
import type { DatasetDays, DropDay } from '../../observe/facts/days/dropDays.ts';
import { needOf } from '../../observe/facts/days/dropNeeds.ts';
import { dropCases } from '../observe/judgeCases/drops.ts';
import {
  datasetFacts,
  HOUR_MS,
  hourOldLook,
  loadedDay,
  NOW,
  namedExport,
  unusualBy,
} from '../observe/statusFacts.ts';

describe('a day of a dataset', () => {
  /** Its mark in the console, which is that of `sluice ingest status`. */
  const markOf = (day: Partial<DropDay>) => {
    const days = [{ ...loadedDay, ...day }];
    const marks = marksOf({ days });
    const cell = cellsOf({ ...namedExport, days }).get(loadedDay.day);
    expect(cell?.mark).toBe(DAY_MARKS[marks.get(loadedDay.day) ?? 'nothing'].mark);
    return cell?.mark;
  };
  it('tells a day without files, one with an empty file, and one that is accepted without rows', () => {
    const empty = { state: 'succeeded_no_data', files: 1 } as const;
    expect(markOf({ ...empty, files: 0 })).toBe('–');
    expect(markOf({ ...empty, empty: '1 file, 0 rows' })).toBe('∅');
    expect(markOf({ ...empty, empty: '1 file, 0 rows', lateSince: 0 })).toBe('∅');
    expect(markOf({ ...empty, isAccepted: true })).toBe('0');
  });

  it('tells files of another day, unless a dataset often has such', () => {
    const loaded = { rows: { in: 5, out: 5, refused: 0 }, hasCopies: true };
    expect(markOf({ ...loaded, unusual: unusualBy('files are those of other days', 'copies') })).toBe('=');
    expect(markOf(loaded)).toBe('✓');
  });

  it.each<{
    readonly what: string;
    readonly day: Partial<DropDay>;
    readonly tone: string;
    readonly words: string;
  }>([
    { what: 'with files', day: { files: 3 }, tone: 'good', words: 'done, 3 files' },
    {
      what: 'with refused rows',
      day: { rows: { in: 9, out: 7, refused: 2 } },
      tone: 'warning',
      words: 'done, 7 rows, 2 refused',
    },
    {
      what: 'whose rows were all refused',
      day: { rows: { in: 3, out: 0, refused: 3 } },
      tone: 'warning',
      words: 'done, 0 rows, 3 refused',
    },
    {
      what: 'with usual rows',
      day: { rows: { in: 9, out: 9, refused: 0 }, usual: 8 },
      tone: 'good',
      words: 'done, 9 rows, usually 8',
    },
    {
      what: 'with unusual rows',
      day: { usual: 8, unusual: unusualBy('few rows', 'rows') },
      tone: 'warning',
      words: 'done, 1 file, few rows',
    },
    {
      what: 'with objects that were left out',
      day: { leftOut: { count: 2, words: '' } },
      tone: 'warning',
      words: 'done, 1 file, 2 objects left out',
    },
    {
      what: 'with kept copies',
      day: { kept: 2 },
      tone: 'warning',
      words: 'done, 1 file, 2 copies kept of files that are gone',
    },
    {
      what: 'whose receipt failed',
      day: { receipt: { code: 'SLUICE_X', since: 0 } },
      tone: 'warning',
      words: 'done, 1 file, its receipt was not taken: SLUICE_X',
    },
    {
      what: 'of another place',
      day: { loadedFrom: 's3://x/' },
      tone: 'good',
      words: 'done, 1 file, loaded from s3://x/',
    },
    {
      what: 'that failed',
      day: { state: 'failed', failure: 'SLUICE_X' },
      tone: 'bad',
      words: 'failed, SLUICE_X, 1 file',
    },
    { what: 'that waits for its turn', day: { state: 'waiting' }, tone: 'accent', words: 'waiting, 1 file' },
    {
      what: 'that waits for a commit',
      day: { state: 'waiting', waiting: 'has no commit' },
      tone: 'warning',
      words: 'it has no commit',
    },
    {
      what: 'that waits for a commit and is not in the ledger',
      day: { state: null, waiting: 'has no commit' },
      tone: 'warning',
      words: 'it has no commit',
    },
    { what: 'that is late', day: { lateSince: 0 }, tone: 'bad', words: 'late, no file has come' },
    {
      what: 'that is late and waits for a commit',
      day: { state: null, lateSince: 0, waiting: 'has no commit' },
      tone: 'bad',
      words: 'late, has no commit',
    },
    {
      what: 'that is late and lacks files',
      day: { lackingSince: 0, lateSince: 0 },
      tone: 'bad',
      words: 'files of its version are gone',
    },
    {
      what: 'without files',
      day: { state: 'succeeded_no_data', files: 0 },
      tone: 'plain',
      words: 'done without files, 0 files',
    },
    {
      what: 'without rows, which is unusual',
      day: {
        state: 'succeeded_no_data',
        empty: '2 files, 0 rows',
        unusual: unusualBy('has 2 files', 'rows'),
      },
      tone: 'warning',
      words: 'has 2 files',
    },
    {
      what: 'without rows',
      day: { state: 'succeeded_no_data', empty: '2 files, 0 rows' },
      tone: 'plain',
      words: 'it has 2 files, 0 rows',
    },
    {
      what: 'without rows that is late',
      day: { state: 'succeeded_no_data', empty: '2 files, 0 rows', lateSince: 0 },
      tone: 'bad',
      words: 'late, 2 files, 0 rows',
    },
    {
      what: 'that is accepted without rows, although it failed',
      day: { state: 'succeeded_no_data', isAccepted: true, failure: 'SLUICE_X' },
      tone: 'good',
      words: 'accepted without rows',
    },
    {
      what: 'that is not in the ledger, although it failed',
      day: { state: null, failure: 'SLUICE_X' },
      tone: 'plain',
      words: 'nothing seen',
    },
  ])('$what is $tone: $words', ({ day, tone, words }) => {
    const cell = cellsOf({ ...namedExport, days: [{ ...loadedDay, ...day }] }).get(loadedDay.day);
    expect(cell).toMatchObject({ tone, words });
  });

  it('has a bar of its rows, and where they usually end', () => {
    const barOf = (out: number) => {
      const days = [{ ...loadedDay, rows: { in: 9, out, refused: 0 }, usual: 8 }];
      return cellsOf({ ...namedExport, days }).get(loadedDay.day)?.rows;
    };
    expect(barOf(7)).toEqual({ is: 7, usual: 8 });
    expect(barOf(0)).toBeUndefined();
  });

  it('that no query reads is bad, as is the note on its line', () => {
    const [drops] = datasetFacts({ unread: [{ day: loadedDay.day, location: 's3://x/', rows: 4 }] }).datasets;
    if (drops === undefined) throw new Error('no dataset');
    expect(cellsOf(drops).get(loadedDay.day)).toMatchObject({
      tone: 'bad',
      words: 'loaded, and no partition has its files: no query reads it',
    });
    expect(notesOf(drops)).toEqual([['bad', expect.stringContaining(`1 day, the newest ${loadedDay.day}`)]]);
  });
});

describe('the notes on a line', () => {
  const DAYS = ['2026-11-01', '2026-11-03'];
  const notesWith = (more: Partial<DatasetDays>) => datasetFacts(more).datasets.flatMap(notesOf);
  it.each<{
    readonly what: string;
    readonly more: Partial<DatasetDays>;
    readonly tone: string;
    readonly says: string;
  }>([
    { what: 'newer files', more: { newer: DAYS }, tone: 'warning', says: '2 days, the newest 2026-11-03' },
    { what: 'files outside', more: { unlooked: DAYS }, tone: 'plain', says: '2 days, the newest 2026-11-03' },
    {
      what: 'files far ahead',
      more: {
        lastLook: {
          ...hourOldLook,
          elsewhere: { days: [], others: [], ahead: { days: ['2027-11-19'], since: 0 } },
        },
      },
      tone: 'warning',
      says: '1 day, the newest 2027-11-19',
    },
    {
      what: 'an old listing',
      more: { lastLook: { ...hourOldLook, at: NOW - 27 * HOUR_MS } },
      tone: 'warning',
      says: 'last at 2026-11-19 09:00:00; its schedule is daily',
    },
    {
      what: 'no listing',
      more: { lastLook: null },
      tone: 'warning',
      says: 'never listed; its schedule is daily',
    },
    {
      what: 'an empty lookback',
      more: { lastLook: { ...hourOldLook, stopped: true } },
      tone: 'bad',
      says: 'no files',
    },
    {
      what: 'a first day that is still to come',
      more: { firstDue: { day: '2026-11-20', due: NOW + 20 * HOUR_MS } },
      tone: 'plain',
      says: '2026-11-20, is expected by',
    },
    {
      what: 'a listing that failed',
      more: { lastLook: { ...hourOldLook, failure: { code: 'SLUICE_X', message: 'Denied.' } } },
      tone: 'bad',
      says: 'SLUICE_X: Denied. (',
    },
  ])('tell of $what alone', ({ more, tone, says }) => {
    expect(notesWith(more)).toEqual([[tone, expect.stringContaining(says)]]);
  });

  it('are none of a dataset in which all is well', () => {
    expect(notesWith({})).toEqual([]);
  });
});

it('a curated day has a mark, a tone and words of its state', () => {
  const looks = Object.entries(CURATED).map(([state, { mark, tone }]) => `${state} ${mark} ${tone}`);
  expect(looks).toEqual([
    'curated ✓ good',
    'too_young · plain',
    'waiting … accent',
    'curating » accent',
    'failed ✗ bad',
    'outdated ! warning',
    'lacking ! bad',
    'off · plain',
  ]);
  expect(new Set(Object.values(CURATED).map(({ words }) => words)).size).toBe(looks.length);
});

describe('a line of Days', () => {
  it.each(dropCases)('shows why its dataset needs somebody: %s', (_what, { datasets }) => {
    if (datasets == null || datasets.length === 0) throw new Error('no dataset');
    for (const drops of datasets) {
      // As dropDays makes them of the facts of a dataset.
      const days = [
        ...drops.days,
        ...drops.late.map(({ day, due }) => ({ ...loadedDay, day, lateSince: due })),
        ...drops.lacking.map(({ day, since }) => ({ ...loadedDay, day, lackingSince: since })),
        ...drops.waiting.map(({ day, words }) => ({ ...loadedDay, day, waiting: words })),
      ];
      const tones = [
        ...notesOf(drops).map(([tone]) => tone),
        ...[...cellsOf({ ...drops, days }).values()].map(({ tone }) => tone),
      ];
      expect(needOf(drops)).not.toBeNull();
      expect(tones).toEqual(expect.arrayContaining([expect.stringMatching(/^(bad|warning)$/)]));
    }
  });
});
