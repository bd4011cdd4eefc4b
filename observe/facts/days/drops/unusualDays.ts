import type { UtcDay } from '../../../../lib/base/time.ts';
import { areHoursDue, isOver } from '../../../../lib/drops/plan/late/dueDays.ts';
import { contentWords, unusualContent } from '../../../../lib/drops/usual/usualContent.ts';
import { unusualWords } from '../../../../lib/drops/usual/usualRows.ts';
import type { DayContent } from '../../../../lib/ledger/DayContent.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import type { Dataset } from '../../../../lib/schema/sources.ts';
import type { LedgerDay } from '../ledgerDays.ts';
import { equalFiles, equalFilesWords } from './equalFiles.ts';

/** In what a day is not as the days before it. */
export interface Unusual {
  /** All of it in words, as the end of a sentence that begins with the day. */
  readonly words: string;
  /** The same by what is to be done about it, in few words and without names of files. */
  readonly parts: readonly [UnusualPart, ...UnusualPart[]];
}

/** A day whose rows have an unusual number or content, or come from files that are copies of each other. */
export interface UnusualDay extends Unusual {
  /** The day, UTC. */
  readonly day: UtcDay;
}

/** One way in which a day is unusual. */
export interface UnusualPart {
  /** Equal files, the number of rows, values of a field whose column in the mapping is another, or what the ledger has of the rows' content. */
  readonly kind: 'equalFiles' | 'rows' | 'mapping' | DayContent['unusual'][number]['kind'];
  /** What is so, as the end of a sentence that begins with the day: `has 5 rows, where 40 are usual`. */
  readonly short: string;
}

/**
 * How far the rows of a day are from those that are usual, in words; null if they are not, and of a day that was not over
 * when its folder was listed, as it may be loaded again.
 *
 * @param seenAt When its folder was listed, epoch milliseconds.
 */
export function unusualRowsWords(entry: LedgerEntry, dataset: Dataset, seenAt: number): string | null {
  return isOver(dataset, entry.day, seenAt) ? unusualWords(entry, dataset.unusualShare) : null;
}

/**
 * An entry, without the judgement of its hours while rows of them may come: a source that delivers hourly has not delivered the last ones
 * when the day ends.
 *
 * @param seenAt When its folder was listed, epoch milliseconds.
 */
export function withDueHours(entry: LedgerEntry, dataset: Dataset, seenAt: number): LedgerEntry {
  return areHoursDue(dataset, entry.day, seenAt) ? entry : withoutPoints(entry, isOfHours);
}

/** An entry without some of what is unusual of its content. @param isLeftOut Whether a point is left out. */
function withoutPoints(
  entry: LedgerEntry,
  isLeftOut: (point: DayContent['unusual'][number]) => boolean,
): LedgerEntry {
  const { content } = entry;
  if (content === undefined) return entry;
  const unusual = content.unusual.filter((point) => !isLeftOut(point));
  return { ...entry, content: { ...content, unusual } };
}

/** Whether a point is of the hours of a day's times. */
function isOfHours({ kind }: Pick<UnusualPart, 'kind'>): boolean {
  return kind === 'hours' || kind === 'shifted' || kind === 'newHours';
}

/** How a day is unusual; null if it is not. @param seenAt When its folder was listed, epoch milliseconds. */
export function unusualOf(
  { day, entry: read }: LedgerDay,
  dataset: Dataset,
  seenAt: number,
): UnusualDay | null {
  if (read === null) return null;
  const due = withDueHours(read, dataset, seenAt);
  // Equal files have equal rows: that is one fault, and told of the files.
  const entry = equalFiles(due).length === 0 ? due : withoutPoints(due, ({ kind }) => kind === 'shared');
  const words = [
    equalFilesWords(entry),
    unusualRowsWords(entry, dataset, seenAt),
    contentWords(entry),
  ].filter((text) => text !== null);
  const [first, ...others] = unusualParts(entry, dataset, seenAt);
  return first === undefined ? null : { day, words: words.join(', and '), parts: [first, ...others] };
}

/** Characters of what is said of a field in few words: a type may have many members. */
const MOST_OF_FIELD = 160;

/** In which ways a day is unusual. @param seenAt As of {@link unusualOf}. */
function unusualParts(entry: LedgerEntry, dataset: Dataset, seenAt: number): readonly UnusualPart[] {
  const equal = equalFiles(entry).flat().length;
  const rows = unusualRowsWords(entry, dataset, seenAt);
  const content = unusualContent(entry).map(({ kind, field, words, columnBefore }): UnusualPart => {
    if (kind === 'copies') return { kind, short: 'has files that are those of other days' };
    if (kind !== 'values') return { kind, short: `has ${words.replace(/: .*/s, '')}` };
    const isShort = words.length <= MOST_OF_FIELD && !words.includes('. ');
    const what = isShort ? words.replaceAll('`', '') : `in ${field ?? 'its rows'}`;
    const ofMapping = columnBefore === undefined ? kind : 'mapping';
    return { kind: ofMapping, short: `has other values than the days before, ${what}` };
  });
  // Hours that are missing say why rows are few, as do rows of another day.
  const isReason = (part: UnusualPart) => isOfHours(part) || part.kind === 'stale';
  return [
    ...(equal === 0 ? [] : [{ kind: 'equalFiles', short: `has ${equal} files that are equal` } as const]),
    ...content.filter(isReason),
    ...(rows === null ? [] : [{ kind: 'rows', short: rows } as const]),
    ...content.filter((part) => !isReason(part)),
  ];
}
