import { sum } from '../../base/sum.ts';
import { counted, percent, someOf } from '../../base/text.ts';
import type { UtcDay } from '../../base/time.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { RowContent } from '../engine/mappedRows.ts';
import { type DayBefore, FEWEST_DAYS, HARDLY_ANY, isExpected, isWeekend } from './daysBefore.ts';
import { type Shift, shiftOf } from './shiftedTimes.ts';

// Whether hours of a day lack the rows that they had on the days before: those of its end, if the job that writes them
// runs too early; or those of one end, if its times are shifted.

/** Fewest hours with rows on each day before whose rows are missing: of a job that moved by an hour one is empty. */
const FEWEST_HOURS = 2;
/** Fewest days before that show in which hours nobody has rows. */
const FEWEST_OF_NEW = 5;
/** Fewest rows of hours that no day before had, and their share of the day's, from which on they are told: a shop may open earlier. */
const NEW = { rows: 50, share: 0.1 };
/** Share of a day's rows that these hours had at least: a system may be down for some minutes of the night. */
const SHARE = 0.05;
/** Hours of the day of a folder and its neighbours, as `RowContent` has them: the first and the end. */
const HOURS = { first: -24, end: 48 } as const;
/** These hours in order. */
const ALL_HOURS = Array.from({ length: HOURS.end - HOURS.first }, (_, i) => HOURS.first + i);

/** The share of a day's rows in each hour. */
type HourShares = Readonly<Record<string, number>>;

/**
 * That a day has hardly any row in some hours in a row, where each of enough days before had, or many rows in hours in
 * which none of them had one. What was usual stays so until a person accepts such a day. A weekend is judged by days of
 * which one is of a weekend.
 *
 * @param hours Accepted rows by the hour of the folder's day.
 * @param out All accepted rows.
 */
export function unusualHours(
  hours: RowContent['hours'],
  out: number,
  day: UtcDay,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  const usual = before.map(hourShares).filter((shares) => shares !== null);
  const isComparable = before.some((each) => isWeekend(each.day) === isWeekend(day));
  if (usual.length < FEWEST_DAYS || !isComparable) return [];
  const missing = missingRuns(hours, out, usual);
  const isNew = missing.length === 0;
  const words = isNew
    ? newWords(hours, out, usual)
    : missing.map((run) => missingWords(run, hours, usual.length)).join('; ');
  if (words === null) return [];
  // Those of one day: of each hour the least would be less than any day had.
  const usualShares = Object.entries(usual[0] ?? {})
    .filter(([, share]) => share > 0)
    .map(([hour, share]) => [hour, Math.round(share * 10_000) / 10_000] as const);
  const usualHours = Object.fromEntries(usualShares);
  if (isNew) return [{ kind: 'newHours', words, usualHours }];
  const [only, ...others] = missing;
  const shift =
    only === undefined || others.length > 0
      ? null
      : shiftOf(only.hours, {
          all: ALL_HOURS,
          rowsOf: (hour) => hours[hour] ?? 0,
          usualOf: (hour) => sum(usual.map((shares) => shares[hour] ?? 0)) / usual.length,
          out,
          outBefore: before.map(({ rows }) => rows.out),
        });
  if (shift === null) return [{ kind: 'hours', words, usualHours }];
  return [{ kind: 'shifted', words: shiftWords(shift, words, out), usualHours }];
}

/** Hours in a row that a day lacks. */
interface MissingRun {
  /** The hours, but for those in which a day before had none, in order. */
  readonly hours: readonly number[];
  /** The least share of a day's rows that the days before had in them. */
  readonly share: number;
}

/** Runs of hours that have hardly any row, where each day before had so many that they are surely missing. */
function missingRuns(
  hours: RowContent['hours'],
  out: number,
  usual: readonly HourShares[],
): readonly MissingRun[] {
  const leastOf = (hour: number) => Math.min(...usual.map((shares) => shares[hour] ?? 0));
  const least = new Map(ALL_HOURS.map((hour) => [hour, leastOf(hour)]));
  const isEmpty = (hour: number) => (hours[hour] ?? 0) <= HARDLY_ANY * (least.get(hour) ?? 0) * out;
  const ends = [...ALL_HOURS.filter((hour) => !isEmpty(hour)), HOURS.end];
  // Between two hours that have rows.
  const runs = ends.map((end, i): MissingRun => {
    const run = ALL_HOURS.filter((hour) => hour > (ends[i - 1] ?? HOURS.first - 1) && hour < end);
    const share = Math.min(...usual.map((shares) => sum(run.map((hour) => shares[hour] ?? 0))));
    return { share, hours: run.filter((hour) => (least.get(hour) ?? 0) > 0) };
  });
  return runs.filter(
    (run) => run.hours.length >= FEWEST_HOURS && run.share >= SHARE && isExpected(run.share, out),
  );
}

/** Which hours have rows that no day before had, in words; null if they are few. */
function newWords(hours: RowContent['hours'], out: number, usual: readonly HourShares[]): string | null {
  const isNew = (hour: number) =>
    (hours[hour] ?? 0) > 0 && usual.every((shares) => (shares[hour] ?? 0) === 0);
  const found = ALL_HOURS.filter(isNew);
  const [first = 0] = found;
  const last = found.at(-1) ?? first;
  const rows = sum(found.map((hour) => hours[hour] ?? 0));
  const isFew = found.length < FEWEST_HOURS || rows < NEW.rows || rows < NEW.share * out;
  if (usual.length < FEWEST_OF_NEW || isFew) return null;
  const span = `from ${hourText(first, first)} to ${hourText(last, last + 1)}`;
  return `${someOf(rows, out, 'row')} in ${counted(found.length, 'hour')} ${span} in which none of ${usual.length} loaded days before had one`;
}

/** Which hours lack rows, in words. @param days How many days before had them. */
function missingWords({ hours: run, share }: MissingRun, hours: RowContent['hours'], days: number): string {
  const [first = 0] = run;
  const last = run.at(-1) ?? first;
  const within = ALL_HOURS.filter((hour) => hour >= first && hour <= last);
  const rows = sum(within.map((hour) => hours[hour] ?? 0));
  const has = rows === 0 ? 'no row' : counted(rows, 'row');
  return `${has} from ${hourText(first, first)} to ${hourText(last, last + 1)}, where each of ${days} loaded days before had ${percent(share, 0)} of its rows or more`;
}

/** By what the times of a day are shifted, and what shows it. @param missing The hours that it lacks, in words. */
function shiftWords({ hours, beyond, from }: Shift, missing: string, out: number): string {
  const by = `${counted(Math.abs(hours), 'hour')} ${hours > 0 ? 'later' : 'earlier'}`;
  const place = hours > 0 ? `from ${hourText(from, from)} on` : `until ${hourText(from - 1, from)}`;
  return `times that are ${by} than on the days before: ${missing}, and ${counted(beyond, 'row')} ${place}, where hardly any are usual; ${counted(out, 'row')} in all are usual`;
}

/** The share of rows in each hour that is usual by a day before; null if its entry does not say it. */
function hourShares({ content, rows, accepted }: DayBefore): HourShares | null {
  if (content?.hours === undefined) return null;
  const told =
    accepted === true ? undefined : content.unusual.find(({ usualHours }) => usualHours !== undefined);
  if (told?.usualHours !== undefined) return told.usualHours;
  const shares = Object.entries(content.hours).map(([hour, n]) => [hour, n / Math.max(1, rows.out)] as const);
  return Object.fromEntries(shares);
}

/**
 * A time of the day that an hour is of: `15:00`, `24:00`, `09:00 of the day after`. On the two days of a year on which
 * clocks change it may be an hour off, as hours are counted from midnight.
 *
 * @param at The time, as hours of the folder's day.
 */
function hourText(hour: number, at: number): string {
  const day = Math.floor(hour / 24);
  const neighbours = { '-1': ' of the day before', '1': ' of the day after' } as const;
  const of = day === -1 || day === 1 ? neighbours[`${day}`] : '';
  return `${String(at - 24 * day).padStart(2, '0')}:00${of}`;
}
