import { createHash, randomUUID } from 'node:crypto';
import { errorCode, errorText } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { type Clock, isoDay } from '../../base/time.ts';
import { FAIR_CALL_MS, MAX_RECORD_BYTES, OBJECT_MS } from '../../schema/deliveryLimits.ts';
import { directRecordKey } from '../../tables/objectKeys.ts';
import type { StreamBreaker } from './StreamBreaker.ts';

/** Puts one record into the stream, once. Throws Firehose's error, or when it takes longer than `timeoutMs`. */
export type PutRecord = (record: Uint8Array, timeoutMs: number) => Promise<void>;

/** Stores one object. Throws the error of the store, or when it takes longer than `timeoutMs`. */
export type PutRecordObject = (
  object: { readonly key: string; readonly body: Uint8Array },
  timeoutMs: number,
) => Promise<void>;

/** Stores records of requests as objects of a bucket. */
export function putRecordObject(store: Pick<ObjectStore, 'write'>): PutRecordObject {
  return async ({ key, body }, timeoutMs) => {
    await store.write(key, body, {
      contentType: 'application/gzip',
      signal: AbortSignal.timeout(timeoutMs),
    });
  };
}

/** The stream of the landing, and what an execution environment knows of it. */
interface LandingStream {
  /** Puts one record into the stream. */
  readonly putRecord: PutRecord;
  /** Remembers whether the stream is away. Default none: every call is made. */
  readonly breaker?: StreamBreaker;
}

/** Dependencies of {@link land}. */
export interface LandContext {
  /** Null: by configuration every record becomes an object. */
  readonly stream: LandingStream | null;
  /** Writes a record as an object of the landing. */
  readonly putObject: PutRecordObject;
  /** The time that is compared with the deadline. */
  readonly clock: Clock;
  /** Calls `ring` after that many milliseconds, unless the returned function is called before. */
  readonly alarm: (ms: number, ring: () => void) => () => void;
  /** Epoch milliseconds by which it resolves. */
  readonly deadline: number;
  /** The gateway's ID of the request, or null: requests with equal bodies in one millisecond have the same record. */
  readonly requestId: string | null;
}

/** Why the stream did not take a record. */
export interface NotStreamed {
  /** `not_acknowledged`: it was put, or there was no time for it. The stream may have it all the same. */
  readonly reason: 'too_large' | 'by_configuration' | 'held_back' | 'not_acknowledged';
  /** The name of the error; of a stream that is away, the last one. */
  readonly code: string;
}

/** A call, and one more if its connection was dead. */
type Calls = 0 | 1 | 2;

/** Where a record is. Only if that is not `nowhere` may its sender get a success. */
export type Landing = { /** Calls of the stream. */ readonly calls: Calls } & (
  | { readonly place: 'stream' }
  | { readonly place: 'object'; readonly key: string; readonly notStreamed: NotStreamed }
  | { readonly place: 'nowhere'; readonly error: string; readonly notStreamed: NotStreamed }
);

/**
 * Puts a record of a request where it is safe: into the stream with one call, or, if that does not take it in time, into the
 * bucket as an object of the same bytes. It never throws. The last part of the time before the deadline is reserved for the
 * object, so that a stream that hangs does not use it up.
 */
export async function land(record: Uint8Array, context: LandContext): Promise<Landing> {
  const { clock, deadline, alarm, putObject, requestId } = context;
  const { calls, notStreamed } = await putIntoStream(record, context);
  if (notStreamed === null) return { place: 'stream', calls };
  const digest = createHash('sha256')
    .update(record)
    .update(requestId ?? randomUUID())
    .digest('hex');
  const key = directRecordKey(isoDay(clock.now()), digest);
  const error = await within(deadline - clock.now(), alarm, (timeoutMs) =>
    putObject({ key, body: record }, timeoutMs),
  );
  return error === null
    ? { place: 'object', calls, key, notStreamed }
    : { place: 'nowhere', calls, error, notStreamed };
}

/** The part of the remaining time that the object gets, milliseconds. */
function reserved(left: number): number {
  return Math.min(OBJECT_MS, Math.floor(Math.max(0, left) / 2));
}

/** The outcome of putting a record into the stream. */
interface Put {
  /** How many calls of the stream were made. */
  readonly calls: Calls;
  /** Null if the stream has the record. */
  readonly notStreamed: NotStreamed | null;
}

/** Puts a record into the stream, unless the stream is known to be away or can't take it. */
async function putIntoStream(
  record: Uint8Array,
  { stream, clock, deadline, alarm }: LandContext,
): Promise<Put> {
  const not = (reason: NotStreamed['reason'], putCode: string): Put => ({
    calls: 0,
    notStreamed: { reason, code: putCode },
  });
  if (stream === null) return not('by_configuration', 'Direct');
  const { breaker, putRecord } = stream;
  if (record.length > MAX_RECORD_BYTES) return not('too_large', 'RecordTooLarge');
  const keptMs = reserved(deadline - clock.now());
  const forStream = deadline - clock.now() - keptMs;
  // Asked before the breaker: it would count a probe that is not made.
  if (forStream <= 0) return not('not_acknowledged', OUT_OF_TIME);
  if (breaker?.admit() === false) return not('held_back', breaker.code);
  const ms = Math.min(forStream, breaker?.longestCallMs ?? forStream);
  const attempt = (timeMs: number) => within(timeMs, alarm, (timeoutMs) => putRecord(record, timeoutMs));
  let code = await attempt(ms);
  let calls: Calls = 1;
  const left = Math.min(ms, deadline - clock.now() - keptMs);
  // An environment that was frozen finds its connection closed. That says nothing about the stream.
  if (DEAD_CONNECTION.has(code ?? '') && left >= FAIR_CALL_MS) {
    code = await attempt(left);
    calls = 2;
  }
  // That a call failed which had hardly any time says nothing about the stream.
  if (code === null || ms >= FAIR_CALL_MS) breaker?.answered(code);
  return { calls, notStreamed: code === null ? null : { reason: 'not_acknowledged', code } };
}

/** The name of the error of a call that the deadline left no time for. */
const OUT_OF_TIME = 'OutOfTime';
/** Errors of a kept connection that the other side has closed. */
const DEAD_CONNECTION: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * Does something within a time limit, which is passed to it and which it may ignore. Returns null, or the error's name.
 */
async function within(
  ms: number,
  alarm: LandContext['alarm'],
  work: (timeoutMs: number) => Promise<void>,
): Promise<string | null> {
  if (ms <= 0) return OUT_OF_TIME;
  const late = Promise.withResolvers<string>();
  const clear = alarm(ms, () => late.resolve('TimeoutError'));
  try {
    return await Promise.race([work(ms).then(() => null), late.promise]);
  } catch (error) {
    return errorText(error, errorCode(error));
  } finally {
    clear();
  }
}
