import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../../bench/collect/seededRandom.ts';
import { deliver, deliverOrSpill } from '../../../../lib/landing/delivery/deliver.ts';
import type { PutOutcome } from '../../../../lib/landing/delivery/putRecords.ts';
import { StreamBreaker } from '../../../../lib/landing/delivery/StreamBreaker.ts';
import { MAX_RECORD_BYTES, PROBE_CALL_MS } from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const START = Date.UTC(2026, 10, 20, 7, 32);
const MINUTE_MS = 60_000;
const DOCUMENT = '{"event_id":"a"}';

type Answer = (records: readonly Uint8Array[], timeoutMs: number) => PutOutcome;
const takes: Answer = (records) => ({ kind: 'answered', errorCodes: records.map(() => null) });
const throttles: Answer = () => ({ kind: 'failed', code: 'ServiceUnavailableException', retryable: true });
const failsAll: Answer = (records) => ({
  kind: 'answered',
  errorCodes: records.map(() => 'InternalFailure'),
});
const failsFirst: Answer = (records) => ({
  kind: 'answered',
  errorCodes: records.map((_, i) => (i === 0 && records.length > 1 ? 'InternalFailure' : null)),
});

/** A collector's environment with one stream, which answers as it is told. */
function environment(random: () => number = () => 0.5) {
  const clock = new ManualClock(START);
  const log: Record<string, unknown>[] = [];
  const breaker = new StreamBreaker('events', { clock, random, log: (line) => log.push(line) });
  const timeouts: number[] = [];
  let answer: Answer = takes;
  /** One request; how many calls it made. */
  const send = async (documents: readonly string[] = [DOCUMENT]) => {
    const context = { clock, random, deadline: clock.now() + 2_500 };
    const wait = async (ms: number) => clock.advance(ms);
    const putRecordBatch = async (records: readonly Uint8Array[], timeoutMs: number) => {
      timeouts.push(timeoutMs);
      return answer(records, timeoutMs);
    };
    return deliver(documents, { ...context, wait, putRecordBatch, breaker });
  };
  const answerWith = (next: Answer) => {
    answer = next;
  };
  const hangs: Answer = (_records, timeoutMs) => {
    clock.advance(timeoutMs);
    return { kind: 'failed', code: 'TimeoutError', retryable: true };
  };
  return { clock, log, breaker, timeouts, send, answerWith, hangs };
}

describe('the breaker of a stream', () => {
  it.each([
    ['throttled', throttles],
    ['failing every record', failsAll],
  ])('opens after two calls in a row to a stream that is %s, and then makes none', async (_what, answer) => {
    const { send, answerWith, log, breaker } = environment();
    answerWith(answer);
    expect(await send()).toMatchObject({ calls: 2, returned: [{ reason: 'not_acknowledged' }] });
    expect(breaker.isOpen).toBe(true);
    expect(await send()).toMatchObject({
      calls: 0,
      returned: [{ index: 0, reason: 'held_back', code: breaker.code }],
    });
    expect(log).toEqual([
      { level: 'warn', event: 'stream_breaker', table: 'events', state: 'open', code: breaker.code },
    ]);
  });

  it('opens at the second call to a stream that hangs, and waits less long for it', async () => {
    const { send, answerWith, hangs, timeouts, breaker } = environment();
    answerWith(hangs);
    await send();
    expect(breaker.isOpen).toBe(false);
    await send();
    expect([breaker.isOpen, timeouts]).toEqual([true, [2_500, PROBE_CALL_MS]]);
  });

  it('does not count a call that had hardly any time', async () => {
    const { clock, breaker } = environment();
    for (let n = 0; n < 5; n += 1) {
      const context = { clock, random: () => 0.5, deadline: clock.now() + 100 };
      const putRecordBatch = async () => throttles([], 0);
      await deliver([DOCUMENT], { ...context, wait: async () => {}, putRecordBatch, breaker });
    }
    expect(breaker.isOpen).toBe(false);
  });

  it('stays closed while calls acknowledge a part: only the rest is put again', async () => {
    const { send, answerWith, breaker } = environment();
    answerWith(failsFirst);
    const records = [1, 2, 3].map((n) => `{"n":${n},"x":"${'x'.repeat(MAX_RECORD_BYTES / 2)}"}`);
    for (let n = 0; n < 5; n += 1)
      expect(await send(records)).toMatchObject({ acknowledged: 3, calls: 2, retried: 1 });
    expect(breaker.isOpen).toBe(false);
  });

  it('counts calls in a row over requests, and an acknowledged record between them begins again', async () => {
    const { send, answerWith, breaker, hangs } = environment();
    for (let n = 0; n < 4; n += 1) {
      answerWith(hangs);
      await send();
      answerWith(takes);
      await send();
    }
    expect(breaker.isOpen).toBe(false);
  });

  it('probes with one call, less and less often, and every record of the first that is acknowledged goes on', async () => {
    const { clock, send, answerWith, log } = environment();
    answerWith(throttles);
    await send();
    const probes: number[] = [];
    for (let second = 1; second <= 120; second += 1) {
      clock.advance(1_000);
      const { calls } = await send();
      if (calls > 0) probes.push(second);
      expect(calls).toBeLessThanOrEqual(1);
    }
    const pauses = probes.slice(1).map((at, i) => at - (probes[i] ?? 0));
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(20);
    expect(probes.length).toBeGreaterThan(6);

    answerWith(takes);
    clock.advance(20_000);
    const large = Array.from({ length: 6 }, () => `"${'x'.repeat(MAX_RECORD_BYTES - 2)}"`);
    expect(await send(large)).toMatchObject({ calls: 2, acknowledged: 6 });
    expect(log.at(-1)).toEqual({
      level: 'info',
      event: 'stream_breaker',
      table: 'events',
      state: 'closed',
      open_ms: 140_000,
    });
  });

  it('is closed within a minute after the stream is well, however long it was away', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 100, max: 3_600_000 }),
        fc.integer({ min: 10, max: 2_000 }),
        async (seed, awayMs, everyMs) => {
          const { clock, send, answerWith, breaker } = environment(seededRandom(seed));
          answerWith(throttles);
          while (clock.now() < START + awayMs) {
            await send();
            clock.advance(Math.max(everyMs, awayMs / 200));
          }
          answerWith(takes);
          const well = clock.now();
          while (breaker.isOpen) {
            clock.advance(everyMs);
            await send();
          }
          expect(clock.now() - well).toBeLessThan(MINUTE_MS);
        },
      ),
      { numRuns: 50 },
    );
  });
});

it('every row is acknowledged or spilled once, whatever a stream answers and while it is held back', async () => {
  const outcome = fc.constantFrom('takes', 'throttles', 'failsFirst', 'failsAll', 'hangs');
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { minLength: 1, maxLength: 60 }),
      fc.nat(5_000),
      async (story, gapMs) => {
        const { clock, breaker, hangs } = environment();
        const answers = { takes, throttles, failsFirst, failsAll, hangs };
        const taken: string[] = [];
        const spilled: number[] = [];
        for (const [n, name] of story.entries()) {
          clock.advance(gapMs);
          const documents = [`{"n":${n}}`, `{"n":${n},"x":"${'x'.repeat(MAX_RECORD_BYTES - 20)}"}`];
          const putRecordBatch = async (records: readonly Uint8Array[], timeoutMs: number) => {
            const answered = answers[name](records, timeoutMs);
            const codes = answered.kind === 'answered' ? answered.errorCodes : records.map(() => 'failed');
            for (const [i, record] of records.entries())
              if (codes[i] === null) taken.push(...Buffer.from(record).toString().split('\n'));
            return answered;
          };
          const [delivery] = await deliverOrSpill(
            [{ kind: 'events', documents, to: [{ putRecordBatch, breaker }] }],
            {
              clock,
              wait: async (ms) => clock.advance(ms),
              random: () => 0.5,
              deadline: clock.now() + 2_500,
              putOverflow: async ({ metadata }) => {
                spilled.push(Number(metadata.documents));
              },
            },
          );
          expect(delivery?.isSafe).toBe(true);
        }
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.length + spilled.reduce((sum, count) => sum + count, 0)).toBe(2 * story.length);
      },
    ),
    { numRuns: 60 },
  );
});
