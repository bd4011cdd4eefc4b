import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { LedgerEntry, LedgerSubject } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import type { Deployment } from '../../deployment.ts';

/** Entries that are read in parallel. */
const PARALLEL = 16;

/** A day and its entry in the ledger; null if it has none. */
export interface LedgerDay {
  readonly day: UtcDay;
  readonly entry: LedgerEntry | null;
}

/** Reads days of several subjects from the ledger, in the order of subjects and days. */
export async function readLedgerDays(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  subjects: readonly (readonly Pick<LedgerSubject, 'source' | 'dataset' | 'day'>[])[],
): Promise<readonly (readonly LedgerDay[])[]> {
  const ledger = ledgerStore(s3ObjectStore(s3, config.bucket));
  const read = await mapLimit(subjects.flat(), PARALLEL, async (subject) => ({
    day: subject.day,
    entry: (await ledger.read(subject))?.entry ?? null,
  }));
  let taken = 0;
  return subjects.map((places) => {
    taken += places.length;
    return read.slice(taken - places.length, taken);
  });
}
