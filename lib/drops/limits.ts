import { HOUR_MS } from '../base/time.ts';

// Listing and looking into drops.

/**
 * Objects of all days that one check covers. More are refused by name: a day of that many, with its ledger entry, is
 * what fits the memory of `ingest-plan`.
 */
export const MAX_OBJECTS = 200_000;
/**
 * List calls for a day's folder or for Spark's log beside the days, of 1,000 objects each: batches of a minute each
 * fill them in 19 years. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export const MAX_LIST_CALLS = 10_000;
/** Objects of a day from which one day at a time is planned, of all datasets that are planned in parallel. */
export const MANY_OBJECTS = 5_000;
/**
 * List calls with which a run looks for days outside of its lookback, of 1,000 folders each: three years of
 * `YYYY-MM-DD`, two of `YYYY/MM/DD`; and as many for files there that are newer than those that were loaded, in turns.
 */
export const MAX_FOLDER_CALLS = 30;
/** Days outside of the lookback whose files and entry a run compares, and then those of one page. */
export const MAX_COMPARED_DAYS = 100;
/** Names that are no days, of those that a look outside of the lookback notes. */
export const MAX_OTHERS = 3;
/**
 * Reads of four bytes at the same time, of objects whose names are not those of Parquet files. Each is only a round
 * trip.
 */
export const PARALLEL_LOOKS = 32;

/** Objects of a folder's log that are read at the same time. */
export const PARALLEL_LOGS = 4;
/** Bytes of a marker `_committed_…`: about the names of MAX_OBJECTS files. Four of them fit the memory. */
export const MAX_MARKER_BYTES = 32 * 1_048_576;
/** Bytes of a line of Spark's log, with the path of one file. A key has at most 1,024 bytes, each escaped by three. */
export const MAX_LOG_LINE_BYTES = 64 * 1_024;

// The plan. Each limit turns endless work into a failure with a code.

/** Datasets that are planned in parallel. */
export const PARALLEL_DATASETS = 8;
/** Milliseconds after which a task that no load has started is queued again. Its message is lost by then. */
export const REQUEUE_AFTER_MS = 6 * HOUR_MS;
/** Milliseconds after which a failed day with the same files is retried. */
export const RETRY_AFTER_MS = 12 * HOUR_MS;
/**
 * Days for which a day that failed, or never came, is named, however old it is: after its last try, and after its
 * lookback.
 */
export const NAMED_DAYS = 30;
/** Most days of a dataset that a run looks at besides those of the lookback. */
export const MAX_OPEN_DAYS = 366;
/** Minimum delay before waiting days are checked again, seconds. */
export const MIN_DELAY_SECONDS = 60;
/** How often a run checks waiting days again: for 24 hours, at `MAX_DELAY_SECONDS` each. */
export const MAX_ROUNDS = 96;
/** Milliseconds after which a day that waits for its marker is checked again. Each check takes about one list call. */
export const MARKER_AFTER_MS = 15 * 60_000;
/** Milliseconds for which a run waits for sources of which none ends any more, before their datasets count as unreadable. */
export const RUN_ENDS_MS = 45 * 60_000;
/** Rounds after which waiting days are checked only every `MAX_DELAY_SECONDS`. */
export const PATIENT_ROUNDS = 4;

// The load.

/** How often the function may be killed while it loads a day. */
export const MAX_KILLS = 2;
/** How often a day is listed because a file was replaced while it was read. */
export const MAX_LISTINGS = 4;
/**
 * Part of the disk that the files of one piece of a day may take: decoded rows take up to ten times their files, and
 * the result is there, too.
 */
export const PIECE_SHARE = 1 / 16;
/** Files of one piece. Each takes a round trip, and is named in the piece's result. */
export const MAX_PIECE_FILES = 10_000;
/**
 * Milliseconds after which the task of a next piece that nobody has taken is taken for lost, once its sender's message
 * comes again.
 */
export const PIECE_TAKEN_MS = 10 * 60_000;
/** Results of pieces that are read at the same time. */
export const PARALLEL_RESULTS = 8;
/** Ledger entries of any days that are read at the same time. Each may name MAX_OBJECTS files. */
export const PARALLEL_ENTRIES = 2;
/** Notes on versions that the sweep after a load processes. The hourly sweep processes all that are due. */
export const MAX_SWEPT = 50;

// The trigger, `POST /v1/mark_data_ready_dwh`.

/** Days that one call may name: a month. Statsig's own API accepts one. */
export const MAX_DAYS = 31;
/** Sources that one call, or a request of the plan, may name: as many as a configuration has. */
export const MAX_SOURCES = 100;
/** Datasets that a request of the plan may name. */
export const MAX_DATASETS = 200;
/** Characters of a body: enough for the most days and names. */
export const MAX_BODY_LENGTH = 16_384;
/** Milliseconds between two starts of one source. */
export const TRIGGER_PAUSE_MS = 10 * 60_000;
