import { HOUR_MS, MINUTE_MS } from '../base/time.ts';

// Limits of the export.

/** Files of a day that are copied in parallel. Each holds at most two parts in memory. */
export const PARALLEL_FILES = 4;
/**
 * Exports that are planned in parallel, each a day at a time: the files of a day, and those that its ledger entry
 * names, may be {@link MOST_FILE_PAGES} each, and a few such days fit the memory.
 */
export const PARALLEL_EXPORTS = 2;
/** Pages of one day's files, 1,000 objects each. A day with more pages is refused by name. */
export const MOST_FILE_PAGES = 50;
/**
 * Pages of a day's folder in the customer's bucket: new files, old files and other objects. A folder with more pages is
 * refused by name.
 */
export const MOST_TARGET_PAGES = 150;
/** Pages of the folders in an export's folder in the customer's bucket, 1,000 each. With more it is refused by name. */
export const MOST_FOLDER_PAGES = 10;
/** Pages of Glue's answer for a hundred days. A page may have few partitions, or none. */
export const MOST_PARTITION_PAGES = 100;
/** Pages of unfinished uploads that one export aborts, 1,000 each. The next export continues. */
export const MOST_UPLOAD_PAGES = 5;
/** Uploads that are aborted in parallel. */
export const PARALLEL_ABORTS = 8;
/**
 * The age, in milliseconds, from which on a new file of a raw table is exported: the writer may take back what it has
 * just put.
 */
export const SETTLED_MS = 30 * MINUTE_MS;
/** How often a day is listed because files changed while they were copied. */
export const LIST_ROUNDS = 3;
/** Days that one request may name. */
export const MOST_DAYS = 400;
/** Milliseconds after which a task that was not started is queued again. Its message is lost by then. */
export const REQUEUE_AFTER_MS = HOUR_MS;
/** Milliseconds after which a run retries a failed day: the next run of an hourly schedule. */
export const RETRY_AFTER_MS = 45 * MINUTE_MS;
/** Seconds before a task that ran out of time continues. */
export const GO_ON_AFTER_SECONDS = 5;
/**
 * How often a task continues with one day: 13 minutes each, so about a day. Then the day fails, as it is out of time.
 */
export const MAX_ROUNDS = 96;
