/** Limits of a load. */

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
