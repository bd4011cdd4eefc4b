import { s3Ledger } from '../../lib/aws/s3Ledger.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { LedgerEntry, LedgerPlace } from '../../lib/drops/ledger/LedgerEntry.ts';
import type { Place } from '../place.ts';

/** Entries that are read in parallel. */
const PARALLEL = 16;

/** A day and its entry in the ledger; null if it has none. */
export interface LedgerDay {
  readonly day: UtcDay;
  readonly entry: LedgerEntry | null;
}

/** Reads days of several subjects from the ledger, in the order of subjects and days. */
export async function readLedgerDays(
  { s3, config }: Pick<Place, 's3' | 'config'>,
  subjects: readonly (readonly Pick<LedgerPlace, 'source' | 'dataset' | 'day'>[])[],
): Promise<readonly (readonly LedgerDay[])[]> {
  const ledger = s3Ledger(s3, config.bucket);
  const read = await mapLimit(subjects.flat(), PARALLEL, async (place) => ({
    day: place.day,
    entry: (await ledger.read(place))?.entry ?? null,
  }));
  let taken = 0;
  return subjects.map((places) => {
    taken += places.length;
    return read.slice(taken - places.length, taken);
  });
}
