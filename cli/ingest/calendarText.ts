import { visibleLine } from '../../lib/base/text.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { summarizeLeftOut } from '../../lib/drops/lastLoad.ts';
import { isMarkerReason } from '../../lib/drops/plan/decideDay.ts';
import type { LedgerState } from '../../lib/ledger/LedgerEntry.ts';
import type { DatasetStatus } from '../../observe/facts/days/ledgerDays.ts';

const MARKS: Readonly<Record<LedgerState, string>> = {
  succeeded: '✓',
  succeeded_no_data: '–',
  failed: '✗',
  loading: '»',
  waiting: '…',
};
const NOTHING = '·';
const LATE = '!';
const LEGEND = `${Object.entries(MARKS)
  .map(([state, mark]) => `${mark} ${state}`)
  .join('  ')}  ${NOTHING} no files`;

/**
 * A calendar for the terminal: a line for each dataset, a column for each day, and problems in words below it.
 *
 * @example
 * //               2026-11
 * //               17  18  19  20
 * // acme/events    ✓   ✗   ✓   ·
 *
 * @param columns Of the terminal: a longer calendar is several, one below the other. Default: it has room.
 */
export function calendarText(datasets: readonly DatasetStatus[], columns = Number.POSITIVE_INFINITY): string {
  const days = [...new Set(datasets.flatMap((one) => one.days.map(({ day }) => day)))].sort();
  const width = Math.max(0, ...datasets.map((one) => name(one).length));
  const most = Math.max(LEAST_DAYS, Math.min(days.length, Math.floor((columns - width) / 4)));
  const legend = datasets.some(({ late }) => late.length > 0) ? `${LEGEND}  ${LATE} late` : LEGEND;
  const lines = [
    ...Array.from({ length: Math.ceil(days.length / most) }, (_, i) => [
      ...monthLines(datasets, days.slice(i * most, (i + 1) * most), { width, columns }),
      '',
    ]).flat(),
    legend,
    ...datasets.flatMap((one) => problemLines(one).map((text) => visibleLine(`${name(one)} ${text}`))),
  ];
  return `${lines.join('\n')}\n`;
}

/** Days of one line, however narrow the terminal is. */
const LEAST_DAYS = 5;

function name({ source, dataset }: DatasetStatus): string {
  return `${source}/${dataset}`;
}

interface Widths {
  /** Of the names. */
  readonly width: number;
  /** Of the terminal. */
  readonly columns: number;
}

/** Some days of all datasets. */
function monthLines(
  datasets: readonly DatasetStatus[],
  days: readonly UtcDay[],
  { width, columns }: Widths,
): readonly string[] {
  return [
    ...header(days, { width, columns }),
    ...datasets.map((one) => {
      const marks = new Map(one.days.map(({ day, entry }) => [day, entry]));
      const cells = days.map((day) => {
        const entry = marks.get(day);
        const isLate = one.late.some((late) => late.day === day);
        return ` ${isLate ? LATE : entry == null ? NOTHING : MARKS[entry.state]}`.padStart(4);
      });
      return `${name(one).padEnd(width)}${cells.join('')}`;
    }),
  ];
}

/** Each month above its first day. */
function header(days: readonly UtcDay[], { width, columns }: Widths): string[] {
  const months = days.map((day, i) => {
    const month = day.slice(0, 7);
    const isNew = i === 0 || !days[i - 1]?.startsWith(month);
    const hasRoom = i === 0 || width + i * 4 + `  ${month}`.length <= columns;
    return isNew && hasRoom ? month : '';
  });
  // A month is as wide as two days.
  const top = months.reduce(
    (text, month, i) => `${text.padEnd(i * 4)}${month === '' ? '' : `  ${month}`}`,
    '',
  );
  return [
    `${' '.repeat(width)}${top}`.trimEnd(),
    `${' '.repeat(width)}${days.map((day) => day.slice(8).padStart(4)).join('')}`,
  ];
}

/** The problems of a dataset, one line each. */
function problemLines({ lastLook, late, days }: DatasetStatus): string[] {
  const lines: string[] = [];
  if (lastLook === null) lines.push('was never listed');
  else {
    const at = new Date(lastLook.at).toISOString();
    if (lastLook.failure !== undefined)
      lines.push(`could not be listed: ${lastLook.failure.code}: ${lastLook.failure.message} (${at})`);
    else if (lastLook.stopped) lines.push(`has no files for any day of its lookback (${at})`);
  }
  for (const { day, due } of late)
    lines.push(`${day} is late: it was expected by ${new Date(due).toISOString()} and has not arrived`);
  for (const { day, entry } of days) {
    if (entry?.state === 'failed' && entry.failure !== undefined) {
      const served =
        entry.version === undefined ? 'queries see no rows' : 'queries see the last good version';
      lines.push(`${day} failed: ${entry.failure.code}: ${entry.failure.message} (${served})`);
    }
    if ((entry?.state === 'waiting' || entry?.state === 'loading') && entry.failure !== undefined)
      lines.push(
        `${day} ${entry.state}, will be retried: ${entry.failure.code}: ${entry.failure.message} (attempts: ${entry.attempts})`,
      );
    if (entry !== null && entry.rows.refused > 0 && entry.state === 'succeeded')
      lines.push(`${day} refused ${entry.rows.refused} of ${entry.rows.in} rows, which are in quarantine`);
    if (entry?.state === 'waiting' && entry.queued !== undefined && isMarkerReason(entry.queued.reason))
      lines.push(`${day} ${entry.queued.reason} (since ${new Date(entry.queued.at).toISOString()})`);
    if (entry?.receipt?.failure !== undefined)
      lines.push(`${day} has a receipt that the bucket did not take: ${entry.receipt.failure.code}`);
    const left = entry === null ? null : summarizeLeftOut(entry);
    if (left !== null && left.count > 0) lines.push(`${day} ${left.words}`);
  }
  return lines;
}
