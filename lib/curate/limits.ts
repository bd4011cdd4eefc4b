import { HOUR_MS, MINUTE_MS } from '../base/time.ts';
import { VERSION_KEPT_MS } from '../ledger/versions.ts';

// The plan.

/**
 * Days that one nightly run queues for each table, the newest first: a year of history is queued within twelve nights, and
 * the days that queries ask for most within the first. Days that somebody names are not counted.
 */
export const MOST_DAYS_A_NIGHT = 31;
/**
 * Bytes of raw files that one nightly run queues for each table; at least one day. Days that are cut into slices take the
 * longest: two of 26 GB some 20 hours (lib/curate/engine/planCuration.ts), with a function for each table
 * (`maximumConcurrency` of `curate` in serverless.yml). Their slices take turns in the queue, so more of them at once would
 * all be outdated ({@link VERSION_VALID_MS}) before one is done.
 */
export const MOST_BYTES_A_NIGHT = 64 * 10 ** 9;
/** Milliseconds after which a task that nobody has finished is queued again: before the next night. */
export const REQUEUE_AFTER_MS = 20 * HOUR_MS;
/**
 * Milliseconds after a version was made in which one of its raw files may be gone because the writer has taken it back, and
 * has not yet written its rows into another: a round that fails removes its files within minutes.
 */
export const TAKEN_BACK_MS = 2 * HOUR_MS;
/**
 * Milliseconds before the deadline in which a run looks at no further day: it publishes the list, and sends what it has
 * found. That takes some pages of partitions, an update of each view, and at most 31 tasks of each table.
 */
export const PUBLISH_MS = MINUTE_MS;
/** Days that are looked at in parallel, with one or more list calls each. */
export const PARALLEL_DAYS = 16;
/** Pages of partitions of one table: 1,000 each, or fewer. */
export const MOST_PARTITION_PAGES = 100;
/** Pages of day folders of one table, 1,000 each. */
export const MOST_DAY_PAGES = 20;
/**
 * The most raw files of a day that are listed: a day of 10,000 events a second has some 5,000. So many files, with a
 * ledger entry that names as many others, are what fits the memory of `curate-plan`.
 */
export const MOST_RAW_FILES = 50_000;
/** From so many raw files on, of all days that are listed in parallel only one is held at a time. */
export const MANY_RAW_FILES = 2_000;
/** Ledger entries that are written in parallel. Each may name {@link MOST_RAW_FILES}. */
export const PARALLEL_ENTRIES = 2;

// A version.

/** Files of a version that are uploaded at the same time. */
export const PARALLEL_UPLOADS = 4;
/** Milliseconds after which a version that was begun is deleted unless queries read it. */
export const BEGUN_KEPT_MS = 2 * VERSION_KEPT_MS;
/**
 * Milliseconds after which nobody begins to work on a version. Work that was begun before ends long before the version
 * is deleted.
 */
export const VERSION_VALID_MS = 36 * HOUR_MS;

// The list of days that views read.

/** Attempts of a change of the list that loses to other writers. */
export const LIST_RETRIES = { tries: 20, baseMs: 50, capMs: 1_000 } as const;
/** Attempts of an update of one view that loses to other writers. */
export const VIEW_RETRIES = { tries: 10, baseMs: 100, capMs: 2_000 } as const;
