import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type LandContext, land, type PutRecord } from '../../../../lib/landing/store/land.ts';
import { StreamBreaker } from '../../../../lib/landing/store/StreamBreaker.ts';
import {
  FAIR_CALL_MS,
  MAX_RECORD_BYTES,
  OBJECT_MS,
  PROBE_CALL_MS,
} from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';

const START = Date.UTC(2026, 10, 23, 7, 32);
const record = Buffer.from('the bytes of a record');

/** How a port behaves. */
interface Behaviour {
  /** What comes of a call. `throws at once`: before there is a promise. `hangs`: nothing. */
  readonly answer: 'takes' | 'throws' | 'throws at once' | 'hangs';
  /** Milliseconds after which it comes, however long it may take. */
  readonly afterMs: number;
}
const takes: Behaviour = { answer: 'takes', afterMs: 5 };
const throws: Behaviour = { answer: 'throws', afterMs: 5 };
const hangs: Behaviour = { answer: 'hangs', afterMs: 0 };

class ServiceUnavailableException extends Error {
  override readonly name = 'ServiceUnavailableException';
}

/** A collector's environment, with the given behaviour of stream and bucket. */
function environment(
  stream: Behaviour,
  bucket: Behaviour,
  limits: { withinMs?: number; isDirect?: boolean } = {},
) {
  const clock = new ManualClock(START);
  const breaker = new StreamBreaker({ clock, random: () => 0.5, log: () => {} });
  const behaviour = { stream, bucket };
  /** Contents of each port. */
  const stored = { stream: [] as Uint8Array[], bucket: [] as { key: string; body: Uint8Array }[] };
  /** Timers that still run. */
  const timers = new Set<unknown>();
  const calls: { readonly port: 'stream' | 'bucket'; readonly timeoutMs: number }[] = [];
  function behave(port: 'stream' | 'bucket', timeoutMs: number, take: () => void): Promise<void> {
    const { answer, afterMs } = behaviour[port];
    calls.push({ port, timeoutMs });
    if (answer === 'throws at once') throw new ServiceUnavailableException();
    return new Promise((resolve, reject) => {
      if (answer === 'hangs') return;
      clock.after(afterMs, () => {
        if (answer === 'throws') return reject(new ServiceUnavailableException());
        take();
        resolve();
      });
    });
  }
  const context: LandContext = {
    stream:
      limits.isDirect === true
        ? null
        : {
            putRecord: (bytes, timeoutMs) =>
              behave('stream', timeoutMs, () => void stored.stream.push(bytes)),
            breaker,
          },
    putObject: (object, timeoutMs) => behave('bucket', timeoutMs, () => void stored.bucket.push(object)),
    clock,
    alarm: (ms, ring) => {
      const alarm = clock.after(ms, () => {
        timers.delete(alarm);
        ring();
      });
      timers.add(alarm);
      return () => {
        timers.delete(alarm);
        alarm.cancel();
      };
    },
    deadline: START + (limits.withinMs ?? 2_500),
    requestId: null,
  };
  /** Lands a record while time passes millisecond by millisecond, or as far as the first alarm. */
  async function landed(
    bytes: Uint8Array = record,
    deadline = clock.now() + (limits.withinMs ?? 2_500),
    requestId: string | null = 'r',
  ) {
    let isOver = false;
    const landing = land(bytes, { ...context, deadline, requestId }).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      for (let turn = 0; turn < 10 && !isOver; turn += 1) await Promise.resolve();
      if (!isOver) clock.advance(1);
    }
    return landing;
  }
  return { clock, breaker, behaviour, stored, calls, timers, landed };
}

describe('a record of a request', () => {
  it('is put into the stream with one call', async () => {
    const { landed, stored, calls } = environment(takes, takes);
    expect(await landed()).toEqual({ place: 'stream', calls: 1 });
    expect(stored).toEqual({ stream: [record], bucket: [] });
    expect(calls).toEqual([{ port: 'stream', timeoutMs: 2_500 - OBJECT_MS }]);
  });

  it.each([
    { what: 'refuses it', stream: throws, code: 'ServiceUnavailableException' },
    {
      what: 'fails without a promise',
      stream: { answer: 'throws at once', afterMs: 0 } as const,
      code: 'ServiceUnavailableException',
    },
    { what: 'does not answer', stream: hangs, code: 'TimeoutError' },
    { what: 'answers too late', stream: { answer: 'takes', afterMs: 2_400 } as const, code: 'TimeoutError' },
  ])('becomes an object of the same bytes if the stream $what', async ({ stream, code }) => {
    const { landed, stored } = environment(stream, takes);
    const digest = createHash('sha256').update(record).update('r').digest('hex');
    const key = `landing/direct/2026-11-23/${digest}.ndjson.gz`;
    const notStreamed = { reason: 'not_acknowledged', code };
    expect(await landed()).toEqual({ place: 'object', calls: 1, key, notStreamed });
    expect(stored.bucket).toEqual([{ key, body: record }]);
  });

  it('is an object of its own, whatever is equal to it: requests of a load test within a millisecond', async () => {
    const { landed, stored } = environment(throws, takes, { isDirect: true });
    for (const requestId of ['r', 's', null, null, 'r']) await landed(record, undefined, requestId);
    expect(stored.bucket).toHaveLength(5);
    // Of one request they are one.
    expect(new Set(stored.bucket.map(({ key }) => key)).size).toBe(4);
  });

  it.each([
    { what: 'refuses it', bucket: throws, error: 'ServiceUnavailableException' },
    {
      what: 'fails without a promise',
      bucket: { answer: 'throws at once', afterMs: 0 } as const,
      error: 'ServiceUnavailableException',
    },
    { what: 'does not answer', bucket: hangs, error: 'TimeoutError' },
    {
      what: 'answers after the deadline',
      bucket: { answer: 'takes', afterMs: 5_000 } as const,
      error: 'TimeoutError',
    },
  ])('is nowhere if the stream hangs and the bucket $what', async ({ bucket, error }) => {
    const { landed, clock } = environment(hangs, bucket);
    expect(await landed()).toMatchObject({ place: 'nowhere', calls: 1, error });
    expect(clock.now()).toBeLessThanOrEqual(START + 2_500);
  });

  it('names an error of the network by its code', async () => {
    const clock = new ManualClock(START);
    const landing = await land(record, {
      stream: { putRecord: () => Promise.reject(Object.assign(new Error('socket'), { code: 'ECONNRESET' })) },
      putObject: async () => {},
      clock,
      alarm: () => () => {},
      deadline: START + 1_000,
      requestId: null,
    });
    expect(landing).toMatchObject({ place: 'object', notStreamed: { code: 'ECONNRESET' } });
  });

  it.each<{
    readonly what: string;
    /** Codes of the errors of the calls, in their order; no further call fails. */
    readonly codes: readonly string[];
    /** Milliseconds that the first call leaves of its time. */
    readonly leftMs: number;
    readonly place: 'stream' | 'object';
    readonly calls: number;
  }>([
    {
      what: 'put again over a new connection',
      codes: ['ECONNRESET'],
      leftMs: FAIR_CALL_MS,
      place: 'stream',
      calls: 2,
    },
    {
      what: 'put again once, and no more',
      codes: ['EPIPE', 'ECONNRESET'],
      leftMs: FAIR_CALL_MS,
      place: 'object',
      calls: 2,
    },
    {
      what: 'not put again after another error',
      codes: ['ENOTFOUND'],
      leftMs: FAIR_CALL_MS,
      place: 'object',
      calls: 1,
    },
    {
      what: 'not put again without a fair time',
      codes: ['ECONNRESET'],
      leftMs: FAIR_CALL_MS - 1,
      place: 'object',
      calls: 1,
    },
  ])('is $what when a kept connection was dead', async ({ codes, leftMs, place, calls }) => {
    let made = 0;
    const clock = new ManualClock(START);
    const putRecord: PutRecord = async (_, timeoutMs) => {
      const code = codes[made];
      made += 1;
      clock.advance(timeoutMs - leftMs);
      if (code !== undefined) throw Object.assign(new Error('write'), { code });
    };
    const landing = await land(record, {
      stream: { putRecord },
      clock,
      alarm: () => () => {},
      deadline: START + 5_000,
      requestId: null,
      putObject: async () => {},
    });
    expect({ place: landing.place, calls: landing.calls, made }).toEqual({ place, calls, made: calls });
  });

  it('goes into the stream if it is as large as Firehose takes', async () => {
    const { landed } = environment(takes, takes);
    expect(await landed(new Uint8Array(MAX_RECORD_BYTES))).toEqual({ place: 'stream', calls: 1 });
  });

  it('becomes an object without a call of the stream if it is larger', async () => {
    const { landed, calls } = environment(takes, takes);
    expect(await landed(new Uint8Array(MAX_RECORD_BYTES + 1))).toMatchObject({
      place: 'object',
      notStreamed: { reason: 'too_large', code: 'RecordTooLarge' },
    });
    expect(calls.map(({ port }) => port)).toEqual(['bucket']);
  });

  it('goes past a stream that is away, but for a probe from time to time', async () => {
    const { landed, calls, behaviour, clock, breaker } = environment(hangs, takes);
    await landed();
    await landed();
    expect(calls.filter(({ port }) => port === 'stream')).toEqual([
      { port: 'stream', timeoutMs: 1_500 },
      { port: 'stream', timeoutMs: PROBE_CALL_MS },
    ]);
    expect(await landed()).toMatchObject({
      place: 'object',
      calls: 0,
      notStreamed: { reason: 'held_back', code: 'TimeoutError' },
    });
    behaviour.stream = takes;
    clock.advance(breaker.msUntilProbe);
    expect(await landed()).toEqual({ place: 'stream', calls: 1 });
    expect(breaker.isOpen).toBe(false);
  });

  it('does not hold it against a stream that it had hardly any time', async () => {
    const { landed, breaker, behaviour, clock } = environment(hangs, takes);
    for (let i = 0; i < 3; i += 1) await landed(record, clock.now() + 2 * (FAIR_CALL_MS - 1));
    expect(breaker.failures).toBe(0);
    await landed(record, clock.now() + 2 * FAIR_CALL_MS);
    expect(breaker.failures).toBe(1);
    behaviour.stream = takes;
    await landed(record, clock.now() + 2 * (FAIR_CALL_MS - 1));
    expect(breaker.failures).toBe(0);
  });

  it.each([
    { what: 'answer', port: takes },
    { what: 'fail', port: throws },
    { what: 'hang', port: hangs },
  ])('leaves no timer behind when ports $what', async ({ port }) => {
    const { landed, timers } = environment(port, port);
    await landed();
    expect(timers.size).toBe(0);
  });

  it.each([0, 1, 5_000])('asks nobody %i ms after the deadline', async (lateMs) => {
    const { landed, calls } = environment(takes, takes);
    expect(await landed(record, START - lateMs)).toEqual({
      place: 'nowhere',
      calls: 0,
      error: 'OutOfTime',
      notStreamed: { reason: 'not_acknowledged', code: 'OutOfTime' },
    });
    expect(calls).toEqual([]);
  });

  it('keeps half of a short time for the object', async () => {
    const { landed, calls } = environment(hangs, takes);
    expect(await landed(record, START + 301)).toMatchObject({ place: 'object' });
    expect(calls).toEqual([
      { port: 'stream', timeoutMs: 151 },
      { port: 'bucket', timeoutMs: 150 },
    ]);
  });

  it('is safe wherever it says that it is, whatever ports do, and says so in time', async () => {
    const port: fc.Arbitrary<Behaviour> = fc.record({
      answer: fc.constantFrom('takes', 'throws', 'throws at once', 'hangs'),
      afterMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 3_000 })),
    });
    const request = fc.record({
      stream: port,
      bucket: port,
      withinMs: fc.integer({ min: -10, max: 2_600 }),
      pauseMs: fc.constantFrom(0, 1, 900, 5_000),
      bytes: fc.constantFrom(record.length, MAX_RECORD_BYTES + 1),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 6 }), async (requests) => {
        const warm = environment(takes, takes);
        for (const { stream, bucket, withinMs, pauseMs, bytes } of requests) {
          Object.assign(warm.behaviour, { stream, bucket });
          const own = bytes === record.length ? Uint8Array.from(record) : new Uint8Array(bytes);
          const deadline = warm.clock.now() + withinMs;
          const startedAt = warm.clock.now();
          const landing = await warm.landed(own, deadline);
          expect(warm.clock.now()).toBeLessThanOrEqual(Math.max(startedAt, deadline));
          const isInStream = warm.stored.stream.includes(own);
          const object = warm.stored.bucket.find(({ body }) => body === own);
          if (landing.place === 'stream') expect(isInStream).toBe(true);
          if (landing.place === 'object') expect(object?.key).toBe(landing.key);
          expect(isInStream && own.length > MAX_RECORD_BYTES).toBe(false);
          // A port that takes it at once and is asked is believed.
          if (withinMs > 200 && bucket.answer === 'takes' && bucket.afterMs < withinMs / 2 - 2)
            expect(landing.place).not.toBe('nowhere');
          warm.clock.advance(pauseMs);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('becomes an object whose key depends on each of its bytes', async () => {
    const bytes = Buffer.alloc(4_096, 'a');
    const keys = new Set<string>();
    for (const at of [-1, 0, 63, 64, 2_048, bytes.length - 1]) {
      const { landed, stored } = environment(takes, takes, { isDirect: true });
      const other = Buffer.from(bytes);
      if (at >= 0) other[at] = 0;
      await landed(other);
      for (const { key } of stored.bucket) keys.add(key);
    }
    expect(keys.size).toBe(6);
  });

  it('becomes an object at once if the configuration says so', async () => {
    const { landed, stored } = environment(takes, takes, { isDirect: true });
    expect(await landed()).toMatchObject({
      place: 'object',
      calls: 0,
      notStreamed: { reason: 'by_configuration' },
    });
    expect(stored).toMatchObject({ stream: [], bucket: [{ body: record }] });
  });
});
