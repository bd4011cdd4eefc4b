import { counted } from '../../../lib/base/text.ts';
import type { LedgerState } from '../../../lib/ledger/LedgerEntry.ts';
import type { CuratedDayState } from '../../../observe/facts/days/curatedDays.ts';
import type { DatasetDays, DropDay } from '../../../observe/facts/days/ledgerDays.ts';
import type { Tone } from '../parts/figures.ts';
import { formatCount, formatTime } from '../parts/format.ts';

/** A day of a line: its mark, how it is, and the same in words. */
export interface Cell {
  readonly mark: string;
  readonly tone: Tone;
  readonly words: string;
  /** Rows, and those that are usual if that is known. */
  readonly rows?: { readonly is: number; readonly usual: number | null };
}

/** The look of each state, the same as in `sluice ingest status`. */
export const STATES: Readonly<Record<LedgerState, Cell>> = {
  succeeded: { mark: '✓', tone: 'good', words: 'done' },
  succeeded_no_data: { mark: '–', tone: 'plain', words: 'no data' },
  inputs_missing: { mark: '?', tone: 'bad', words: 'inputs missing' },
  failed: { mark: '✗', tone: 'bad', words: 'failed' },
  loading: { mark: '»', tone: 'accent', words: 'in progress' },
  waiting: { mark: '…', tone: 'accent', words: 'waiting' },
};

/** A day without anything. */
export const NONE: Cell = { mark: '·', tone: 'plain', words: 'nothing' };
/** A day with files that no run looks at. */
export const UNLOOKED: Cell = { mark: '+', tone: 'plain', words: 'files outside of the lookback' };

/** A day: done with refused rows, left out objects or unusual rows it is a warning, and files that were another day's have their mark. */
function cellOf(dropDay: DropDay): Cell {
  const { state, lateSince, lackingSince, rows, usual, unusual, leftOut, failure, files, waiting, empty } =
    dropDay;
  const { loadedFrom, isAccepted, hasCopies } = dropDay;
  if (lackingSince !== null) return LACKING;
  if (lateSince !== null)
    return {
      mark: empty === null ? '!' : '∅',
      tone: 'bad',
      words: `late, ${waiting ?? empty ?? 'no file has come'}`,
    };
  if (waiting !== null) return { mark: '…', tone: 'warning', words: `it ${waiting}` };
  if (state === null) return NONE;
  if (state === 'succeeded_no_data' && isAccepted)
    return { mark: '0', tone: 'good', words: 'accepted as a day without rows' };
  if (empty !== null)
    return { mark: '∅', tone: unusual === null ? 'plain' : 'warning', words: unusual ?? `it has ${empty}` };
  const isPartial = state === 'succeeded' && (rows.refused + leftOut.count > 0 || unusual !== null);
  const words = [
    STATES[state].words,
    ...(failure === null ? [] : [failure]),
    rows.in > 0 ? counted(rows.out, 'row') : counted(files, 'file'),
    ...(rows.refused > 0 ? [`${formatCount(rows.refused)} refused`] : []),
    ...(unusual !== null ? [unusual] : usual === null ? [] : [`usually ${formatCount(usual)}`]),
    ...(leftOut.count > 0 ? [`${counted(leftOut.count, 'object')} left out`] : []),
    ...(loadedFrom !== null ? [`loaded from ${loadedFrom}`] : []),
  ];
  return {
    ...STATES[state],
    ...(hasCopies && unusual !== null ? { mark: '=' } : {}),
    ...(isPartial ? { tone: 'warning' as const } : {}),
    words: words.join(', '),
    ...(rows.out > 0 ? { rows: { is: rows.out, usual } } : {}),
  };
}

/** Days by their names. */
export function cellsOf(days: readonly DropDay[]): ReadonlyMap<string, Cell> {
  return new Map(days.map((dropDay) => [dropDay.day, cellOf(dropDay)]));
}

/** Days outside of the lookback with files that no run looks at. */
export function outside({ unlooked, newer }: DatasetDays): readonly string[] {
  return [...unlooked, ...newer];
}

/** A note on a line as a whole. */
export type LineNote = readonly [tone: Tone, text: string];

/** A note on the last look at the folder, as serious as the finding of `sluice status`. */
export function noteOf(dataset: DatasetDays): LineNote | undefined {
  const { lastLook } = dataset;
  const { length } = outside(dataset);
  const { at, failure, stopped } = lastLook ?? {};
  if (failure !== undefined)
    return ['bad', `It could not be listed at ${formatTime(at ?? 0)}: ${failure.message} (${failure.code})`];
  if (stopped) return ['warning', 'There are no files for any day of its lookback.'];
  return length === 0
    ? undefined
    : ['plain', `There are files of ${counted(length, 'day')} outside of its lookback.`];
}

const LACKING: Cell = { mark: '!', tone: 'bad', words: 'files of its version are gone' };

/** The look of each state of a curated day. */
export const CURATED: Readonly<Record<CuratedDayState, Cell>> = {
  curated: { mark: '✓', tone: 'good', words: 'views read it curated' },
  too_young: { mark: '·', tone: 'plain', words: 'raw: too young' },
  waiting: { mark: '…', tone: 'accent', words: 'raw: waiting' },
  curating: { mark: '»', tone: 'accent', words: 'raw: being curated' },
  failed: { mark: '✗', tone: 'bad', words: 'raw: failed' },
  outdated: { mark: '!', tone: 'warning', words: 'raw: outdated' },
  lacking: LACKING,
  off: { mark: '·', tone: 'plain', words: 'raw: not to be curated' },
};
