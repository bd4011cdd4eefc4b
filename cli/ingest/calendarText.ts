import { counted, visibleLine } from '../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import { movedFrom, summarizeLeftOut } from '../../lib/drops/lastLoad.ts';
import { reportedUntil } from '../../lib/drops/plan/late/dueDays.ts';
import { emptyWords } from '../../lib/drops/usual/usualRows.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { type DayRange, dayRanges } from '../../lib/views/curatedDays.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import type { DatasetStatus } from '../../observe/facts/days/datasets.ts';
import { DAY_MARKS, legendOf, type MarkName, marksOf } from '../../observe/facts/days/dayMarks.ts';
import { dropDays } from '../../observe/facts/days/dropDays.ts';
import type { DropsCalendar } from '../../observe/facts/days/dropsPage.ts';
import { folderNotes } from '../../observe/facts/days/folderNotes.ts';
import { failingOf } from '../../observe/facts/days/ledgerDays.ts';
import { pieceWords } from '../../observe/ingest/explainDay.ts';
import { targetedCommand } from '../aws/target.ts';
import { type CommandLine, textOption } from '../terminal/commandLine.ts';
import { textTable } from '../terminal/tables.ts';
import { terminalWidth } from '../terminal/terminalWidth.ts';

/** Ranges of days with files outside of the lookback that are named. */
const MAX_RANGES = 3;

/** Columns of a line if stdout is no terminal. */
const USUAL_WIDTH = 120;
/** Columns of a line that a name takes at most. */
const NAME_WIDTH = 40;
/** Columns between the name and the days. */
const GAP = 2;
/** Days whose room goes to names of months. */
const MONTHS = 3;
/** Columns of a day, with the space before it. */
const DAY_WIDTH = 3;

/**
 * A calendar for the terminal: a line for each dataset, in blocks of as many days as fit a line, and problems in words
 * below it.
 *
 * @param command Writes a command about the same deployment. Default: about the local cloud.
 * @param width Columns of a line. Default: those of the terminal.
 */
export function calendarText(
  datasets: readonly DatasetStatus[],
  command = (words: readonly string[]) => sluiceCommand([], words),
  width = terminalWidth() ?? USUAL_WIDTH,
): string {
  const days = [...new Set(datasets.flatMap((status) => status.days.map(({ day }) => day)))].sort();
  const named = Math.min(NAME_WIDTH, Math.max(...datasets.map((status) => datasetName(status).length)));
  // The names of months take room: of the first day, and of days after a gap.
  const block = Math.max(1, Math.floor((width - named - GAP) / DAY_WIDTH) - MONTHS);
  const starts = days.flatMap((_, i) => (i % block === 0 ? [i] : []));
  const marked = datasets.map((status) => ({ status, marks: marksOf(dropDays(status)) }));
  const tables = starts.map((start) => {
    const labels = dayLabels(days.slice(start, start + block));
    const rows = marked.map(({ status, marks }) => ({
      dataset: datasetName(status),
      [[...labels.values()].join(' ')]: [...labels]
        .map(([day, label]) => markText(marks.get(day)).padStart(label.length))
        .join(' '),
    }));
    return textTable(rows, width);
  });
  const lines = [
    legendOf(marked.flatMap(({ marks }) => days.flatMap((day) => marks.get(day) ?? []))),
    ...datasets.flatMap((status) =>
      [
        ...problemLines(status, command),
        ...lateLines(status, command),
        ...elsewhereLines(status, command),
      ].map((text) => visibleLine(`${datasetName(status)} ${text}`)),
    ),
  ];
  return `${tables.join('\n')}\n${lines.join('\n')}\n`;
}

/**
 * What could not be read, and unless all datasets or exports are shown, how many are, with the command for those that
 * follow.
 *
 * @param line The command line, whose other options the command repeats.
 */
export function pageText(
  line: CommandLine,
  name: 'ingest' | 'export',
  { total, needing, datasets, exports, next, unknown }: DropsCalendar,
): string {
  const shown = datasets.length + exports.length;
  const notRead = unknown.map(({ part, why }) => `Not known: ${part}. ${visibleLine(why)}\n`).join('');
  if (shown === total) return notRead;
  const given = ['source', 'dataset', 'days'].flatMap((option) => {
    const value = textOption(line, option);
    return value === undefined ? [] : [`--${option}`, value];
  });
  const rest =
    next === null
      ? 'These are the last.'
      : `The next: \`${targetedCommand(line, [name, 'status', ...given, '--after', next])}\`.`;
  const all = counted(total, name === 'ingest' ? 'dataset' : 'export');
  return `${notRead}${shown} of ${all}, first the ${needing} that need somebody. ${rest}\n`;
}

/**
 * Days with their labels: the day of the month, `02`; with the month at the beginning, in a new month and after a gap,
 * `12-01`; with the year in a new year, `2027-01-01`.
 */
function dayLabels(days: readonly UtcDay[]): ReadonlyMap<UtcDay, string> {
  return new Map(
    days.map((day, i) => {
      const before = days[i - 1] ?? '';
      if (i > 0 && before.slice(0, 4) !== day.slice(0, 4)) return [day, day];
      const follows = i > 0 && !day.endsWith('-01') && addDays(before, 1) === day;
      return [day, follows ? day.slice(8) : day.slice(5)];
    }),
  );
}

/** A dataset with its source: `acme/events`. */
function datasetName({ source, dataset }: DatasetStatus): string {
  return `${source}/${dataset}`;
}

/** The mark of a day; a blank for a day that was read for other datasets alone. */
function markText(mark: MarkName | undefined): string {
  return mark === undefined ? ' ' : DAY_MARKS[mark].mark;
}

/** `2026-11-18 to 2026-11-20`, or the one day. */
function rangeText({ from, to }: DayRange): string {
  return from === to ? from : `${from} to ${to}`;
}

/** A command about days of a dataset. */
function daysCommand(
  { source, dataset }: DatasetStatus,
  command: (words: readonly string[]) => string,
  action: readonly string[],
  { from, to }: DayRange,
): string {
  const words = ['ingest', ...action, '--source', source, '--dataset', dataset, '--from', from];
  return command(from === to ? words : [...words, '--to', to]);
}

/** What ends that days are late, one line each. */
function lateLines(status: DatasetStatus, command: (words: readonly string[]) => string): string[] {
  const days = status.late.map(({ day }) => day).filter((day) => !status.unlooked.includes(day));
  return dayRanges(days)
    .slice(0, MAX_RANGES)
    .map((range) => {
      const load = daysCommand(status, command, ['backfill'], range);
      const end = daysCommand(status, command, ['accept', 'empty'], range);
      return `is without ${rangeText(range)}: \`${load}\` loads what has come, \`${end}\` says that none will; this is told until ${reportedUntil(status, range.to)}`;
    });
}

/** What a dataset's folder has that no run looks at, one line each. */
function elsewhereLines(status: DatasetStatus, command: (words: readonly string[]) => string): string[] {
  return [
    ...rangeLines(status, command, status.unlooked, 'files'),
    ...rangeLines(status, command, status.newer, 'newer files than were loaded'),
  ];
}

/** What no run looks at of some days, with the command that loads it. @param files What the days have. */
function rangeLines(
  status: DatasetStatus,
  command: (words: readonly string[]) => string,
  days: readonly UtcDay[],
  files: string,
): string[] {
  const ranges = dayRanges(days).toReversed();
  const lines = ranges.slice(-MAX_RANGES).map((range) => {
    const load = daysCommand(status, command, ['backfill'], range);
    return `has ${files} of ${rangeText(range)} outside of the lookback: \`${load}\` loads them`;
  });
  const more = ranges.length - lines.length;
  return more > 0 ? [...lines, `has ${files} of ${more} more ranges before`] : lines;
}

/**
 * The problems of a dataset, one line each: of its listing, of late days, and of other days. Days in a row with the same
 * problem have one line.
 */
function problemLines(status: DatasetStatus, command: (words: readonly string[]) => string): string[] {
  const sameDays = Map.groupBy(dayFacts(status, command), ({ text }) => text);
  return [
    ...folderLines(status, command),
    ...lateDayLines(status),
    ...[...sameDays].flatMap(([text, facts]) =>
      dayRanges(facts.map(({ day }) => day))
        .toReversed()
        .map((range) => `${rangeText(range)} ${text}`),
    ),
  ];
}

/** What is to be known of the folder, one line each. */
function folderLines(status: DatasetStatus, command: (words: readonly string[]) => string): string[] {
  return folderNotes(dropDays(status)).map(({ need, text }) =>
    need === 'problem' ? `${text}; \`${command(['status'])}\` says what ends it` : text,
  );
}

/** Since when days are late, and what they have. */
function lateDayLines({ late, waiting }: DatasetStatus): string[] {
  return late.map(({ day, due, empty }) => {
    const waits = waiting.find((waitingDay) => waitingDay.day === day)?.words;
    const has = empty === undefined ? 'has not arrived' : `has ${empty}`;
    return `${day} is late: expected by ${isoTimestamp(due)} and ${waits ?? has}`;
  });
}

/** Something that is to be known of a day, in words without the day. */
interface DayFact {
  /** The day of the dataset. */
  readonly day: UtcDay;
  /** Words that follow the day in a sentence. */
  readonly text: string;
}

/** What is to be known of days, except what late days wait for: their own lines say that. */
function dayFacts(status: DatasetStatus, command: (words: readonly string[]) => string): DayFact[] {
  const { late, waiting, unusual, lacking, days, unlooked, unread = [] } = status;
  const isLate = (day: UtcDay) => late.some((lateDay) => lateDay.day === day);
  const isUnusual = (day: UtcDay) => unusual.some((unusualDay) => unusualDay.day === day);
  const whatToDo = `\`${command(['status'])}\` says what to do`;
  return [
    ...waiting
      .filter(({ day }) => !isLate(day) && !unlooked.includes(day))
      .map(({ day, words }) => ({ day, text: words })),
    ...lacking.map(({ day, since }) => ({
      day,
      text: `lacks files of its version since ${isoTimestamp(since)}: queries miss their rows`,
    })),
    ...unread.map(({ day, elsewhere }) => {
      const has =
        elsewhere === undefined ? 'has no partition' : `its partition points to ${elsewhere.location}`;
      return { day, text: `is loaded and ${has}, so no query reads it: ${whatToDo}` };
    }),
    ...unusual.map(({ day, words }) => ({ day, text: words })),
    ...days.flatMap(({ day, entry }) =>
      entry === null
        ? []
        : entryTexts(entry, status.place, { isUnusual: isUnusual(day), whatToDo }).map((text) => ({
            day,
            text,
          })),
    ),
  ];
}

/**
 * What the entry of a day says.
 *
 * @param place Where its files are looked for.
 * @param isUnusual Whether the day is told as unusual, which says that it is empty.
 * @param whatToDo Names the command that says it.
 */
function entryTexts(
  entry: LedgerEntry,
  place: DatasetStatus['place'],
  { isUnusual, whatToDo }: { readonly isUnusual: boolean; readonly whatToDo: string },
): string[] {
  const { state, failure, version, missingSince, updatedAt, attempts, rows, receipt } = entry;
  const from = movedFrom(entry, place);
  const empty = emptyWords(entry);
  const pieces = pieceWords(entry);
  const left = summarizeLeftOut(entry);
  const texts: string[] = [];
  if (from !== null) texts.push(`was loaded from ${from}`);
  if (empty !== null && !isUnusual) texts.push(`has ${empty}`);
  if (pieces !== null) texts.push(pieces);
  if (state === 'inputs_missing') {
    const since = isoTimestamp(missingSince ?? updatedAt);
    texts.push(`inputs_missing: its files are gone, not committed, or without rows since ${since}`);
  }
  if (state === 'failed' && failure !== undefined) {
    const served = version === undefined ? 'queries see no rows' : 'queries see the last good version';
    texts.push(`failed: ${failure.code}: ${failure.message} (${served}; ${whatToDo})`);
  }
  if ((state === 'waiting' || state === 'loading') && failure !== undefined) {
    const isReplaced = failingOf(entry)?.replaced !== undefined;
    const next = isReplaced ? 'other files came, and are loaded next' : 'will be retried';
    texts.push(`${state}, ${next}: ${failure.code}: ${failure.message} (attempts: ${attempts})`);
  }
  if (rows.refused > 0 && state === 'succeeded')
    texts.push(`refused ${rows.refused} of ${rows.in} rows, which are in quarantine`);
  if (receipt?.failure !== undefined)
    texts.push(`has a receipt that the bucket did not take: ${receipt.failure.code}`);
  if (left.count > 0) texts.push(left.words);
  return texts;
}
