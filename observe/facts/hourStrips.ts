import { type HourJudgement, type HourState, hourStates } from '../../lib/reconcile/judgeHour.ts';

/** What the letters of {@link hourStrips} mean. */
export const STRIP_LEGEND = '. whole, : whole with events unproved, o open, ? unknown, S short';

/** A table in an hour of receipt. */
type TableHour = Pick<HourJudgement, 'state' | 'unproved'> & { readonly ds: string; readonly hour: number };

/** A day of receipt. */
interface JudgedDay {
  /** The day, UTC. */
  readonly day: string;
  /** Its 24 hours: the worst state of the tables, and its letter in {@link STRIP_LEGEND}. */
  readonly hours: readonly { readonly state: HourState; readonly letter: string }[];
}

/** The judged hours of the last three days that have some. @param rows The oldest day first. */
export function lastJudgedHours(rows: readonly TableHour[]): readonly JudgedDay[] {
  const days = [...Map.groupBy(rows, ({ ds }) => ds)].slice(-3);
  return days.map(([day, ofDay]) => ({
    day,
    hours: Array.from({ length: 24 }, (_, hour) => {
      const tables = ofDay.filter((row) => row.hour === hour);
      const state =
        hourStates.findLast((hourState) => tables.some((row) => row.state === hourState)) ?? 'open';
      const isProved = tables.every(({ unproved }) => unproved === 0);
      const letters = { whole: isProved ? '.' : ':', open: 'o', unknown: '?', short: 'S' };
      return { state, letter: letters[state] };
    }),
  }));
}

/** The hours of the last three days, a letter each. */
export function hourStrips(rows: readonly TableHour[]): readonly string[] {
  return lastJudgedHours(rows).map(
    ({ day, hours }) => `${day} ${hours.map(({ letter }) => letter).join('')}`,
  );
}
