/** Limits of the export. */

/** Bytes of one part, and the largest file that goes up in one piece. S3 takes parts from 5 MiB to 5 GiB. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const PART_BYTES = 16 * 1024 ** 2;
/** Parts of one upload (same page): larger files have larger parts. */
export const MOST_PARTS = 10_000;
/** Files of a day that are copied side by side: each holds two parts in memory at most. */
export const PARALLEL_FILES = 4;
/** Exported tables that are looked at side by side. */
export const PARALLEL_EXPORTS = 4;
/** Days of a table that are looked at side by side. */
export const PARALLEL_DAYS = 8;
/** Files of one day that a task takes: 100 list calls. More is refused by name. */
export const MOST_FILES = 100_000;
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
