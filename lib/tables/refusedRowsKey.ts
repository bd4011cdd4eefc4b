import type { Config } from '../config/configSchema.ts';
import { type UtcDay, utcDay } from '../time/utcDay.ts';
import { dayFolder } from './tableFolders.ts';

/** What the name of such a file begins with. */
export const REFUSED_ROWS_PREFIX = 'ingest-';

/** Characters of a fingerprint that tell the states of one day's files apart. */
const STATE_LENGTH = 16;

/**
 * Where the rows that were refused of a dataset's day are: one file in the quarantine table, under the day on which the
 * last of the dropped files was received. The same files have the same key, however often they are loaded, so no load
 * makes a second copy of a refused row. The registrar sees the file come, as it sees Firehose's.
 */
export function refusedRowsKey(
  layout: Pick<Config, 'statsigFolder' | 'tables'>,
  drop: {
    readonly table: string;
    /** Of the drop's folder. */
    readonly day: UtcDay;
    readonly fingerprint: string;
    /** Epoch milliseconds. */
    readonly receivedAt: number;
  },
): string {
  const folder = dayFolder(layout, 'quarantine', utcDay(drop.receivedAt));
  return `${folder}${REFUSED_ROWS_PREFIX}${drop.table}-${drop.day}-${drop.fingerprint.slice(0, STATE_LENGTH)}.parquet`;
}
