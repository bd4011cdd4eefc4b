import { listObjects, type ObjectStore } from '../../../lib/base/ObjectStore.ts';
import { DAY_MS, utcDay } from '../../../lib/base/time.ts';
import { REDRIVEN_FOLDER } from '../../../lib/tables/ledgerKeys.ts';

/** Characters of a time in ISO 8601 with milliseconds. */
const TIME_LENGTH = 24;

/**
 * When a redrive delivered rows of quarantine last, today or yesterday by UTC, ISO 8601; null if none did. Keys of its record have
 * the time.
 *
 * @param now Epoch milliseconds.
 * @throws What S3's client throws.
 */
export async function lastRedrive(store: ObjectStore, now: number): Promise<string | null> {
  let last: string | null = null;
  // S3 lists by key, and so by time.
  for (const day of [utcDay(now - DAY_MS), utcDay(now)])
    for await (const { key } of listObjects(store, `${REDRIVEN_FOLDER}${day}`))
      last = key.slice(REDRIVEN_FOLDER.length, REDRIVEN_FOLDER.length + TIME_LENGTH);
  return last;
}
