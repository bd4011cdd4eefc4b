/** Limits of the plan; each of them makes a failure with a name of what would otherwise go on for ever. */

/** Datasets that are looked at side by side. */
export const PARALLEL_DATASETS = 8;
/** Ledger entries of a dataset that are read side by side. */
export const PARALLEL_DAYS = 8;
/** Days that one request may name: a year and a day, and some. */
export const MAX_REQUEST_DAYS = 400;
/** Milliseconds after which a task that nobody has begun is queued again: its message is lost by then. */
export const REQUEUE_AFTER_MS = 6 * 3_600_000;
/** Milliseconds after which a failed day is tried again, though its files are the same. */
export const RETRY_AFTER_MS = 12 * 3_600_000;
/** Seconds after which days that wait are looked at again at the soonest. */
export const LEAST_DELAY_SECONDS = 60;
/** Times that a run looks again at days that wait: a day and a night, at `MAX_DELAY_SECONDS` each. */
export const MAX_ROUNDS = 96;
/** Milliseconds after which a day that waits for its marker is looked at again: a list call or so each time. */
export const MARKER_AFTER_MS = 15 * 60_000;
/** Rounds after which days that still wait are looked at again only every `MAX_DELAY_SECONDS`. */
export const PATIENT_ROUNDS = 4;
