/** Limits of the export. */

/** Files of a day that are copied side by side: each holds two parts in memory at most. */
export const PARALLEL_FILES = 4;
/** Exported tables that are looked at side by side. */
export const PARALLEL_EXPORTS = 4;
/** Days of a table that are looked at side by side. */
export const PARALLEL_DAYS = 8;
/** Pages, of 1,000 objects each, of one day's files. More is refused by name. */
export const MOST_FILE_PAGES = 100;
/** Pages of a day's folder in the customer's bucket: the new files, the old ones, and somebody else's. More is refused by name. */
export const MOST_TARGET_PAGES = 300;
/** Pages that Glue answers for a hundred days: it may answer fewer on a page than there are, down to none. */
export const MOST_PARTITION_PAGES = 100;
/** Pages, of 1,000 each, of uploads that were never ended and that one export gives up; the next goes on. */
export const MOST_UPLOAD_PAGES = 5;
/** Uploads that are given up side by side. */
export const PARALLEL_ABORTS = 8;
/** Times that a day is listed anew because files changed while they were copied. */
export const LIST_ROUNDS = 3;
/** Days that one request may name. */
export const MOST_DAYS = 400;
/** Milliseconds after which a task that nobody has begun is queued again: its message is lost by then. */
export const REQUEUE_AFTER_MS = 3_600_000;
/** Milliseconds after which a failed day is tried again by a run: the next of an hourly schedule. */
export const RETRY_AFTER_MS = 45 * 60_000;
/** Seconds before a task that ran out of time goes on. */
export const GO_ON_AFTER_SECONDS = 5;
/** Times that a task goes on with one day: 13 minutes each, so about a day. Then the day fails, out of time. */
export const MAX_ROUNDS = 96;
