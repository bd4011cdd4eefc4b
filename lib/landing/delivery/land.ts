import { hash } from 'node:crypto';
import { errorName } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import type { Clock } from '../../base/time.ts';
import {
  FAIR_CALL_MS,
  MAX_RECORD_BYTES,
  MAX_STREAMED_ROWS_BYTES,
  OBJECT_MS,
} from '../../schema/deliveryLimits.ts';
import { directRecordKey } from '../../tables/objectKeys.ts';
import type { StreamId } from '../../tables/streams.ts';
import type { EncodedRecord } from '../frames/encodeRecord.ts';
import type { StreamBreaker } from './StreamBreaker.ts';
import type { StreamShards } from './StreamShards.ts';

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
      contentType: 'application/zstd',
      signal: AbortSignal.timeout(timeoutMs),
    });
  };
}

/** A stream of the landing, and what an execution environment knows of it. */
export interface LandingStream {
  readonly stream: StreamId;
  readonly putRecord: PutRecord;
  /** Remembers whether the stream is away. Default none: every call is made. */
  readonly breaker?: StreamBreaker;
}

/** Dependencies of {@link land}. */
export interface LandContext {
  readonly streams: StreamShards<LandingStream>;
  readonly putObject: PutRecordObject;
  readonly clock: Clock;
  /** Calls `ring` after that many milliseconds, unless the returned function is called before. */
  readonly alarm: (ms: number, ring: () => void) => () => void;
  /** Epoch milliseconds by which it resolves. */
  readonly deadline: number;
  /** Whether a stream may drop what is put into it now, and when it would (lib/landing/hold). Default: none is held. */
  readonly holds?: {
    isHeld(stream: StreamId): boolean;
    /** Whether rows that a held stream takes now are delivered, or can still be saved, before it drops them. */
    isLastResort(stream: StreamId): boolean;
  };
}

/** Why the stream did not take a record. */
export interface NotStreamed {
  /** `not_acknowledged`: it was put, or there was no time for it. The stream may have it all the same. */
  readonly reason: 'too_large' | 'held_back' | 'not_acknowledged';
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
 * Puts a record of a request where it is safe: into a stream with one call, or, if that does not take it in time or must not be
 * asked, into the bucket as an object of the same bytes. If the bucket refuses it too, a stream that is held is the last
 * resort, as long as it drops nothing within some hours. It never throws. The last part of the time before the deadline is
 * reserved for the object, so that a stream that hangs does not use it up.
 */
export async function land(record: EncodedRecord, context: LandContext): Promise<Landing> {
  const { clock, deadline, alarm, putObject, streams, holds } = context;
  const free = streams.choose((stream) => holds?.isHeld(stream) ?? false);
  const { calls, notStreamed } = await putIntoStream(record, free, context);
  if (notStreamed === null) return { place: 'stream', calls };
  const key = directRecordKey(hash('sha256', record.bytes));
  const isAllHeld = free === undefined && notStreamed.reason === 'held_back';
  const last = isAllHeld ? streams.choose((stream) => holds?.isLastResort(stream) === false) : undefined;
  const left = deadline - clock.now();
  const error = await within(last === undefined ? left : left - reserved(left), alarm, (timeoutMs) =>
    putObject({ key, body: record.bytes }, timeoutMs),
  );
  if (error === null) return { place: 'object', calls, key, notStreamed };
  const nowhere = { place: 'nowhere', calls, error, notStreamed } as const;
  if (last === undefined) return nowhere;
  const put = await putIntoStream(record, last, context, 0);
  return put.notStreamed === null ? { place: 'stream', calls: put.calls } : nowhere;
}

/** The part of the remaining time that the next attempt gets, milliseconds. */
function reserved(left: number): number {
  return Math.min(OBJECT_MS, Math.floor(Math.max(0, left) / 2));
}

interface Put {
  readonly calls: Calls;
  /** Null if the stream has the record. */
  readonly notStreamed: NotStreamed | null;
}

/**
 * @param to Undefined: all streams are held.
 * @param keptMs Of the time that is left, what is not for the stream. Default: enough for the object.
 */
async function putIntoStream(
  { bytes, decoded }: EncodedRecord,
  to: LandingStream | undefined,
  { clock, deadline, alarm }: LandContext,
  keptMs = reserved(deadline - clock.now()),
): Promise<Put> {
  const not = (reason: NotStreamed['reason'], code: string): Put => ({
    calls: 0,
    notStreamed: { reason, code },
  });
  if (bytes.length > MAX_RECORD_BYTES) return not('too_large', 'RecordTooLarge');
  if (decoded > MAX_STREAMED_ROWS_BYTES) return not('too_large', 'RowsTooLarge');
  if (to === undefined) return not('held_back', STREAM_HELD);
  const { breaker, putRecord } = to;
  const forStream = deadline - clock.now() - keptMs;
  // Asked before the breaker: it would count a probe that is not made.
  if (forStream <= 0) return not('not_acknowledged', OUT_OF_TIME);
  if (breaker?.admit() === false) return not('held_back', breaker.code);
  const ms = Math.min(forStream, breaker?.longestCallMs ?? forStream);
  const attempt = (timeMs: number) => within(timeMs, alarm, (timeoutMs) => putRecord(bytes, timeoutMs));
  let code = await attempt(ms);
  let calls: Calls = 1;
  const left = Math.min(ms, deadline - clock.now() - keptMs);
  // An environment that was frozen finds its connection closed. That says nothing about the stream.
  if (code !== null && DEAD_CONNECTION.has(code) && left >= FAIR_CALL_MS) {
    code = await attempt(left);
    calls = 2;
  }
  // That a call failed which had hardly any time says nothing about the stream.
  if (code === null || ms >= FAIR_CALL_MS) breaker?.answered(code === null, code ?? '');
  return { calls, notStreamed: code === null ? null : { reason: 'not_acknowledged', code } };
}

const OUT_OF_TIME = 'OutOfTime';
/** Errors of a kept connection that the other side has closed. */
const DEAD_CONNECTION: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);
/** The code of a record that is not put because its stream is held. Firehose has no such code. */
const STREAM_HELD = 'StreamHeld';

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
    const name = errorName(error);
    // Errors of the network have no name of their own.
    const code: unknown = name === 'Error' ? Reflect.get(Object(error), 'code') : null;
    return typeof code === 'string' ? code : name;
  } finally {
    clear();
  }
}
