import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import type { RelayCopy } from '../../../lib/relay/RelayCopy.ts';
import type { TargetAnswer } from '../../../lib/relay/sendRequest.ts';
import { retryDelayMs, Target } from '../../../lib/relay/Target.ts';
import { relayId } from '../../../lib/tables/relayKeys.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';

const NOW = Date.UTC(2026, 10, 22, 1, 30);
const copyOf = (key: string): RelayCopy => ({
  id: relayId(NOW, 'a'.repeat(24)),
  keptAt: NOW,
  path: '/v1/rgstr',
  query: `k=${key}`,
  headers: {},
  body: Buffer.from('{}'),
});

/** A target that gives set answers, and counts the requests. `lines` are those of its log. */
function start() {
  const clock = new ManualClock(NOW);
  const answers: { next: Partial<TargetAnswer> | Error; asked: number } = { next: { status: 202 }, asked: 0 };
  const lines: unknown[] = [];
  const target = new Target({
    target: { statsig: true },
    send: async () => {
      answers.asked += 1;
      if (answers.next instanceof Error) throw answers.next;
      return { status: 202, retryAfter: null, saysFailure: false, isPage: false, ...answers.next };
    },
    clock,
    random: () => 0.5,
    log: (line) => void lines.push(line),
  });
  const deliver = (key = 'client-a') => target.deliver(copyOf(key));
  return { clock, answers, deliver, lines };
}

describe('the target of relay', () => {
  let answers: ReturnType<typeof start>['answers'];
  let deliver: ReturnType<typeof start>['deliver'];
  let clock: ManualClock;
  let lines: readonly unknown[];
  beforeEach(() => {
    ({ answers, deliver, clock, lines } = start());
  });

  it.each([200, 299])('takes a copy that it answers with %i', async (status) => {
    answers.next = { status };
    expect(await deliver()).toEqual({ kind: 'taken' });
  });

  it.each([199, 300, 408, 425, 429, 500])('gets a copy again that it answers with %i', async (status) => {
    answers.next = { status };
    expect(await deliver()).toMatchObject({ kind: 'again', why: String(status), afterMs: 0 });
  });

  it.each([400, 403, 499])('has refused a copy that it answers with %i', async (status) => {
    answers.next = { status };
    expect(await deliver()).toMatchObject({ kind: 'refused', status });
  });

  it('gets a copy again whose answer of 200 says that it failed', async () => {
    answers.next = { status: 200, saysFailure: true };
    expect(await deliver()).toMatchObject({ kind: 'again', why: '200' });
  });

  it('gets a copy again whose answer of 200 is a web page, and refuses one of 404', async () => {
    answers.next = { status: 200, isPage: true };
    expect(await deliver()).toMatchObject({ kind: 'again', why: '200 text/html' });
    answers.next = { status: 404, isPage: true };
    expect(await deliver()).toMatchObject({ kind: 'refused', status: 404 });
  });

  it('gets a copy again if it cannot be reached', async () => {
    answers.next = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    expect(await deliver()).toMatchObject({ kind: 'again', why: 'ECONNREFUSED' });
  });

  it.each([
    { retryAfter: '120', afterMs: 120_000 },
    { retryAfter: new Date(NOW + 90_000).toUTCString(), afterMs: 90_000 },
    { retryAfter: new Date(NOW - 90_000).toUTCString(), afterMs: 0 },
    { retryAfter: '99999999999999', afterMs: 43_000_000 },
    { retryAfter: '9'.repeat(400), afterMs: 43_000_000 },
    { retryAfter: '-5', afterMs: 0 },
    { retryAfter: 'soon', afterMs: 0 },
    { retryAfter: null, afterMs: 0 },
    { retryAfter: '', afterMs: 0 },
  ])('is asked again after Retry-After: $retryAfter', async ({ retryAfter, afterMs }) => {
    answers.next = { status: 503, retryAfter };
    expect(await deliver()).toMatchObject({ kind: 'again', afterMs });
  });

  it('gets nothing with a key before the time of its 429, and something with others', async () => {
    answers.next = { status: 429, retryAfter: '60' };
    const first = deliver('client-a');
    // One that was under way asks for less.
    answers.next = { status: 429 };
    await Promise.all([first, deliver('client-a')]);
    answers.next = { status: 202 };
    clock.advance(59_999);
    expect(await deliver('client-a')).toEqual({ kind: 'again', why: 'waits', afterMs: 1 });
    expect(await deliver('client-b')).toEqual({ kind: 'taken' });
    clock.advance(1);
    expect(await deliver('client-a')).toEqual({ kind: 'taken' });
  });

  it('lets 429s of one key stop no other', async () => {
    for (let i = 0; i < 20; i += 1) {
      answers.next = { status: 429 };
      await deliver('client-a');
      answers.next = { status: 202 };
      expect(await deliver('client-b')).toEqual({ kind: 'taken' });
      clock.advance(5_000);
    }
    // Without Retry-After the key is asked less and less often.
    expect(answers.asked).toBe(20 + 5);
    clock.advance(120_000);
    expect(await deliver('client-a')).toEqual({ kind: 'taken' });
    // It begins anew, and those that were under way together are one.
    answers.next = { status: 429 };
    await Promise.all([1, 2, 3, 4, 5].map(() => deliver('client-a')));
    answers.next = { status: 202 };
    clock.advance(10_000);
    expect(await deliver('client-a')).toEqual({ kind: 'taken' });
  });

  it.each([null, '1'])(
    'is asked with a key less and less often after 429 with Retry-After: %s',
    async (retryAfter) => {
      answers.next = { status: 429, retryAfter };
      const pauses: number[] = [];
      for (let i = 0; i < 4; i += 1) {
        await deliver();
        const verdict = await deliver();
        const pause = verdict.kind === 'again' ? verdict.afterMs : 0;
        pauses.push(pause);
        clock.advance(pause);
      }
      expect(pauses).toEqual([10_000, 15_000, 25_000, 45_000]);
    },
  );

  it('forgets what keys it waits for once they are a thousand', async () => {
    answers.next = { status: 429 };
    for (let key = 0; key < 1_000; key += 1) await deliver(`client-${key}`);
    expect(await deliver('client-0')).toMatchObject({ why: 'waits' });
    await deliver('client-1000');
    answers.next = { status: 202 };
    expect(await deliver('client-1000')).toMatchObject({ why: 'waits' });
    expect(await deliver('client-0')).toEqual({ kind: 'taken' });
  });

  it('gets nothing at all before the time of a 503, also if another one, which was under way, states none', async () => {
    answers.next = { status: 503, retryAfter: '60' };
    const first = deliver();
    answers.next = { status: 503 };
    await Promise.all([first, deliver()]);
    answers.next = { status: 202 };
    expect(await deliver('client-b')).toMatchObject({ why: 'waits', afterMs: MINUTE_MS });
    clock.advance(MINUTE_MS);
    expect(await deliver('client-b')).toEqual({ kind: 'taken' });
    expect(answers.asked).toBe(3);
  });

  it('gets only probes after five failures in a row, until it answers one', async () => {
    for (let i = 0; i < 50; i += 1) {
      answers.next = i % 2 === 0 ? new Error('down') : { status: 500 };
      await deliver();
    }
    expect(answers.asked).toBe(5);
    expect(await deliver()).toEqual({ kind: 'again', why: 'waits', afterMs: 7_500 });
    const before = answers.asked;
    for (let minute = 0; minute < 60; minute += 1) {
      clock.advance(MINUTE_MS);
      await deliver();
      await deliver();
    }
    expect(answers.asked - before).toBe(32);
    answers.next = { status: 401 };
    clock.advance(120_000);
    // It is there: what it refuses is no failure of its own.
    expect(await deliver()).toEqual({ kind: 'refused', status: 401 });
    expect(await deliver()).toEqual({ kind: 'refused', status: 401 });
  });

  it('is named in the lines of the log that say that it is away and that it is back', async () => {
    answers.next = { status: 500 };
    for (let i = 0; i < 5; i += 1) await deliver();
    answers.next = { status: 202 };
    clock.advance(MINUTE_MS);
    await deliver();
    const line = { event: 'relay_breaker', to: 'target' };
    expect(lines).toMatchObject([
      { ...line, state: 'open' },
      { ...line, state: 'closed' },
    ]);
  });
});

describe('the pause before a copy is tried again', () => {
  it('is a minute to an hour, longer only when the target says so, and never beyond what SQS hides', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 43_000_000 }),
        (tries, random, afterMs) => {
          const pause = retryDelayMs({ tries, afterMs: 0 }, () => random);
          expect(pause).toBeGreaterThanOrEqual(MINUTE_MS);
          expect(pause).toBeLessThanOrEqual(HOUR_MS);
          const asked = retryDelayMs({ tries, afterMs }, () => random);
          expect(asked).toBeGreaterThanOrEqual(Math.max(pause, afterMs));
          expect(asked).toBeLessThanOrEqual(43_000_000);
        },
      ),
    );
  });
});
