import { describe, expect, it } from '@jest/globals';
import { cellsOf, notesOf } from '../../console/page/pages/cells.ts';
import { DAY_MARKS, marksOf } from '../../observe/facts/days/dayMarks.ts';
import type { DropDay } from '../../observe/facts/days/dropDays.ts';
import { needOf } from '../../observe/facts/days/dropsPage.ts';
import { dropCases } from '../observe/judgeCases/drops.ts';
import { datasetFacts, loadedDay, namedExport } from '../observe/statusFacts.ts';

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
    expect(markOf({ ...loaded, unusual: 'files are those of other days' })).toBe('=');
    expect(markOf(loaded)).toBe('✓');
  });

  it.each<{
    readonly title: string;
    readonly more: Partial<Parameters<typeof marksOf>[0]>;
    readonly mark: string;
  }>([
    { title: 'with files that no run looks at', more: { unlooked: [loadedDay.day] }, mark: 'outside' },
    { title: 'with newer files that no run looks at', more: { newer: [loadedDay.day] }, mark: 'outside' },
    {
      title: 'that lacks files, whatever no run looks at',
      more: { newer: [loadedDay.day], days: [{ ...loadedDay, lackingSince: 0 }] },
      mark: 'lacking',
    },
    {
      title: 'that no query reads, whatever else is known',
      more: { newer: [loadedDay.day], unread: [{ day: loadedDay.day }] },
      mark: 'lacking',
    },
  ])('$title is marked $mark', ({ more, mark }) => {
    expect([...marksOf({ days: [loadedDay], ...more })]).toEqual([[loadedDay.day, mark]]);
  });

  it.each<{ readonly day: Partial<DropDay>; readonly tone: string; readonly words: RegExp }>([
    { day: { files: 3 }, tone: 'good', words: /, 3 files$/ },
    { day: { rows: { in: 9, out: 7, refused: 2 } }, tone: 'warning', words: /, 7 rows, 2 refused$/ },
    { day: { rows: { in: 9, out: 9, refused: 0 }, usual: 8 }, tone: 'good', words: /, 9 rows, usually 8$/ },
    { day: { usual: 8, unusual: 'few rows' }, tone: 'warning', words: /, 1 file, few rows$/ },
    { day: { leftOut: { count: 2, words: '' } }, tone: 'warning', words: /, 2 objects left out$/ },
    { day: { kept: 2 }, tone: 'warning', words: /, 2 copies kept/ },
    { day: { receipt: { code: 'SLUICE_X', since: 0 } }, tone: 'warning', words: /: SLUICE_X$/ },
    { day: { loadedFrom: 's3://x/' }, tone: 'good', words: /from s3:\/\/x\/$/ },
    { day: { state: 'failed', failure: 'SLUICE_X' }, tone: 'bad', words: /, SLUICE_X, 1 file$/ },
    { day: { state: 'waiting' }, tone: 'accent', words: /./ },
    { day: { state: 'waiting', waiting: 'has no commit' }, tone: 'warning', words: /^it has no commit$/ },
    { day: { state: null, waiting: 'has no commit' }, tone: 'warning', words: /^it has no commit$/ },
    { day: { lateSince: 0 }, tone: 'bad', words: /^late, / },
    {
      day: { state: null, lateSince: 0, waiting: 'has no commit' },
      tone: 'bad',
      words: /^late, has no commit$/,
    },
    { day: { lackingSince: 0, lateSince: 0 }, tone: 'bad', words: /gone$/ },
  ])('is $tone with $day', ({ day, tone, words }) => {
    const cell = cellsOf({ ...namedExport, days: [{ ...loadedDay, ...day }] }).get(loadedDay.day);
    expect(cell).toMatchObject({ tone, words: expect.stringMatching(words) });
  });

  it('has a bar of its rows, and where they usually end', () => {
    const barOf = (out: number) => {
      const days = [{ ...loadedDay, rows: { in: 9, out, refused: 0 }, usual: 8 }];
      return cellsOf({ ...namedExport, days }).get(loadedDay.day)?.rows;
    };
    expect(barOf(7)).toEqual({ is: 7, usual: 8 });
    expect(barOf(0)).toBeUndefined();
  });

  it('is bad if no query reads it', () => {
    const [drops] = datasetFacts({ unread: [{ day: loadedDay.day, location: 's3://x/', rows: 4 }] }).datasets;
    if (drops === undefined) throw new Error('no dataset');
    expect(cellsOf(drops).get(loadedDay.day)?.words).toMatch(/no query reads it/);
    expect(notesOf(drops)).toEqual([['bad', expect.stringContaining(`1 day, the newest ${loadedDay.day}`)]]);
  });
});

describe('a line of Days', () => {
  it.each(dropCases)('shows why its dataset needs somebody: %s', (_what, { datasets = [] }) => {
    for (const drops of datasets ?? []) {
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
