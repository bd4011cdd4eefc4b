import { counted } from '../../../lib/base/text.ts';
import type { LedgerState } from '../../../lib/ledger/LedgerEntry.ts';
import type { CuratedDayState } from '../../../observe/facts/days/curatedCalendar.ts';
import { DAY_MARKS, type MarkName, marksOf, STATE_MARKS } from '../../../observe/facts/days/dayMarks.ts';
import type { DatasetDays, DropDay } from '../../../observe/facts/days/dropDays.ts';
import type { Need } from '../../../observe/facts/days/dropNeeds.ts';
import type { ExportDays } from '../../../observe/facts/days/exportDays.ts';
import { folderNotes } from '../../../observe/facts/days/folderNotes.ts';
import type { Tone } from '../parts/figures.ts';
import { formatCount, formatTimesIn } from '../texts/format.ts';

/** A day of a line: its mark, how it is, and the same in words. */
export interface Cell {
  /** One character, the same as in `sluice ingest status`. */
  readonly mark: string;
  /** How bad it is. */
  readonly tone: Tone;
  /** What the cell says when it is pointed at. */
  readonly words: string;
  /** Rows, and those that are usual if that is known. */
  readonly rows?: { readonly is: number; readonly usual: number | null };
}

/** The tone of each mark, unless the day says more. */
const TONES: Readonly<Record<MarkName, Tone>> = {
  done: 'good',
  copies: 'warning',
  noFiles: 'plain',
  empty: 'plain',
  accepted: 'good',
  missing: 'bad',
  failed: 'bad',
  working: 'accent',
  waiting: 'accent',
  lacking: 'bad',
  outside: 'warning',
  nothing: 'plain',
};

/** The look of a mark. @param words Default: those of its legend. */
function lookOf(name: MarkName, words: string = DAY_MARKS[name].words): Cell {
  return { mark: DAY_MARKS[name].mark, tone: TONES[name], words };
}

/** The look of a state of the ledger. */
export function lookOfState(state: LedgerState): Cell {
  return lookOf(STATE_MARKS[state]);
}

/** A day without anything. */
export const NONE = lookOf('nothing');

/** The days of a dataset or an export by their names, each with its mark and all that is to be known of it in words. */
export function cellsOf(drops: DatasetDays | ExportDays): ReadonlyMap<string, Cell> {
  const marks = marksOf(drops);
  const unread = 'unread' in drops ? (drops.unread ?? []) : [];
  const cells = new Map([...marks].map(([day, name]) => [day, lookOf(name)]));
  for (const dropDay of drops.days) {
    const { day, rows, usual } = dropDay;
    const mark = marks.get(day) ?? 'nothing';
    const isUnread = unread.some((unreadDay) => unreadDay.day === day);
    const words = isUnread
      ? 'loaded, and no partition has its files: no query reads it'
      : wordsOf(dropDay, mark);
    cells.set(day, {
      ...lookOf(mark, words),
      tone: toneOf(dropDay, mark),
      ...(rows.out > 0 ? { rows: { is: rows.out, usual } } : {}),
    });
  }
  return cells;
}

/**
 * The tone of a day by its mark, unless the day says more: a day that is done is a warning if rows were refused, objects left out or
 * copies kept, if its receipt failed or its rows are unusual; so is one that waits for a reason. A late day without rows is bad.
 */
function toneOf(
  { rows, leftOut, kept, receipt, unusual, waiting, lateSince }: DropDay,
  mark: MarkName,
): Tone {
  if (mark === 'empty' && lateSince !== null) return 'bad';
  if (mark === 'empty' || mark === 'done') {
    const isPartial = rows.refused + leftOut.count + kept > 0 || receipt !== null || unusual !== null;
    return isPartial ? 'warning' : TONES[mark];
  }
  return mark === 'waiting' && waiting !== null ? 'warning' : TONES[mark];
}

/** What is to be known of a day, in words, the most urgent alone or all that came of its load. */
function wordsOf(dropDay: DropDay, mark: MarkName): string {
  const { lateSince, lackingSince, waiting, empty, unusual, usual, rows, files, failure } = dropDay;
  const { leftOut, kept, receipt, loadedFrom } = dropDay;
  if (lackingSince !== null) return 'files of its version are gone';
  if (lateSince !== null) return `late, ${waiting ?? empty ?? 'no file has come'}`;
  if (mark === 'outside' || mark === 'nothing' || mark === 'accepted') return DAY_MARKS[mark].words;
  if (waiting !== null) return `it ${waiting}`;
  if (empty !== null) return unusual?.words ?? `it has ${empty}`;
  return [
    mark === 'copies' ? DAY_MARKS.done.words : DAY_MARKS[mark].words,
    ...(failure === null ? [] : [failure]),
    rows.in > 0 ? counted(rows.out, 'row') : counted(files, 'file'),
    ...(rows.refused > 0 ? [`${formatCount(rows.refused)} refused`] : []),
    ...(unusual === null ? [] : [unusual.words]),
    ...(unusual === null && usual !== null ? [`usually ${formatCount(usual)}`] : []),
    ...(leftOut.count > 0 ? [`${counted(leftOut.count, 'object')} left out`] : []),
    ...(kept > 0 ? [`${counted(kept, 'copy', 'copies')} kept of files that are gone`] : []),
    ...(receipt === null ? [] : [`its receipt was not taken: ${receipt.code}`]),
    ...(loadedFrom === null ? [] : [`loaded from ${loadedFrom}`]),
  ].join(', ');
}

/** A note on a line as a whole. */
export type LineNote = readonly [tone: Tone, text: string];

/** The tone of a note by what it needs. */
const NOTE_TONES: Readonly<Record<Need, Tone>> = { problem: 'bad', warning: 'warning' };

/** What is to be known of a dataset as a whole, each as serious as the finding of `sluice status`. */
export function notesOf(drops: DatasetDays): readonly LineNote[] {
  const { newer, unlooked, unread = [] } = drops;
  const notes = folderNotes(drops).map(({ need, text }): LineNote => {
    return [need === null ? 'plain' : NOTE_TONES[need], formatTimesIn(`It ${text}.`)];
  });
  const days = (all: readonly string[]) => `${counted(all.length, 'day')}, the newest ${all.at(-1)}`;
  if (unread.length > 0)
    notes.push([
      'bad',
      `No query reads ${days(unread.map(({ day }) => day))}: no partition has their files.`,
    ]);
  if (newer.length > 0)
    notes.push(['warning', `Newer files than were loaded of ${days(newer)}, outside of its lookback.`]);
  if (unlooked.length > 0)
    notes.push(['plain', `There are files of ${days(unlooked)}, outside of its lookback.`]);
  return notes;
}

/** The look of each state of a curated day. */
export const CURATED: Readonly<Record<CuratedDayState, Cell>> = {
  curated: lookOf('done', 'views read it curated'),
  too_young: lookOf('nothing', 'raw: too young'),
  waiting: lookOf('waiting', 'raw: waiting'),
  curating: lookOf('working', 'raw: being curated'),
  failed: lookOf('failed', 'raw: failed'),
  outdated: { ...lookOf('lacking', 'raw: outdated'), tone: 'warning' },
  lacking: lookOf('lacking', 'files of its version are gone'),
  off: lookOf('nothing', 'raw: not to be curated'),
};
