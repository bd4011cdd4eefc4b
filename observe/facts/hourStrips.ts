import { type HourJudgement, hourStates } from '../../lib/reconcile/judgeHour.ts';

/** What the letters of {@link hourStrips} mean. */
export const STRIP_LEGEND = '. whole, : whole with events unproved, o open, ? unknown, S short';

/** The hours of the last three days, a letter each: the worst of the tables. */
export function hourStrips(
  rows: readonly (Pick<HourJudgement, 'state' | 'unproved'> & {
    readonly ds: string;
    readonly hour: number;
  })[],
): readonly string[] {
  const days = [...Map.groupBy(rows, ({ ds }) => ds)].slice(-3);
  return days.map(([day, ofDay]) => {
    const letters = Array.from({ length: 24 }, (_, hour) => {
      const tables = ofDay.filter((row) => row.hour === hour);
      const state =
        hourStates.findLast((hourState) => tables.some((row) => row.state === hourState)) ?? 'open';
      const isProved = tables.every(({ unproved }) => unproved === 0);
      return { whole: isProved ? '.' : ':', open: 'o', unknown: '?', short: 'S' }[state];
    });
    return `${day} ${letters.join('')}`;
  });
}
