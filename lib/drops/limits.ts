// Listing and looking into drops.

/**
 * List calls for one dataset in one run, of 1,000 objects each: 200,000 in the days looked at. More is refused by name.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export const MAX_LIST_CALLS = 200;

/**
 * Objects of one day whose names say that they are no Parquet, and into which a load looks: one read of four bytes each, or
 * two. More is refused by name.
 */
export const MOST_LOOKED_INSIDE = 10_000;
/** Such reads at the same time: each is a round trip and nothing else. */
export const PARALLEL_LOOKS = 32;

// The plan: each limit turns what would otherwise go on for ever into a failure with a name.

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

// The load.

/**
 * Reads of the customer's bucket at the same time. Small files cost a round trip each, so there are more than a
 * connection's bandwidth asks for; below the SDK's 50 sockets.
 */
export const PARALLEL_READS = 32;
/** Bytes that one read asks for; a larger file is read in as many ranges, side by side. */
export const READ_BYTES = 32 * 1024 * 1024;
/** Times that one read is tried when its body breaks off; before that the SDK's own tries. */
export const READ_TRIES = 3;
/** Milliseconds in which one read must end: a stalled connection is left. */
export const READ_TIMEOUT_MS = 120_000;
/** Part of the disk that is free which files may take: mapped rows and what DuckDB spills need the rest. */
export const FILES_SHARE_OF_DISK = 0.5;
/** Times that a day is listed anew because a file was replaced while it was read. */
export const MOST_LISTINGS = 4;
/** Files of a version that are uploaded at the same time. */
export const PARALLEL_UPLOADS = 4;
/** Milliseconds that a version is kept which no query reads any more: those that began before it was replaced go on. */
export const VERSION_KEPT_MS = 24 * 3_600_000;
/** Notes on versions that the sweep after a load works off; the hourly sweep works off all that are due. */
export const MOST_SWEPT = 50;
/** Versions that a sweep deletes at the same time. */
export const PARALLEL_SWEPT = 8;
/** Calls that empty one version's folder, 1,000 files each. What is left is the next sweep's. */
export const MOST_REMOVALS = 20;

// The preview.

/** Bytes of a file's end that are fetched first: most footers are in them. */
export const FOOTER_GUESS_BYTES = 64 * 1_024;
/** Bytes of row groups that a preview fetches: the first group whatever its size, more of them up to here. */
export const PREVIEW_BYTES = 32 * 1_024 * 1_024;
/** Bytes of one row group, or of one footer, beyond which a preview gives up: it is on somebody's own machine. */
export const LARGEST_PART_BYTES = 1_024 * 1_024 * 1_024;

// The trigger, `POST /v1/mark_data_ready_dwh`.

/** Days that one call may name: a month. Statsig's own names one. */
export const MAX_DAYS = 31;
/** Sources that one call may name: as many as a configuration has. */
export const MAX_SOURCES = 100;
/** Characters of a body: what so many days and names take, and room. */
export const MAX_BODY_LENGTH = 16_384;
/**
 * Milliseconds between two starts of one source, Statsig's own limit:
 * https://docs.statsig.com/data-warehouse-ingestion/introduction
 */
export const TRIGGER_PAUSE_MS = 2 * 3_600_000;
