import { describe, expect, it } from '@jest/globals';
import type { Collector } from '../../../functions/collect/Collector.ts';
import type { PutOutcome } from '../../../lib/delivery/PutRecordBatch.ts';
import { KeyCache } from '../../../lib/keys/KeyCache.ts';
import { KeyGate } from '../../../lib/keys/KeyGate.ts';
import { ManualClock } from '../../../local/clock/ManualClock.ts';
import { memoryCollector, requestOf } from './memoryCollector.ts';
import { NOW } from './postEvents.ts';

const request = requestOf('{"events":[{"eventName":"e"}]}');
const never = <Value>() => new Promise<Value>(() => {});

/** An alarm that rings when it is told to. */
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

describe('a request that something holds up', () => {
  const hanging = { exposures: never, events: never, quarantine: never };
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
    ['a stream', { streams: hanging }],
    ['the keys', { keys: gate(never) }],
  ])('is answered 503 a moment after its deadline: %s', async (_what, parts) => {
    const { alarm, set, silenced } = ringable();
    const logged: Record<string, unknown>[] = [];
    const answer = memoryCollector(
      {},
      { parts: { ...parts, alarm, log: (fields) => logged.push(fields) } },
    )(request);
    expect(set.map(({ ms }) => ms)).toEqual([2_600]);
    for (const { ring } of set) ring();
    const { status, code, metrics } = await answer;
    expect([status, code]).toEqual([503, 'SLUICE_COLLECT_NOT_DELIVERED']);
    expect(metrics).toMatchObject({ requests: 1, refused_requests: 1, landed: 0 });
    expect(logged).toMatchObject([{ status: 503, code }]);
    expect(silenced()).toBe(1);
  });

  it('is counted once, though it gets its answer after all', async () => {
    const { alarm, set } = ringable();
    const late = Promise.withResolvers<PutOutcome>();
    const lines: unknown[] = [];
    const answer = memoryCollector(
      {},
      {
        parts: {
          alarm,
          streams: { ...hanging, events: () => late.promise },
          writeMetrics: (line) => lines.push(line),
        },
      },
    )(request);
    for (const { ring } of set) ring();
    expect((await answer).status).toBe(503);
    const written = lines.length;
    late.resolve({ kind: 'answered', errorCodes: [null] });
    await new Promise(setImmediate);
    expect([written > 0, lines.length]).toEqual([true, written]);
  });

  it('rings no more once it is answered', async () => {
    const { alarm, silenced } = ringable();
    const { status } = await memoryCollector({}, { parts: { alarm } })(request);
    expect([status, silenced()]).toEqual([202, 1]);
  });
});
