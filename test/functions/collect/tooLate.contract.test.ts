import { describe, expect, it } from '@jest/globals';
import type { Collector } from '../../../lib/collect/answer.ts';
import type { PutRecord } from '../../../lib/landing/store/land.ts';
import { KeyCache } from '../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../lib/wire/keys/KeyGate.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { memoryCollector, requestOf } from './memoryCollector.ts';
import { NOW } from './postEvents.ts';

const body = '{"events":[{"eventName":"e"}]}';
const request = requestOf(body);
const never = <Value>() => new Promise<Value>(() => {});
const oneStream = (putRecord: PutRecord) => ({ putRecord });

/** An alarm that the test sets off. */
function ringable() {
  const set: { readonly ms: number; readonly ring: () => void }[] = [];
  let silenced = 0;
  const alarm: Collector['alarm'] = (ms, ring) => {
    set.push({ ms, ring });
    return () => {
      silenced += 1;
    };
  };
  return { alarm, set, silenced: () => silenced };
}

describe('a delayed request', () => {
  const hanging = oneStream(never);
  const clock = new ManualClock(NOW);
  const gate = (read: () => Promise<string>) =>
    new KeyGate({
      configured: [],
      cache: new KeyCache({ read, clock, random: () => 0.5, log: () => {} }),
      allowAnyKey: false,
      limit: { perSecond: 1, burst: 1 },
      clock,
    });

  it.each<[string, Partial<Collector>]>([
    ['the stream', { stream: hanging }],
    ['the keys', { keys: gate(never) }],
  ])('is answered 503 right after its deadline: %s', async (_what, parts) => {
    const { alarm, set, silenced } = ringable();
    const logged: Record<string, unknown>[] = [];
    const answer = memoryCollector(
      {},
      { parts: { ...parts, alarm, log: (fields) => logged.push(fields) } },
    )(request);
    expect(set.map(({ ms }) => ms)).toEqual([2_600]);
    set[0]?.ring();
    const { status, code, metrics } = await answer;
    expect([status, code]).toEqual([503, 'SLUICE_COLLECT_NOT_DELIVERED']);
    expect(metrics).toMatchObject({ received: expect.any(Number), refused_requests: 1 });
    expect(metrics).not.toHaveProperty('events_landed');
    expect(logged).toMatchObject([{ status: 503, code }]);
    expect(silenced()).toBe(1);
  });

  it.each<[string, HttpRequest, number]>([
    ['the Go SDK by its header', requestOf(body, { 'statsig-sdk-type': 'go-sdk' }), 1_900],
    ['the Go SDK by the query', requestOf(body, {}, 'st=go-sdk'), 1_900],
    [
      'the Go SDK behind a proxy that empties headers',
      requestOf(body, { 'statsig-sdk-type': '' }, 'st=go-sdk'),
      1_900,
    ],
    ['Server Core for Go', requestOf(body, { 'statsig-sdk-type': 'statsig-server-core-go' }), 2_600],
    ['an SDK that says nothing', requestOf(body), 2_600],
  ])('is answered before the SDK gives up: %s', async (_what, sent, expected) => {
    const { alarm, set } = ringable();
    const answer = memoryCollector({}, { parts: { stream: hanging, alarm } })(sent);
    expect(set.map(({ ms }) => ms)).toEqual([expected]);
    for (const { ring } of set) ring();
    expect((await answer).status).toBe(503);
  });

  it('is answered sooner when only the body says that the Go SDK sent it', async () => {
    const { alarm, set, silenced } = ringable();
    const sent = requestOf('{"events":[{"eventName":"e"}],"statsigMetadata":{"sdkType":"go-sdk"}}');
    const answer = memoryCollector({}, { parts: { stream: hanging, alarm } })(sent);
    await new Promise(setImmediate);
    expect(set.slice(0, 2).map(({ ms }) => ms)).toEqual([2_600, 1_900]);
    expect(silenced()).toBe(1);
    set[1]?.ring();
    expect((await answer).status).toBe(503);
  });

  it('has its time counted from its arrival at the gateway, for a sender that times out early', async () => {
    const from = (timeEpoch: number, headers: Readonly<Record<string, string>>) => {
      const { alarm, set } = ringable();
      const sent = requestOf(body, headers);
      const requestContext = { ...sent.requestContext, timeEpoch };
      const answer = memoryCollector({}, { parts: { alarm } })({ ...sent, requestContext });
      return { ms: set[0]?.ms, answer };
    };
    const go = { 'statsig-sdk-type': 'go-sdk' };
    const told = [from(NOW - 600, go), from(NOW + 50, go), from(NOW - 86_400_000, go), from(NOW - 600, {})];
    expect(told.map(({ ms }) => ms)).toEqual([1_300, 1_900, 1_000, 2_600]);
    for (const { answer } of told) expect((await answer).status).toBe(202);
  });

  it('of the Go SDK is answered 202 by an object when the stream hangs', async () => {
    const time = new ManualClock(NOW);
    const stored: number[] = [];
    const stream = oneStream(async (_record, timeoutMs) => {
      time.advance(timeoutMs);
      throw new Error('hangs');
    });
    const putObject = async () => {
      stored.push(time.now() - NOW);
    };
    const { status } = await memoryCollector(
      {},
      { parts: { stream, putObject, clock: time } },
    )(requestOf(body, { 'statsig-sdk-type': 'go-sdk' }));
    expect([status, stored.length]).toEqual([202, 1]);
    expect(stored[0]).toBeLessThan(1_800);
  });

  it('is counted once although it is processed later', async () => {
    const { alarm, set } = ringable();
    const late = Promise.withResolvers<void>();
    const lines: unknown[] = [];
    const answer = memoryCollector(
      {},
      {
        parts: {
          alarm,
          stream: oneStream(() => late.promise),
          writeMetrics: (line) => lines.push(line),
        },
      },
    )(request);
    for (const { ring } of set) ring();
    expect((await answer).status).toBe(503);
    const written = lines.length;
    late.resolve();
    await new Promise(setImmediate);
    expect([written > 0, lines.length]).toEqual([true, written]);
  });

  it('has no running timer once it is answered', async () => {
    const { alarm, set, silenced } = ringable();
    const { status } = await memoryCollector({}, { parts: { alarm } })(request);
    // The request's, and the call's.
    expect([status, silenced(), set.length]).toEqual([202, 2, 2]);
  });
});
