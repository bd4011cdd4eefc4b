/** Largest Firehose record, bytes before base64: https://docs.aws.amazon.com/firehose/latest/APIReference/API_Record.html */
export const MAX_RECORD_BYTES = 1_024_000;

/**
 * Documents that deaggregation takes out of one record:
 * https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
 */
export const MAX_DOCUMENTS_PER_RECORD = 500;

/** Records of one call: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
export const MAX_RECORDS_PER_CALL = 500;

/** Bytes of one call, its records together (4 MiB), same page. */
export const MAX_CALL_BYTES = 4_194_304;

/** AWS bills each record rounded up to this many bytes: https://aws.amazon.com/firehose/pricing/ */
export const BILLED_STEP_BYTES = 5_120;

/**
 * Most delivery streams of one table. The alarms, metrics and permissions of so many fit the stack, and a call reads their
 * metrics.
 */
export const MAX_SHARDS = 20;

/** How often a record is put at most, the first time included. */
export const MAX_ATTEMPTS = 6;

/** Pauses between attempts: SDKs wait few seconds for an answer, so they are short. */
export const BACKOFF = { baseMs: 50, capMs: 1_000 } as const;

/**
 * Bytes that an overflow object may inflate to: a request's body may inflate to 32 MiB (lib/wire/limits.ts), and
 * a row repeats what its batch has in common.
 */
export const MAX_OVERFLOW_BYTES = 268_435_456;

/** Milliseconds before the deadline that are kept for writing overflow. One PutObject takes some tens of them. */
export const OVERFLOW_MS = 1_000;

/**
 * Days that a stream may have open at once; what belongs to any other goes to its error prefix. AWS raises it on
 * request. https://docs.aws.amazon.com/firehose/latest/dev/limits.html
 */
export const MAX_ACTIVE_PARTITIONS = 500;

/** Milliseconds that writing overflow takes at least: with less left it is not begun, for compressing can't be stopped. */
export const SPILL_AT_LEAST_MS = 100;

/** Calls in a row without one acknowledged record after which a stream counts as away. */
export const BREAKER_CALLS = 2;

/** Milliseconds that a call must have had for its failure to count against its stream. */
export const FAIR_CALL_MS = 250;

/** Milliseconds that a call may take after one that acknowledged nothing. A stream that is well answers within some tens. */
export const PROBE_CALL_MS = 1_000;

/** Pauses between calls to a stream that is away. Rows go to it again within a minute after it is well. */
export const PROBE_PAUSES = { baseMs: 1_000, capMs: 20_000 } as const;
