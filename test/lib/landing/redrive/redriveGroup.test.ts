import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { overflowObject } from '../../../../lib/landing/delivery/overflow.ts';
import type { PutOutcome, PutRecordBatch } from '../../../../lib/landing/delivery/putRecords.ts';
import type { Redrive, RedriveStore } from '../../../../lib/landing/redrive/Redrive.ts';
import { laneOf } from '../../../../lib/landing/redrive/redriveOverflow.ts';
import { MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';
import { CLAIM_MS, rows, START, startRedrive } from './startRedrive.ts';

let world: Awaited<ReturnType<typeof startRedrive>>;
beforeAll(async () => {
  world = await startRedrive();
});
afterEach(() => world.empty());
afterAll(() => world.close());

const throttled: PutOutcome = { kind: 'failed', code: 'ServiceUnavailableException', retryable: true };
const documentsOf = (kind: TableKind, request: number) =>
  rows(2, request * 10).map((row) => row.replace('"e', `"${kind}`));

/** Overflow of requests, in one lane: each has two rows of each of these streams. */
async function spill(
  requests: number,
  kinds: readonly TableKind[] = ['exposures', 'events'],
): Promise<string[]> {
  const keys: string[] = [];
  for (let nonce = 0; keys.length < requests; nonce += 1) {
    const spilled = kinds.map((kind) => {
      const documents = documentsOf(kind, keys.length);
      return { kind, documents, returned: [0, 1].map((index) => ({ index, reason: 'held_back' as const })) };
    });
    const object = await overflowObject(spilled, START, String(nonce));
    if (keys.length > 0 && laneOf(object.key) !== laneOf(keys[0] ?? '')) continue;
    await world.putOverflow(object, 5_000);
    keys.push(object.key);
  }
  return keys;
}

/** Streams that keep what they accepted apart. */
function streams(away: readonly TableKind[] = []) {
  const taken: Record<TableKind, string[]> = { exposures: [], events: [], quarantine: [] };
  let calls = 0;
  const put =
    (kind: TableKind): PutRecordBatch =>
    async (records) => {
      calls += 1;
      if (away.includes(kind)) return throttled;
      taken[kind].push(...records.flatMap((record) => Buffer.from(record).toString().split('\n')));
      return { kind: 'answered', errorCodes: records.map(() => null) };
    };
  const using: Redrive = {
    ...world.redrive(),
    streams: {
      exposures: [world.streamOf('exposures', put('exposures'))],
      events: [world.streamOf('events', put('events'))],
      quarantine: [world.streamOf('quarantine', put('quarantine'))],
    },
  };
  return { taken, using, calls: () => calls };
}

/** A store that counts its calls. */
function counting(store: RedriveStore) {
  let calls = 0;
  const counted = <T>(call: Promise<T>) => {
    calls += 1;
    return call;
  };
  const wrapped: RedriveStore = {
    ...store,
    read: (key) => counted(store.read(key)),
    remove: (keys) => counted(store.remove(keys)),
    claim: async (key, until) => {
      const claim = await counted(store.claim(key, until));
      return claim === null ? null : { release: () => counted(claim.release()) };
    },
  };
  return { store: wrapped, calls: () => calls };
}

describe('overflow objects of a lane', () => {
  it('put their rows on their own streams together: at most two calls for each object', async () => {
    const keys = await spill(20);
    const { using, taken, calls } = streams();
    const { store, calls: ofStore } = counting(world.store);
    const outcomes = await world.redriveAll(keys, { using: { ...using, store } });
    expect(outcomes).toEqual(keys.map(() => ({ outcome: 'delivered', documents: 4 })));
    for (const kind of ['exposures', 'events'] as const)
      expect(taken[kind].toSorted()).toEqual(keys.flatMap((_, i) => documentsOf(kind, i)).toSorted());
    expect([await world.keys('overflow/'), await world.keys('ledger/')]).toEqual([[], []]);
    // A claim, its release, a read each, one removal, and a call for each stream.
    expect(calls() + ofStore()).toBe(20 + 5);
  });

  it.each(['exposures', 'events'] as const)(
    'stay whole while %s is away, and an environment that knows it puts no row of them on the other stream',
    async (away) => {
      const keys = await spill(3);
      const { using, taken } = streams([away]);
      await world.redriveAll(keys, { using });
      const first = Object.values(taken).flat().length;
      expect(first).toBeLessThanOrEqual(6);
      for (let n = 0; n < 5; n += 1) {
        using.streams[away][0]?.breaker.probeNow();
        const outcomes = await world.redriveAll(keys, { using });
        expect(outcomes).toMatchObject(keys.map(() => ({ outcome: 'kept' })));
      }
      expect(Object.values(taken).flat()).toHaveLength(first);
      expect(await world.keys('overflow/')).toHaveLength(3);
      await world.redriveAll(keys, { using: streams().using });
      expect(await world.keys('overflow/')).toEqual([]);
    },
  );

  it('are left alone without a call while their stream is known to be away', async () => {
    const keys = await spill(3);
    const { using, calls } = streams(['exposures']);
    await world.redriveAll(keys, { using });
    const before = calls();
    const { store, calls: ofStore } = counting(world.store);
    expect(await world.redriveAll(keys, { using: { ...using, store } })).toEqual(keys.map(() => undefined));
    // The claim and its release.
    expect([calls() - before, ofStore()]).toEqual([0, 2]);
  });

  it('are parked at once if a row is larger than a record, and the others are delivered', async () => {
    const keys = await spill(2, ['events']);
    const documents = ['{"event_id":"small"}', `{"x":"${'x'.repeat(MAX_RECORD_BYTES)}"}`];
    const returned = [0, 1].map((index) => ({ index, reason: 'held_back' as const }));
    const large = await overflowObject([{ kind: 'events', documents, returned }], START, 'large');
    await world.putOverflow(large, 5_000);
    const { using, taken } = streams();
    expect(await world.redriveAll([...keys, large.key], { using })).toMatchObject([
      { outcome: 'delivered' },
      { outcome: 'delivered' },
      { outcome: 'parked', code: 'SLUICE_REDRIVE_ROW_TOO_LARGE' },
    ]);
    expect(taken.events).toContain('{"event_id":"small"}');
    expect(await world.keys('')).toEqual([`parked/${large.key}`]);
  });

  it('are all there when the process dies at any call, and each is delivered by the next one', async () => {
    for (let at = 1; at <= 7; at += 1) {
      for (const when of ['before', 'after'] as const) {
        const keys = await spill(3);
        const { using, taken } = streams();
        let calls = 0;
        const step = async <T>(call: () => Promise<T>): Promise<T> => {
          calls += 1;
          if (calls > at || (calls === at && when === 'before')) throw new Error('dead');
          const done = await call();
          if (calls === at) throw new Error('dead');
          return done;
        };
        const store: RedriveStore = {
          ...world.store,
          read: (key) => step(() => world.store.read(key)),
          remove: (some) => step(() => world.store.remove(some)),
          copy: (from, to) => step(() => world.store.copy(from, to)),
          claim: async (key, until) => {
            const claim = await step(() => world.store.claim(key, until));
            return claim === null ? null : { release: () => step(() => claim.release()) };
          },
        };
        await world.redriveAll(keys, { using: { ...using, store } });
        world.clock.advance(CLAIM_MS);
        await world.redriveAll(keys, { using });
        expect(await world.keys('overflow/')).toEqual([]);
        for (const kind of ['exposures', 'events'] as const)
          expect(new Set(taken[kind])).toEqual(new Set(keys.flatMap((_, i) => documentsOf(kind, i))));
        await world.empty();
      }
    }
  });
});
