import { DAY_MS, MINUTE_MS } from '../base/time.ts';

/**
 * Largest accepted body, in bytes as sent. Lambda accepts 6 MB an invocation, including the base64 of a binary body, so
 * nothing larger arrives on AWS: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_BODY_BYTES = 6 * 1024 * 1024;

/**
 * Largest body after decompression. Real batches inflate about 12 times (2,000 events of the Rust core:
 * 138 kB sent, 1.6 MB of JSON), and Statsig itself takes 10 MB a request.
 */
export const MAX_DECODED_BYTES = 10 * 1024 * 1024;

/** Most events of one body. SDKs send a few thousand at most (Server Core 2,000). */
export const MAX_EVENTS = 10_000;

/**
 * Most objects, arrays and members of one body: 10 MiB as SDKs write them have 540,000. A parsed empty object needs 10 times
 * the bytes of its text, so 10 MiB of them would fill the Lambda's memory.
 */
export const MAX_PARTS = 700_000;

/** Characters whose parts are not counted: they cannot need much memory, whatever they are. */
export const UNCOUNTED_LENGTH = 2 * 1024 * 1024;

/**
 * A body that runs out of time and is shorter than this met a slow machine, and the SDK sends it again. A longer body
 * is costly itself, and would run out of time again. A full batch of Server Core, 2,000 events, has 1.6 million
 * characters.
 */
export const HEAVY_LENGTH = 2 * 1024 * 1024;

/**
 * Total length of the rows of one body, in UTF-16 units of their JSON. At 3 bytes a unit, a record can hold them
 * (lib/schema/deliveryLimits.ts).
 */
const MAX_ROWS_LENGTH = 32 * 1024 * 1024;

/**
 * Most units of rows for each unit of the body's text. Each row repeats what its batch shares: 99,000 events with one
 * user of 400 bytes are 7 kB of gzip and 62 MB of rows. The rows of recorded bodies (test/fixtures/statsig) are 1.4 to
 * 2.7 times as long as the body, and those of js-client's events with only a name and a time 8 times.
 */
const MAX_ROWS_FACTOR = 10;

/** Rows that are no longer than this are always accepted: 500 small events that share a user of 6 kB. */
const FREE_ROWS_LENGTH = 4 * 1024 * 1024;

/** Most units of the rows of a body. @param length UTF-16 units of its text. */
export function maxRowsLength(length: number): number {
  return Math.min(MAX_ROWS_LENGTH, Math.max(FREE_ROWS_LENGTH, MAX_ROWS_FACTOR * length));
}

/** Most layers of compression: a proxy can compress what an SDK has already compressed. */
export const MAX_ENCODING_LAYERS = 3;

/** Most frames of one zstd body: twice the events that an SDK sends at once. An empty frame has 9 bytes. */
export const MAX_ZSTD_FRAMES = 4_096;

/**
 * Milliseconds within which SDKs with a short timeout get their answer, by SDK type. The legacy Go SDK waits 3 s from
 * before it connects until it has read the answer (transport.go), and then drops the batch. A cold start and the network
 * need the rest.
 */
export const ANSWER_EARLY_MS: ReadonlyMap<string, number> = new Map([['go-sdk', 1_800]]);

/** Characters of an SDK key. Real ones have about 50. */
export const MAX_KEY_LENGTH = 256;

/** Times are corrected when the sender's clock is off by more than this many milliseconds. */
export const CLOCK_TOLERANCE_MS = 5 * MINUTE_MS;

/**
 * Greatest age of an event when it is sent, by its sender's clock, for that clock to be trusted; milliseconds. SDKs keep
 * unsent events for days. A greater age is more likely a wrong clock.
 */
export const MAX_AGE_WHEN_SENT_MS = 30 * DAY_MS;

/** Epoch milliseconds of 0001-01-01T00:00:00.000Z: years outside 1 to 9999 fit no `YYYY-MM-DD`. */
export const MIN_TIME_MS = -62_135_596_800_000;

/** Epoch milliseconds of 9999-12-31T23:59:59.999Z. */
export const MAX_TIME_MS = 253_402_300_799_999;
