import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import {
  emptyWords,
  lacksRows,
  unusualWords,
  usualRows,
  usualSpread,
  weeksBefore,
} from '../../../../lib/drops/usual/usualRows.ts';
import type { FileFate, LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';

/** A Friday. */
const DAY = '2026-11-20';
const loaded = (day: string, out: number, other: Partial<LedgerEntry> = {}) =>
  ledgerEntry({ day, rows: { in: out, out, refused: 0 }, ...other });
const weeks = (...rows: readonly number[]) => rows.map((out, i) => loaded(addDays(DAY, -7 * (i + 1)), out));

describe('the usual rows of a day', () => {
  it('are the median of its weekday in the last four weeks', () => {
    expect(weeksBefore(DAY)).toHaveLength(28);
    expect(weeksBefore(DAY)).toContain(addDays(DAY, -28));
    const others = [1, 2, 3].map((i) => loaded(addDays(DAY, -i), 9_000));
    expect(usualRows(DAY, [...weeks(900, 1_000, 5_000), ...others])).toBe(1_000);
    expect(usualRows(DAY, [...weeks(900, 1_000, 1_100, 5_000), ...others])).toBe(1_050);
  });

  it('are those of all working days, or weekends, while it has fewer than three of its weekday', () => {
    const week = [1_000, 1_200, 1_100, 1_300].map((out, i) => loaded(addDays(DAY, -1 - i), out));
    expect(usualRows(DAY, [...week, ...weeks(1_050, 1_150)])).toBe(1_125);
    // The first weekend is no day like the others.
    const saturday = addDays(DAY, 1);
    const sunday = addDays(DAY, 2);
    const next = addDays(DAY, 8);
    expect(usualRows(saturday, week)).toBeNull();
    expect(usualRows(next, [...week, loaded(saturday, 200), loaded(sunday, 220)])).toBe(210);
  });

  it('are not known after a first day, and of days that are not loaded', () => {
    expect(usualRows(DAY, [])).toBeNull();
    expect(usualRows(DAY, weeks(10))).toBeNull();
    const states = ['failed', 'succeeded_no_data', 'inputs_missing', 'waiting', 'loading'] as const;
    const others = states.map((state, i) => loaded(addDays(DAY, -1 - i), 9, { state }));
    const kept = [7, 14].map((ago) => loaded(addDays(DAY, -ago), 9, { missingSince: 1, accepted: true }));
    expect(usualRows(DAY, [...others, ...kept])).toBeNull();
  });
});

/** Days before {@link DAY} with rows, the newest first. @param from How many days before it the newest is. */
const daily = (rows: readonly number[], from = 1) =>
  rows.map((out, i) => loaded(addDays(DAY, -from - i), out));
/** Rows of so many days, 950 and 1,050 in turn. */
const near = (days: number) => Array.from({ length: days }, (_, i) => (i % 2 === 0 ? 950 : 1_050));

describe('how far apart days are', () => {
  it('is told by the working days of four weeks, once there are ten', () => {
    const weekends = [6, 5, 13, 12].map((ago) => loaded(addDays(DAY, -ago), 20));
    const workingDays = [1, 2, 3, 4, 7, 8, 9, 10, 11, 14].map((ago, i) =>
      loaded(addDays(DAY, -ago), 1_000 + i),
    );
    expect(usualSpread(DAY, [...weekends, ...workingDays])).toEqual({ days: 10, least: 1_000, most: 1_009 });
    expect(usualSpread(DAY, [...weekends, ...workingDays.slice(1)])).toEqual({
      days: 13,
      least: 20,
      most: 1_009,
    });
  });

  it('is told by all days of a weekend, once there are ten, and two of a weekend', () => {
    const saturday = '2026-11-21';
    expect(usualSpread(saturday, daily(near(10), 0))).toEqual({ days: 10, least: 950, most: 1_050 });
    expect(usualSpread(saturday, daily(near(9), 0))).toBeNull();
    const oneWeekendDay = daily(near(13), 0).filter(({ day }) => !['2026-11-14', '2026-11-08'].includes(day));
    expect(oneWeekendDay).toHaveLength(11);
    expect(usualSpread(saturday, oneWeekendDay)).toBeNull();
  });

  it('leaves out days that were far themselves, until somebody accepts them, and days that are not loaded', () => {
    const usual = { usualSpread: { days: 12, least: 950, most: 1_050 } };
    const far = loaded(addDays(DAY, -1), 600, usual);
    const others = daily(near(12), 2);
    expect(usualSpread(DAY, [far, ...others])).toEqual({ days: 12, least: 950, most: 1_050 });
    expect(usualSpread(DAY, [{ ...far, accepted: true }, ...others])).toEqual({
      days: 13,
      least: 600,
      most: 1_050,
    });
    expect(usualSpread(DAY, [{ ...far, state: 'failed' }, ...others])?.days).toBe(12);
  });
});

/** A day whose files have no rows. */
const emptyFile: Partial<LedgerEntry> = { state: 'succeeded_no_data', files: [noRows('a'), noRows('b')] };
function noRows(key: string): FileFate {
  return { key, size: 9, eTag: '"e"', fate: 'left_out', reason: 'no_rows' };
}

describe('a day that came without rows', () => {
  it('says what it has, unless somebody accepted it or nothing came', () => {
    const words = (more: Partial<LedgerEntry>) => emptyWords(loaded(DAY, 0, { ...emptyFile, ...more }));
    const marker = { ...noRows('_SUCCESS'), reason: 'success_marker' };
    expect(words({})).toBe('2 files, 0 rows');
    expect(words({ files: [noRows('a'), marker] })).toBe('1 file, 0 rows');
    expect(words({ files: [marker] })).toBe('0 rows');
    expect(words({ files: [] })).toBeNull();
    expect(words({ files: [{ ...noRows('2026-11-20/'), reason: 'marker' }] })).toBeNull();
    expect(words({ accepted: true })).toBeNull();
    for (const state of ['succeeded', 'failed', 'inputs_missing', 'waiting'] as const)
      expect(words({ state })).toBeNull();
    // An export's day whose rows are gone, and whose copy stays.
    expect(words({ files: [noRows('b'), { ...noRows('a'), fate: 'kept' }] })).toBeNull();
  });

  it('is unusual where rows are usual, and lacks them', () => {
    const day = (usual?: number) =>
      loaded(DAY, 0, { ...emptyFile, ...(usual === undefined ? {} : { usualRows: usual }) });
    expect(unusualWords(day(1_000), 0.5)).toBe('has 2 files, 0 rows, where 1,000 are usual');
    expect(lacksRows(day(1_000))).toBe(true);
    for (const usual of [0, undefined]) {
      expect(lacksRows(day(usual))).toBe(false);
      expect(unusualWords(day(usual), 0.5)).toBeNull();
    }
    // The first rows after files without any.
    expect(unusualWords(loaded(DAY, 5, { usualRows: 0 }), 0.5)).toBeNull();
    expect(lacksRows(loaded(DAY, 5, { usualRows: 1_000 }))).toBe(false);
  });

  it('counts among the days of its weekday, on which it may be usual', () => {
    const sundays = [2, 9, 16].map((ago) => loaded(addDays('2026-11-24', -ago), 0, emptyFile));
    const saturdays = [3, 10, 17].map((ago) => loaded(addDays('2026-11-24', -ago), 500));
    expect(usualRows('2026-11-29', [...sundays, ...saturdays])).toBe(0);
    // Days that lack their rows are not usual, however many come.
    const lacking = sundays.map((sunday) => ({ ...sunday, usualRows: 500 }));
    expect(usualRows('2026-11-29', [...lacking, ...saturdays])).toBe(500);
    const accepted = sundays.map((sunday) => ({ ...sunday, accepted: true as const }));
    expect(usualRows('2026-11-29', [...accepted, ...saturdays])).toBe(500);
  });
});

describe('a day with other rows than usual', () => {
  const words = (out: number, other: Partial<LedgerEntry> = {}, share = 0.5) =>
    unusualWords(loaded(DAY, out, { usualRows: 1_000, ...other }), share);

  it('has at most half, or more than five times of them', () => {
    expect(words(500)).not.toBeNull();
    for (const out of [501, 1_000, 5_000]) expect(words(out)).toBeNull();
    expect(words(5_001)).toBe('has 5,001 rows, where 1,000 are usual');
    expect(words(11, { usualRows: 1 })).toBe('has 11 rows, where 1 are usual');
    expect(words(10, { usualRows: 1 })).toBeNull();
    expect(words(700, {}, 0.7)).not.toBeNull();
  });

  it.each([
    { what: 'fewer by a quarter, and by twice the distance', out: 712, least: 950, most: 1_050, isFar: true },
    { what: 'fewer by less than a quarter', out: 713, least: 950, most: 1_050, isFar: false },
    { what: 'fewer by twice the distance alone', out: 600, least: 900, most: 1_050, isFar: false },
    { what: 'fewer by more than twice the distance', out: 599, least: 900, most: 1_050, isFar: true },
    { what: 'twice as many, as once a month', out: 2_100, least: 950, most: 1_050, isFar: false },
    { what: 'equal rows on all days, and one row more', out: 1_001, least: 1_000, most: 1_000, isFar: false },
    { what: 'days of 100 rows', out: 75, least: 100, most: 102, isFar: true },
    { what: 'days of 99 rows', out: 74, least: 99, most: 101, isFar: false },
  ])('is far from days that are near each other: $what, $isFar', ({ out, least, most, isFar }) => {
    const spread = { days: 12, least, most };
    const told = unusualWords(loaded(DAY, out, { usualRows: least, usualSpread: spread }), 0.5);
    expect(told !== null).toBe(isFar);
  });

  it('is far below such days by a smaller share, if a smaller one is unusual', () => {
    const far = { usualSpread: { days: 12, least: 1_000, most: 1_010 } };
    expect(words(301, far, 0.2)).toBeNull();
    expect(words(300, far, 0.2)).not.toBeNull();
    expect(words(751, far, 0.6)).toBeNull();
  });

  it('says how many rows such days had', () => {
    const far = { usualSpread: { days: 12, least: 950, most: 1_050 } };
    expect(words(700, far)).toBe('has 700 rows, where 12 days before had 950 to 1,050');
    expect(words(500, far)).toBe('has 500 rows, where 1,000 are usual');
    expect(words(700, { ...far, accepted: true })).toBeNull();
    expect(words(700, far, 0)).toBeNull();
  });

  it('is only a loaded one, of which nobody said that it is meant so', () => {
    for (const out of [1, 20_000]) expect(words(out, {}, 0)).toBeNull();
    expect(words(1, { accepted: true })).toBeNull();
    for (const state of ['failed', 'waiting', 'inputs_missing'] as const)
      expect(words(1, { state })).toBeNull();
    expect(unusualWords(loaded(DAY, 1), 0.5)).toBeNull();
  });
});
