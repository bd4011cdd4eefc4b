/** Largest Firehose record, bytes before base64: https://docs.aws.amazon.com/firehose/latest/APIReference/API_Record.html */
export const MAX_RECORD_BYTES = 1_024_000;

/** AWS bills each record rounded up to this many bytes: https://aws.amazon.com/firehose/pricing/ */
export const BILLED_STEP_BYTES = 5_120;

/**
 * Milliseconds before the deadline that are reserved for putting an object. One PutObject takes some tens of
 * milliseconds.
 */
export const OBJECT_MS = 1_000;

/** The most days that `timeWindow` can include: the writer makes a file for each day that has rows. */
export const MAX_WINDOW_DAYS = 500;

/** Calls in a row without one acknowledged record after which a stream counts as away. */
export const BREAKER_CALLS = 2;

/** Milliseconds that a call must have had for its failure to count against its stream. */
export const FAIR_CALL_MS = 250;

/**
 * Milliseconds that a call may take after a call that acknowledged nothing. A healthy stream answers within some tens
 * of milliseconds.
 */
export const PROBE_CALL_MS = 1_000;

/** Pauses between calls to a stream that is away. Within a minute after the stream is back, rows go to it again. */
export const PROBE_PAUSES = { baseMs: 1_000, capMs: 20_000 } as const;

/** The most bytes of the rows of one request: at most 32 Mi UTF-16 units (lib/wire/limits.ts), and refused items. */
export const MAX_LANDED_BYTES = 268_435_456;
