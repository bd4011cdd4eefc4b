/**
 * Largest body taken, bytes as sent. Lambda takes 6 MB an invocation, a binary body's base64 included, so
 * nothing larger arrives on AWS: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_BODY_BYTES = 6 * 1024 * 1024;

/**
 * Largest body after decompression. Real batches inflate about 12 times (2,000 events of the Rust core:
 * 138 kB sent, 1.6 MB of JSON), and Statsig itself takes 10 MB a request: three times that is a bomb.
 */
export const MAX_DECODED_BYTES = 32 * 1024 * 1024;

/**
 * Most events of one body. SDKs send some thousands at most (Server Core 2,000); more than these could not all be
 * looked at, be they `0`, before the SDK gives up waiting.
 */
export const MAX_EVENTS = 100_000;

/**
 * Most objects and arrays of one body: 20 for each of so many events; real ones have about 6. Parsed, an empty object
 * takes 10 times the bytes of its text, so that 32 MiB of them would fill the Lambda's memory.
 */
export const MAX_NODES = 20 * MAX_EVENTS;

/**
 * Most that a body may take to be parsed, in units of about 10 ns of one core (lib/base/jsonCost.ts). 32 MiB of batches
 * as SDKs write them take 30 million; bodies that are made to cost much take many times that.
 */
export const MAX_PARSE_UNITS = 50_000_000;

/** Characters that can't take much longer than that, whatever they are: a shorter body is not looked through first. */
export const UNMEASURED_LENGTH = 2 * 1024 * 1024;

/** Most that may be done for one body, all of it together, in the same units. */
export const MAX_UNITS = 150_000_000;

/**
 * A body whose time is up before so much was done for it found a slow machine, and is sent again. Beyond it, the body
 * itself takes long and would take as long again. A full batch of Server Core, 2,000 events, takes 3 million.
 */
export const HEAVY_UNITS = 20_000_000;

/**
 * Rows that one body may become, in UTF-16 units of their JSON, all together. What a batch's events share is in each of
 * their rows: 100,000 events with a user of 2 kB are 2 MB of text and 230 MB of rows. Real bodies become about half as
 * much again as they are; and at 3 bytes a unit an overflow object can hold it (lib/schema/deliveryLimits.ts).
 */
export const MAX_ROWS_LENGTH = 64 * 1024 * 1024;

/** A proxy may compress what an SDK has compressed already; more layers than this are no accident. */
export const MAX_ENCODING_LAYERS = 3;

/** Frames of one zstd body: one for each of as many events as an SDK sends at once, twice. An empty one has 9 bytes. */
export const MAX_ZSTD_FRAMES = 4_096;

/**
 * Milliseconds within which senders are answered that give up early, by their SDK. The legacy Go SDK waits 3 s, set in its
 * code (transport.go), from before it connects until the answer is read, and drops the batch then: a cold start and the
 * network take the rest.
 */
export const ANSWER_EARLY_MS: ReadonlyMap<string, number> = new Map([['go-sdk', 1_800]]);

/** Characters of an SDK key. Real ones have about 50. */
export const MAX_KEY_LENGTH = 256;

/** A sender's clock may be off by this many milliseconds before its events' times are corrected. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Oldest that an event may be, by its sender's clock, when it is sent, for that clock to be believed; milliseconds.
 * SDKs keep for days what they could not send; a clock that makes it longer is more likely no clock.
 */
export const MAX_AGE_WHEN_SENT_MS = 30 * 86_400_000;

/** Epoch milliseconds of 0001-01-01T00:00:00.000Z: years outside 1 to 9999 fit no `YYYY-MM-DD`. */
export const MIN_TIME_MS = -62_135_596_800_000;

/** Epoch milliseconds of 9999-12-31T23:59:59.999Z. */
export const MAX_TIME_MS = 253_402_300_799_999;
