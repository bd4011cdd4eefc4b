import { visibleLine } from '../../lib/base/text.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { summarizeLeftOut } from '../../lib/drops/lastLoad.ts';
import { isMarkerReason } from '../../lib/drops/plan/decideDay.ts';
import type { LedgerState } from '../../lib/ledger/LedgerEntry.ts';
import type { DatasetStatus } from '../../observe/facts/days/ledgerDays.ts';
import { textTable } from '../terminal/output.ts';

const MARKS: Readonly<Record<LedgerState, string>> = {
  succeeded: '✓',
  succeeded_no_data: '–',
  inputs_missing: '?',
  failed: '✗',
  loading: '»',
  waiting: '…',
};
const NOTHING = '·';
const LATE = '!';
const LEGEND = `${Object.entries(MARKS)
  .map(([state, mark]) => `${mark} ${state}`)
  .join('  ')}  ${NOTHING} no files`;

/** A calendar for the terminal: a line for each day, a column for each dataset, and problems in words below it. */
export function calendarText(datasets: readonly DatasetStatus[]): string {
  const days = [...new Set(datasets.flatMap((one) => one.days.map(({ day }) => day)))].sort();
  const rows = days.map((day) => ({
    day,
    ...Object.fromEntries(datasets.map((one) => [name(one), markOf(one, day)])),
  }));
  const lines = [
    datasets.some(({ late }) => late.length > 0) ? `${LEGEND}  ${LATE} late` : LEGEND,
    ...datasets.flatMap((one) => problemLines(one).map((text) => visibleLine(`${name(one)} ${text}`))),
  ];
  return `${textTable(rows)}\n${lines.join('\n')}\n`;
}

function name({ source, dataset }: DatasetStatus): string {
  return `${source}/${dataset}`;
}

function markOf({ late, days }: DatasetStatus, day: UtcDay): string {
  if (late.some((one) => one.day === day)) return LATE;
  const entry = days.find((one) => one.day === day)?.entry;
  return entry == null ? NOTHING : MARKS[entry.state];
}

/** The problems of a dataset, one line each. */
function problemLines({ lastLook, late, unusual, days }: DatasetStatus): string[] {
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
  for (const { day, words } of unusual) lines.push(`${day} ${words}`);
  for (const { day, entry } of days) {
    if (entry?.state === 'inputs_missing')
      lines.push(
        `${day} inputs_missing: its files are gone or have no rows since ${new Date(entry.missingSince ?? entry.updatedAt).toISOString()} (queries see the last good version)`,
      );
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
