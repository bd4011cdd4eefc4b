import { createHash } from 'node:crypto';
import type { Settlement } from '../../ledger/Ledger.ts';
import type { FileFate, LedgerEntry } from '../../ledger/LedgerEntry.ts';
import { datasetReceiptFolder } from '../../schema/sources.ts';
import { isLeftOutReason, leftOutReasons } from '../Drop.ts';
import type { RefusedExample } from '../engine/Engine.ts';
import type { DropDay } from '../load/publishVersion.ts';
import { customerWord, hasCustomerDetail } from './customerWords.ts';

/** Most files that a receipt names. The others are counted. */
const MOST_FILES = 1_000;
/** Most rows that a receipt in a bucket quotes. */
export const MOST_EXAMPLES = 10;

/** A receipt as the ledger keeps it. */
type SentReceipt = NonNullable<LedgerEntry['receipt']>;

/** A code, what happened, and what the customer can do about it. */
interface ReceiptProblem {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
}

/**
 * Outcome of a file: its rows are loaded; the day failed because of it; it is never loaded; it waits for another file
 * of its day; or it was loaded and is not in the folder any more.
 */
type ReceiptFate = 'loaded' | 'refused' | 'ignored' | 'waiting' | 'gone';

/**
 * A customer's receipt of one load of a day: docs/ingest-customer.md, "Receipts". Members may be added but never
 * changed.
 */
export interface Receipt {
  readonly receipt: 1;
  /** The same for every copy of the receipt of one load. */
  readonly id: string;
  readonly source: string;
  readonly dataset: string;
  readonly day: string;
  /** `no_data`: the day has no files. `failed`: nothing of it was loaded, and the last good version stays. */
  readonly outcome: SentReceipt['outcome'];
  /** The version of the day that readers see now; null if they see no rows. */
  readonly version: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly rows: { readonly read: number; readonly written: number; readonly refused: number };
  /** Refused rows by code, the most frequent first. */
  readonly refused: readonly (ReceiptProblem & { readonly rows: number })[];
  /** Why the day failed; null if it did not. */
  readonly problem: ReceiptProblem | null;
  /** At most {@link MOST_FILES}: those with problems first. */
  readonly files: readonly {
    readonly key: string;
    readonly bytes: number;
    readonly fate: ReceiptFate;
    readonly rows?: Receipt['rows'];
    readonly refused?: Readonly<Record<string, number>>;
    readonly problem?: ReceiptProblem;
    /** Why it is ignored, in words. */
    readonly why?: string;
  }[];
  /** Files that are not named. */
  readonly moreFiles: number;
  /** Some of the refused rows, in the customer's own bucket only. */
  readonly examples?: readonly RefusedExample[];
}

const OUTCOMES: Readonly<Record<Settlement['state'], Receipt['outcome']>> = {
  succeeded: 'loaded',
  succeeded_no_data: 'no_data',
  failed: 'failed',
};

const FATES: Readonly<Record<FileFate['fate'], ReceiptFate>> = {
  loaded: 'loaded',
  failed: 'refused',
  left_out: 'ignored',
  held: 'waiting',
  gone: 'gone',
};

/** The outcome of a load: a day that fails again in the same way has the same one, so that its receipt is sent once. */
function outcomeHash(
  outcome: Pick<LedgerEntry, 'source' | 'dataset' | 'day' | 'state' | 'fingerprint' | 'version' | 'failure'>,
): string {
  const { source, dataset, day, state, fingerprint, version, failure } = outcome;
  const why = failure === undefined ? null : [failure.code, failure.message];
  return hashOf([source, dataset, day, state, fingerprint, version ?? null, why]);
}

/** 32 hex digits. */
function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The receipt of a load that is about to be settled, as the ledger keeps it. Times are epoch milliseconds. */
export function newReceipt(
  place: Pick<LedgerEntry, 'source' | 'dataset' | 'day'>,
  settled: Pick<Settlement, 'state' | 'fingerprint' | 'version' | 'failure'>,
  { startedAt, finishedAt }: Pick<SentReceipt, 'startedAt' | 'finishedAt'>,
): SentReceipt {
  const { state, failure } = settled;
  const hash = outcomeHash({ ...place, ...settled });
  return {
    // A failure that comes back after another one is a receipt of its own.
    ...{ id: hashOf([hash, finishedAt]), hash },
    ...{ startedAt, finishedAt },
    outcome: OUTCOMES[state],
    ...(failure === undefined ? {} : { failure }),
  };
}

/**
 * Key of a receipt in the customer's bucket: `<prefix>/<dataset>/<day>/<finished>-<id>.json`. Keys of a day sort by time. Null
 * without a receipt there.
 */
export function receiptKey(
  { source, dataset, day }: DropDay,
  { id, finishedAt }: Pick<SentReceipt, 'id' | 'finishedAt'>,
): string | null {
  const folder = datasetReceiptFolder(source, dataset);
  const time = new Date(finishedAt).toISOString().replace(/[-:.]/g, '');
  return folder === null ? null : `${folder}${day}/${time}-${id.slice(0, 8)}.json`;
}

/**
 * The receipt of a day, as the ledger has its last load. State and failure are those of that load: the day may have been queued
 * again since.
 *
 * @param examples Refused rows. Default: the receipt has no member for them.
 */
export function makeReceipt(
  entry: LedgerEntry,
  { id, startedAt, finishedAt, outcome, failure }: SentReceipt,
  examples?: readonly RefusedExample[],
): Receipt {
  const { source, dataset, day, version, rows, files } = entry;
  const named = [...files].sort((a, b) => Number(hasProblem(b)) - Number(hasProblem(a)));
  return {
    ...{ receipt: 1, id, source, dataset, day },
    outcome,
    version: version ?? null,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    rows: rowsOf(rows),
    refused: refusedRows(files),
    problem: failure === undefined ? null : problemOf(failure.code, failure.message),
    files: named.slice(0, MOST_FILES).map(fileOf),
    moreFiles: Math.max(0, files.length - MOST_FILES),
    ...(examples === undefined ? {} : { examples: examples.slice(0, MOST_EXAMPLES) }),
  };
}

function hasProblem({ fate, rows }: FileFate): boolean {
  return fate === 'failed' || (rows?.refused ?? 0) > 0;
}

function rowsOf({ in: read, out: written, refused }: LedgerEntry['rows']): Receipt['rows'] {
  return { read, written, refused };
}

function refusedRows(files: readonly FileFate[]): Receipt['refused'] {
  const counts = new Map<string, number>();
  for (const { refusedBy = {} } of files) {
    for (const [code, rows] of Object.entries(refusedBy)) counts.set(code, (counts.get(code) ?? 0) + rows);
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([code, rows]) => ({ ...problemOf(code), rows }));
}

/** A problem in words for the customer. */
function problemOf(code: string, message?: string): ReceiptProblem {
  const word = customerWord(code);
  return { code, message: hasCustomerDetail(code) ? (message ?? word.cause) : word.cause, cure: word.cure };
}

function fileOf({ key, size, fate, reason, detail, rows, refusedBy }: FileFate): Receipt['files'][number] {
  // Files that we never load are listed as ignored, even while the day waits for other files.
  const isIgnored = fate === 'held' && reason !== undefined && isLeftOutReason(reason);
  return {
    ...{ key, bytes: size, fate: isIgnored ? 'ignored' : FATES[fate] },
    ...(rows === undefined ? {} : { rows: rowsOf(rows) }),
    ...(refusedBy === undefined ? {} : { refused: refusedBy }),
    ...(fate === 'failed' && reason !== undefined && !isLeftOutReason(reason)
      ? { problem: problemOf(reason, detail) }
      : {}),
    ...(reason !== undefined && isLeftOutReason(reason) ? { why: leftOutReasons[reason] } : {}),
  };
}
