import { type LedgerState, ledgerStates } from '../ledger/LedgerEntry.ts';
import { MAX_KILLS } from './limits.ts';

// What the plan and a load decide about a day. Each asks a table of answers from top to bottom: the first answer that
// is true of the day, and that applies in its state, is the decision.

/** States of a day as the plan finds it: the ledger's, or `none` without an entry. */
export const dayStates = ['none', ...ledgerStates] as const;
/** A state that the table shows. */
type DayState = (typeof dayStates)[number];

/** Why a day is loaded. */
export const taskReasons = [
  /** The day was never loaded. */
  'new',
  /** The day's files differ from the loaded ones. */
  'changed',
  /** The day was loaded, and has no files now. */
  'deleted',
  /** The day's last load failed. A change elsewhere may have resolved the failure: a policy, a key, the mapping. */
  'retried',
  /** The customer said that the day is ready. */
  'triggered',
  /** A person requested the day. It is loaded regardless of the ledger. */
  'backfill',
  /** A person accepted the day as queries read it: rows stay although their files are gone. */
  'keep',
  /** A person accepted that rows go whose files are gone. */
  'empty',
] as const;
/** The reason in the ledger and in logs. */
export type TaskReason = (typeof taskReasons)[number];

/** Kinds of loads by their task: of the plan, of the plan for a failed day, or of a request. */
export const loadKinds = ['planned', 'retried', 'triggered', 'backfill'] as const;
/** One of {@link loadKinds}. */
export type LoadKind = (typeof loadKinds)[number];

/** One answer of a table. Its key says what is true of the day. */
export interface Answer<Column extends string> {
  /** The states, or kinds of loads, in which it is the decision. In others the next answer is tried. */
  readonly decides: readonly Column[];
}

/** An answer of a load. */
interface LoadAnswer extends Answer<LoadKind> {
  /** The state that follows. */
  readonly next: LedgerState | 'as before';
}

/** States of days that the ledger has. */
const noted: readonly DayState[] = ledgerStates;
/** Loads that nobody requested: earlier failures count. */
const planned: readonly LoadKind[] = ['planned', 'retried'];

/**
 * The plan's answers. The first that holds and decides in the state of the day is taken. A day that is queued, or that
 * lacks a marker or has not settled, waits then; others stay as they are.
 */
export const PLAN_TABLE = {
  /** The folder has no files, and nobody said that the day never comes. */
  no_files: { decides: ['none'] },
  /** The files have not changed since the last load, and one that it loaded is archived now. */
  archived: { decides: noted.filter((state) => state !== 'failed') },
  /**
   * The day was loaded from another place, or failed there, and the configured place has no file of it. A day that
   * waits is settled as it was.
   */
  elsewhere: { decides: ['succeeded', 'succeeded_no_data', 'inputs_missing', 'failed'] },
  /** `sluice ingest backfill` names the day. */
  backfill: { decides: dayStates },
  /** `sluice ingest accept keep` names the day. */
  keep: { decides: noted },
  /** `sluice ingest accept empty` names the day, which may never have come. */
  empty: { decides: dayStates },
  /** A load has the day, or goes on with its next piece. */
  loading: { decides: dayStates },
  /** The files have not changed since the last load. */
  unchanged: { decides: ['succeeded', 'succeeded_no_data', 'inputs_missing'] },
  /**
   * The files have not changed since the last load, less than RETRY_AFTER_MS ago or before the lookback, and nobody
   * asked for the day.
   */
  failed: { decides: ['failed'] },
  /** A task for these files is less than REQUEUE_AFTER_MS old. */
  queued: { decides: noted },
  /** The customer reported the day as ready. */
  triggered: { decides: dayStates },
  /** The marker of `waitFor` is not there, or none of the files is committed. */
  marker: { decides: dayStates },
  /** The files have not settled. */
  settling: { decides: dayStates },
  /** The files have not changed since the last load. */
  retried: { decides: ['failed'] },
  /** The files are gone. */
  deleted: { decides: noted },
  /** No load of the day has ended. */
  new: { decides: dayStates },
  /** The files have changed since the last load. */
  changed: { decides: dayStates },
} as const satisfies Record<string, Answer<DayState>>;

/** The answers of a load that has claimed its day. The first that holds and decides for the kind of the load is taken. */
export const LOAD_TABLE = {
  /** A load of these files was killed. A day that failed before gets one try: others wait for the function, too. */
  killed: { next: 'failed', decides: ['retried'] },
  /** Two loads of these files were killed. */
  killed_twice: { next: 'failed', decides: loadKinds },
  /** All tries for these files are used up. */
  tried: { next: 'failed', decides: planned },
  /** The files have not changed since the last load. */
  unchanged: { next: 'as before', decides: [...planned, 'triggered'] },
  /** The marker of `waitFor` is not there, or none of the files is committed. */
  marker: { next: 'waiting', decides: planned },
  /** The files differ from those that the plan has seen, and have not settled. */
  settling: {
    next: 'waiting',
    decides: planned,
  },
  /** A piece of the day is done, and a task for the next is sent. */
  piece: {
    next: 'waiting',
    decides: loadKinds,
  },
  /** The rows are loaded. */
  succeeded: { next: 'succeeded', decides: loadKinds },
  /** No file has rows, and queries read rows of the day. */
  inputs_missing: {
    next: 'inputs_missing',
    decides: loadKinds,
  },
  /** No file has rows, queries read rows of the day, and `sluice ingest accept keep` names it. */
  kept: {
    next: 'succeeded',
    decides: ['triggered'],
  },
  /** No file has rows, and queries read none; or `sluice ingest accept empty` names the day. */
  succeeded_no_data: {
    next: 'succeeded_no_data',
    decides: loadKinds,
  },
  /** The load failed because of its files or its bucket. */
  permanent: { next: 'failed', decides: loadKinds },
  /** The load ran out of time, or the engine crashed, as in the last load. */
  again: {
    next: 'failed',
    decides: ['retried'],
  },
  /** The load ran out of time, or the engine crashed, as in the last load of these files. */
  again_here: {
    next: 'failed',
    decides: loadKinds,
  },
  /** The load failed, and its message is not delivered again. */
  last_message: {
    next: 'failed',
    decides: loadKinds,
  },
  /** The load failed with its last try. */
  last_try: { next: 'failed', decides: planned },
  /** The load failed for another reason. */
  passing: { next: 'waiting', decides: loadKinds },
} as const satisfies Record<string, LoadAnswer>;

/** A load's tries of the files that were queued last. */
interface LoadTries {
  /** Number of tries, with this one. */
  readonly attempts: number;
  /** How many of the tries were killed. */
  readonly kills: number;
  /** The most tries that a load may have. */
  readonly tries: number;
}

/** The answer of {@link LOAD_TABLE} before a load begins; null if it may begin. */
export function answerBefore(
  kind: LoadKind,
  { attempts, kills, tries }: LoadTries,
): 'killed' | 'killed_twice' | 'tried' | null {
  return firstAnswer(LOAD_TABLE, kind, {
    killed: () => kills >= 1,
    killed_twice: () => kills >= MAX_KILLS,
    tried: () => attempts > tries,
  });
}

/** How a load has failed. */
interface FailedLoad extends Pick<LoadTries, 'attempts' | 'tries'> {
  /** Whether it failed because of the files or their bucket. */
  readonly isPermanent: boolean;
  /** Whether it ran out of time or crashed, as the last load did. */
  readonly isAgain: boolean;
  /** Whether its message is not delivered again. */
  readonly isLastMessage: boolean;
}

/** The answer of {@link LOAD_TABLE} to a failure. */
export function answerToFailure(
  kind: LoadKind,
  { attempts, tries, isPermanent, isAgain, isLastMessage }: FailedLoad,
): 'permanent' | 'again' | 'again_here' | 'last_message' | 'last_try' | 'passing' {
  const answer = firstAnswer(LOAD_TABLE, kind, {
    permanent: () => isPermanent,
    again: () => isAgain,
    again_here: () => isAgain && attempts > 1,
    last_message: () => isLastMessage,
    last_try: () => attempts >= tries,
  });
  return answer ?? 'passing';
}

/** The kind of a load whose task has a reason. */
export function loadKind(reason: TaskReason): LoadKind {
  if (reason === 'keep' || reason === 'empty') return 'triggered';
  return reason === 'retried' || reason === 'triggered' || reason === 'backfill' ? reason : 'planned';
}

/** Whether an answer decides in a column of its table. */
export function decides<Column extends string>(answer: Answer<Column>, column: NoInfer<Column>): boolean {
  return answer.decides.includes(column);
}

/**
 * The first answer of a table that holds, and decides in a column.
 *
 * @param holds Whether an answer holds. Answers that are left out do not.
 * @returns Null without one.
 */
export function firstAnswer<Column extends string, Key extends string>(
  table: Readonly<Record<NoInfer<Key>, Answer<Column>>>,
  column: NoInfer<Column>,
  holds: Readonly<Record<Key, () => boolean>>,
): Key | null {
  const asked = Object.keys(table).filter((key): key is Key => Object.hasOwn(holds, key));
  return asked.find((key) => decides(table[key], column) && holds[key]()) ?? null;
}
