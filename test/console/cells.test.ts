import { describe, expect, it } from '@jest/globals';
import { cellsOf, notesOf } from '../../console/page/pages/cells.ts';
import { DAY_MARKS, marksOf } from '../../observe/facts/days/dayMarks.ts';
import { needOf } from '../../observe/facts/days/dropsPage.ts';
import type { DropDay } from '../../observe/facts/days/ledgerDays.ts';
import { dropCases } from '../observe/judgeCases/drops.ts';
import { loadedDay, namedExport } from '../observe/statusFacts.ts';

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

  it('has in words what makes it need somebody', () => {
    const wordsOf = (day: Partial<DropDay>) =>
      cellsOf({ ...namedExport, days: [{ ...loadedDay, ...day }] }).get(loadedDay.day);
    expect(wordsOf({ kept: 2 })).toMatchObject({
      tone: 'warning',
      words: expect.stringContaining('2 copies'),
    });
    expect(wordsOf({ receipt: { code: 'SLUICE_X', since: 0 } })).toMatchObject({
      tone: 'warning',
      words: expect.stringContaining('SLUICE_X'),
    });
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
