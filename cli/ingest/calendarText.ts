import { visibleLine } from '../../lib/base/text.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import { summarizeLeftOut } from '../../lib/drops/lastLoad.ts';
import type { LedgerState } from '../../lib/ledger/LedgerEntry.ts';
import { dayRanges } from '../../lib/views/curatedDays.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import type { DatasetStatus } from '../../observe/facts/days/ledgerDays.ts';
import { pieceWords } from '../../observe/ingest/explainDay.ts';
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
/** It has files, and no run has looked at it. */
const UNLOOKED = '+';
/** Ranges of such days that are named. */
const MAX_RANGES = 3;
const marks = Object.entries(MARKS)
  .map(([state, mark]) => `${mark} ${state}`)
  .join('  ');
const LEGEND = `${marks}  ${NOTHING} no files seen`;

/**
 * A calendar for the terminal: a line for each day, a column for each dataset, and problems in words below it.
 *
 * @param command Writes a command about the same deployment. Default: about the local cloud.
 */
export function calendarText(
  datasets: readonly DatasetStatus[],
  command = (words: readonly string[]) => sluiceCommand([], words),
): string {
  const days = [...new Set(datasets.flatMap((one) => one.days.map(({ day }) => day)))].sort();
  const rows = days.map((day) => ({
    day,
    ...Object.fromEntries(datasets.map((one) => [name(one), markOf(one, day)])),
  }));
  const shown = datasets.flatMap((one) => one.days.map(({ day }) => markOf(one, day)));
  const legend = [LEGEND, ...(shown.includes(LATE) ? [`${LATE} late or files gone`] : [])];
  const lines = [
    [...legend, ...(shown.includes(UNLOOKED) ? [`${UNLOOKED} files outside of the lookback`] : [])].join(
      '  ',
    ),
    ...datasets.flatMap((one) =>
      [...problemLines(one), ...elsewhereLines(one, command)].map((text) =>
        visibleLine(`${name(one)} ${text}`),
      ),
    ),
  ];
  return `${textTable(rows)}\n${lines.join('\n')}\n`;
}

function name({ source, dataset }: DatasetStatus): string {
  return `${source}/${dataset}`;
}

function markOf({ late, lacking, days, unlooked }: DatasetStatus, day: UtcDay): string {
  if ([...late, ...lacking].some((one) => one.day === day)) return LATE;
  const entry = days.find((one) => one.day === day)?.entry;
  if (entry == null) return unlooked.includes(day) ? UNLOOKED : NOTHING;
  return MARKS[entry.state];
}

/** What a dataset's folder has that no run looks at, one line each. */
function elsewhereLines(
  { source, dataset, lookbackDays, lastLook, unlooked, days }: DatasetStatus,
  command: (words: readonly string[]) => string,
): string[] {
  const ranges = dayRanges(unlooked).toReversed();
  const lines = ranges.slice(-MAX_RANGES).map(({ from, to }) => {
    const which = from === to ? `${from}, which is` : `${from} to ${to}, which are`;
    const words = ['ingest', 'backfill', '--source', source, '--dataset', dataset, '--from', from];
    const load = command(from === to ? words : [...words, '--to', to]);
    return `has files of ${which} outside of the lookback: \`${load}\` loads them`;
  });
  const more = ranges.length - lines.length;
  if (more > 0) lines.push(`has files of ${more} more ranges of days before`);
  const others = lastLook?.elsewhere?.others ?? [];
  // Without the last day, which may still come.
  const isMissed = days.slice(-lookbackDays - 1, -1).some(({ entry }) => entry === null);
  if (isMissed && others.length > 0)
    lines.push(
      `has ${others.join(', ')} in its folder, which is no day: compare its \`dayFormat\` or \`layout\``,
    );
  return lines;
}

/** The problems of a dataset, one line each. */
function problemLines({ lastLook, late, waiting, unusual, lacking, days }: DatasetStatus): string[] {
  const lines: string[] = [];
  if (lastLook === null) lines.push('was never listed');
  else {
    const at = new Date(lastLook.at).toISOString();
    if (lastLook.failure !== undefined)
      lines.push(`could not be listed: ${lastLook.failure.code}: ${lastLook.failure.message} (${at})`);
    else if (lastLook.stopped) lines.push(`has no files for any day of its lookback (${at})`);
  }
  const waits = new Map(waiting.map(({ day, words }) => [day, words]));
  for (const { day, due } of late) {
    const what = waits.get(day) ?? 'has not arrived';
    lines.push(`${day} is late: it was expected by ${new Date(due).toISOString()} and ${what}`);
    waits.delete(day);
  }
  for (const [day, words] of waits) lines.push(`${day} ${words}`);
  for (const { day, since } of lacking)
    lines.push(
      `${day} lacks files of its version since ${new Date(since).toISOString()}: queries miss their rows until it is loaded again (backfill)`,
    );
  for (const { day, words } of unusual) lines.push(`${day} ${words}`);
  for (const { day, entry } of days) {
    const pieces = entry === null ? null : pieceWords(entry);
    if (pieces !== null) lines.push(`${day} ${pieces}`);
    if (entry?.state === 'inputs_missing')
      lines.push(
        `${day} inputs_missing: its files are gone, not committed, or without rows since ${new Date(entry.missingSince ?? entry.updatedAt).toISOString()} (queries see the last good version)`,
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
    if (entry?.receipt?.failure !== undefined)
      lines.push(`${day} has a receipt that the bucket did not take: ${entry.receipt.failure.code}`);
    const left = entry === null ? null : summarizeLeftOut(entry);
    if (left !== null && left.count > 0) lines.push(`${day} ${left.words}`);
  }
  return lines;
}
