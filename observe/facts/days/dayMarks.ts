import type { LedgerState } from '../../../lib/ledger/LedgerEntry.ts';
import type { DropDay } from './dropDays.ts';

/** A mark of a calendar. */
interface DayMark {
  /** One character. */
  readonly mark: string;
  /** What it means, for a legend. */
  readonly words: string;
}

/** The marks of calendars: the console and `sluice ingest status` have the same. */
export const DAY_MARKS = {
  done: { mark: '✓', words: 'done' },
  copies: { mark: '=', words: 'files of another day' },
  noFiles: { mark: '–', words: 'done without files' },
  empty: { mark: '∅', words: 'files without rows' },
  accepted: { mark: '0', words: 'accepted without rows' },
  missing: { mark: '?', words: 'inputs missing' },
  failed: { mark: '✗', words: 'failed' },
  working: { mark: '»', words: 'in progress' },
  waiting: { mark: '…', words: 'waiting' },
  lacking: { mark: '!', words: 'late, outdated, or without its files or its partition' },
  outside: { mark: '+', words: 'files outside of the lookback' },
  nothing: { mark: '·', words: 'nothing seen' },
} as const satisfies Readonly<Record<string, DayMark>>;

/** The name of a mark. */
export type MarkName = keyof typeof DAY_MARKS;

/** The marks of states of the ledger. */
export const STATE_MARKS: Readonly<Record<LedgerState, MarkName>> = {
  succeeded: 'done',
  succeeded_no_data: 'noFiles',
  inputs_missing: 'missing',
  failed: 'failed',
  loading: 'working',
  waiting: 'waiting',
};

/** What is known of the days of a dataset as a whole; of an export only the days. */
export interface MarkedDays {
  /** Its days that were read. */
  readonly days: readonly DropDay[];
  /** Days outside of the lookback that have objects that no run has looked at. */
  readonly unlooked?: readonly string[];
  /** Days outside of the lookback whose folder has newer files than were loaded. */
  readonly newer?: readonly string[];
  /** Days whose version no query reads. */
  readonly unread?: readonly { readonly day: string }[];
}

/** The mark of each day of a dataset or an export, also of days that its calendar has not read. */
export function marksOf({
  days,
  unlooked = [],
  newer = [],
  unread = [],
}: MarkedDays): ReadonlyMap<string, MarkName> {
  const marks = new Map<string, MarkName>([...unlooked, ...newer].map((day) => [day, 'outside']));
  for (const dropDay of days) {
    const mark = markOf(dropDay);
    // Files that no run looks at are what is to be done of a day, unless queries miss rows.
    if (mark === 'lacking' || !marks.has(dropDay.day)) marks.set(dropDay.day, mark);
  }
  for (const { day } of unread) marks.set(day, 'lacking');
  return marks;
}

/** The mark of a day by what the ledger and the notes say of it. */
function markOf({
  state,
  lackingSince,
  lateSince,
  empty,
  waiting,
  isAccepted,
  hasCopies,
  unusual,
}: DropDay): MarkName {
  if (lackingSince !== null) return 'lacking';
  if (empty !== null) return 'empty';
  if (lateSince !== null) return 'lacking';
  if (waiting !== null) return 'waiting';
  if (state === null) return 'nothing';
  if (state === 'succeeded_no_data' && isAccepted) return 'accepted';
  if (state === 'succeeded' && hasCopies && unusual !== null) return 'copies';
  return STATE_MARKS[state];
}

/** The legend of marks. @param shown Names of those that a calendar has. Default: all. */
export function legendOf(shown?: Iterable<string>): string {
  const names = new Set(shown ?? Object.keys(DAY_MARKS));
  return Object.entries(DAY_MARKS)
    .filter(([name]) => names.has(name))
    .map(([, { mark, words }]) => `${mark} ${words}`)
    .join(', ');
}
