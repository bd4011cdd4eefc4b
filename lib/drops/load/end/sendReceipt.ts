import { createHash } from 'node:crypto';
import { defineErrorFamily, errorCode, SluiceError } from '../../../base/errors.ts';
import { failureFields } from '../../../base/log.ts';
import type { Settlement } from '../../../ledger/Ledger.ts';
import type { FileFate, LedgerEntry } from '../../../ledger/LedgerEntry.ts';
import { FileError } from '../../../parquet/FileError.ts';
import { datasetReceiptFolder } from '../../../schema/sources.ts';
import { SourceError } from '../../SourceError.ts';
import type { DayLoad } from '../Progress.ts';

/** Why a receipt could not be written. The load is done all the same, and the day's next load has a receipt again. */
export const ReceiptError = defineErrorFamily('user', {
  SLUICE_RECEIPT_ACCESS_DENIED: {
    cause: "The customer's bucket refuses to store a receipt.",
    cure: "First ask the customer whether a statement of the bucket's policy demands an encryption header: S3 does not say so to another account. Terraform's `denyUnencryptedObjectUploads` and `denyIncorrectEncryptionHeaders` need `encryption: 'AES256'` of the source, or the key of the bucket as `kmsKeyArn`; `denyIncorrectKmsKeySse` needs the key. Then deploy. If no statement does, the customer applies the policy again, which allows `s3:PutObject` on the folder of receipts: `sluice policy print --for ingest-source --source …`. Then `sluice ingest backfill` writes it.",
  },
  SLUICE_RECEIPT_KEY_DENIED: {
    cause: "The key of the customer's bucket refuses to encrypt a receipt.",
    cure: 'Set `kmsKeyArn` of the source. The customer applies the key policy again, which allows `kms:GenerateDataKey`: `sluice policy print --for ingest-source --source …`. Then `sluice ingest backfill` writes it.',
  },
  SLUICE_RECEIPT_BUCKET_FAILED: {
    cause: "The customer's bucket could not be written.",
    cure: "Look at the code in the detail. The day's next load has a receipt again; `sluice ingest backfill` loads it now.",
  },
});

/** Most files that a receipt names. The others are counted. */
const MAX_FILES = 1_000;

/**
 * A customer's receipt of one load of a day, as the ledger accounts for it: docs/ingest-customer.md, "Receipts". Members may
 * be added but never changed.
 */
export interface Receipt {
  /** The version of this form. */
  readonly receipt: 1;
  /** The name of the source. */
  readonly source: string;
  /** The name of the dataset. */
  readonly dataset: string;
  /** The day of the folder, `YYYY-MM-DD`. */
  readonly day: string;
  /** How the load has ended. */
  readonly state: Settlement['state'];
  /** The version of the day that readers see now; null if they see no rows. */
  readonly version: string | null;
  /** When the load began, ISO 8601. */
  readonly startedAt: string;
  /** When it ended, ISO 8601. */
  readonly finishedAt: string;
  /** How many rows were read, loaded and refused. */
  readonly rows: Settlement['rows'];
  /** Why nothing of the day was loaded; null if it was. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** The files, at most {@link MAX_FILES}: those with problems come first. */
  readonly files: readonly FileFate[];
  /** Files that are not named. */
  readonly moreFiles: number;
}

/**
 * Writes the receipt of a load that is about to be settled into the customer's bucket. A load that is killed afterwards
 * writes it again. A day that fails again in the same way has none. It never throws.
 *
 * @returns What the ledger notes of it; undefined if the source gets none.
 */
export async function sendReceipt(
  { loader, invocation, place, progress }: DayLoad,
  settlement: Settlement,
): Promise<LedgerEntry['receipt']> {
  const { putReceipt, clock, log } = loader;
  const { entry } = progress.claim;
  const folder = datasetReceiptFolder(place.source, place.dataset);
  if (putReceipt === undefined || folder === null) return undefined;
  const { version = entry.version ?? null } = settlement;
  const hash = outcomeHash({ ...settlement, version });
  if (entry.receipt?.hash === hash && entry.receipt.failure === undefined) return entry.receipt;
  const finishedAt = new Date(clock.now()).toISOString();
  const times = { startedAt: new Date(progress.startedAt).toISOString(), finishedAt };
  const key = `${folder}${place.day}/${finishedAt.replace(/[-:.]/g, '')}-${hash.slice(0, 8)}.json`;
  const about = { source: place.source.name, dataset: place.dataset.name, day: place.day };
  try {
    if (clock.now() > invocation.deadline || invocation.signal.aborted)
      throw new ReceiptError('SLUICE_RECEIPT_BUCKET_FAILED', 'No time was left for it.');
    const receipt = makeReceipt(about, { ...settlement, version }, times);
    await putReceipt({ ...place, folder }, key, `${JSON.stringify(receipt, null, 2)}\n`);
    return { hash };
  } catch (error) {
    const { code, message } = toReceiptError(error);
    log({ level: 'error', event: 'ingest_receipt', ...about, code, ...failureFields(error) });
    return { hash, failure: { code, message }, failingSince: entry.receipt?.failingSince ?? clock.now() };
  }
}

/** The error as one of Sluice. Of any other error only the code or the name is kept. */
function toReceiptError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  return new ReceiptError('SLUICE_RECEIPT_BUCKET_FAILED', `${errorCode(error)}.`, { cause: error });
}

/** How a load has ended, and the version that readers see. */
type Outcome = Omit<Settlement, 'version'> & Pick<Receipt, 'version'>;

/** A digest of what a receipt says of a load: an equal outcome needs no other receipt. */
function outcomeHash({ state, fingerprint, version, failure }: Outcome): string {
  const why = failure === undefined ? null : [failure.code, failure.message];
  const parts = JSON.stringify([state, fingerprint, version, why]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 32);
}

/** The receipt of a settled load. */
export function makeReceipt(
  about: Pick<Receipt, 'source' | 'dataset' | 'day'>,
  { state, version, rows, files, failure }: Outcome,
  times: Pick<Receipt, 'startedAt' | 'finishedAt'>,
): Receipt {
  const named = files.toSorted((a, b) => Number(hasProblem(b)) - Number(hasProblem(a)));
  return {
    receipt: 1,
    ...about,
    state,
    version,
    ...times,
    rows,
    failure: failure === undefined ? null : { ...failure, message: messageOf(failure) },
    files: named.slice(0, MAX_FILES),
    moreFiles: Math.max(0, files.length - MAX_FILES),
  };
}

/** Whether a file failed or has refused rows. Such files come first, because the list is cut. */
function hasProblem({ fate, rows }: FileFate): boolean {
  return fate === 'failed' || (rows?.refused ?? 0) > 0;
}

/**
 * The message for the customer: that of an error about files or their bucket. Others may name what is not the
 * customer's.
 */
function messageOf({ code, message }: NonNullable<Receipt['failure']>): string {
  const isTheirs = [FileError.entries, SourceError.entries].some((entries) => Object.hasOwn(entries, code));
  return isTheirs ? message : 'The load failed. Nothing of the day was loaded.';
}
