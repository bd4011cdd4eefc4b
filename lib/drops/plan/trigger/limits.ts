/** Limits of `POST /v1/mark_data_ready_dwh`. */

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
