import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { overflowObject } from '../../../../lib/landing/delivery/overflow.ts';
import type { PutRecordBatch } from '../../../../lib/landing/delivery/putRecords.ts';
import { type Hold, NO_HOLDS, type StreamHolds, withHold } from '../../../../lib/landing/hold/StreamHolds.ts';
import { releasedAt } from '../../../../lib/landing/redrive/heldStreams.ts';
import { probeHeld } from '../../../../lib/landing/redrive/probeHeld.ts';
import type { Redrive } from '../../../../lib/landing/redrive/Redrive.ts';
import { awayCode } from '../../../../lib/landing/redrive/redriveOverflow.ts';
import { overflowKey } from '../../../../lib/tables/objectKeys.ts';
import type { StreamId } from '../../../../lib/tables/streams.ts';
import { overflowBody, rows, startRedrive } from './startRedrive.ts';

const IDS = ['events', 'events-2', 'events-3'] as const satisfies readonly StreamId[];
const hold: Hold = {
  since: '2026-11-20T07:00:00.000Z',
  by: 'check',
  why: 'Late.',
  until: 'delivery',
  probe: false,
};

let world: Awaited<ReturnType<typeof startRedrive>>;
beforeAll(async () => {
  world = await startRedrive();
});
afterEach(() => world.empty());
afterAll(() => world.close());

/** Redrive with three streams of events, of which some accept nothing. */
function threeStreams(away: readonly StreamId[] = [], holds: StreamHolds = NO_HOLDS) {
  const taken = new Map<StreamId, string[]>(IDS.map((stream) => [stream, []]));
  const put =
    (stream: StreamId): PutRecordBatch =>
    async (records) => {
      if (away.includes(stream))
        return { kind: 'failed', code: 'ServiceUnavailableException', retryable: true };
      taken.get(stream)?.push(...records.flatMap((record) => Buffer.from(record).toString().split('\n')));
      return { kind: 'answered', errorCodes: records.map(() => null) };
    };
  const base = world.redrive();
  const using: Redrive = {
    ...base,
    streams: { ...base.streams, events: IDS.map((stream) => world.streamOf(stream, put(stream))) },
    holds: async () => holds,
  };
  return { using, taken, counts: () => IDS.map((stream) => taken.get(stream)?.length) };
}

async function spill(digits: string, documents: readonly string[]): Promise<string> {
  const key = overflowKey('events', digits.padEnd(64, '0'));
  const metadata = { documents: String(documents.length), since: '', code: '' };
  await world.putOverflow({ key, body: overflowBody(documents), metadata }, 5_000);
  return key;
}

/** A row of some length. */
const long = (n: number) => `{"event_id":"e${n}","pad":"${'x'.repeat(600_000)}"}`;

describe('overflow of a table with several streams', () => {
  it('goes to all of them, each at its own pace', async () => {
    const keys = [];
    // Two of these fill a delivery.
    for (let n = 0; n < 12; n += 1) keys.push(await spill(`a${n.toString(16)}`, [long(n)]));
    const { using, counts, taken } = threeStreams();
    const outcomes = await world.redriveAll(keys, { using });
    expect(outcomes).toEqual(keys.map(() => ({ outcome: 'delivered', documents: 1 })));
    expect(counts()).toEqual([4, 4, 4]);
    expect([...taken.values()].flat().toSorted()).toEqual(keys.map((_, n) => long(n)).toSorted());
  });

  it('goes to those that are well, once, while the others accept nothing', async () => {
    const keys = [await spill('a', rows(5)), await spill('ab', rows(5, 5))];
    const { using, counts } = threeStreams(['events', 'events-3']);
    expect(await world.redriveAll(keys, { using })).toMatchObject([
      { outcome: 'delivered' },
      { outcome: 'delivered' },
    ]);
    expect(counts()).toEqual([0, 10, 0]);
    expect(await world.keys('overflow/')).toEqual([]);
  });

  it('stays whole when none of them is well', async () => {
    const keys = [await spill('a', rows(5))];
    const { using, counts } = threeStreams(IDS);
    expect(await world.redriveAll(keys, { using })).toMatchObject([
      { outcome: 'kept', code: 'SLUICE_REDRIVE_NOT_DELIVERED', detail: 'ServiceUnavailableException' },
    ]);
    expect(counts()).toEqual([0, 0, 0]);
    expect(await world.keys('overflow/')).toEqual(keys);
  });

  it('goes to those that are not held, and waits when all are', async () => {
    const some = withHold(withHold(NO_HOLDS, 'events', hold), 'events-3', hold);
    const key = await spill('a', rows(5));
    const one = threeStreams([], some);
    expect(await world.redriveAll([key], { using: one.using })).toMatchObject([{ outcome: 'delivered' }]);
    expect(one.counts()).toEqual([0, 5, 0]);
    const waiting = await spill('b', rows(5));
    const { using, counts } = threeStreams([], withHold(some, 'events-2', hold));
    expect(await world.redriveAll([waiting], { using })).toEqual([undefined]);
    expect(counts()).toEqual([0, 0, 0]);
    expect(await world.keys('overflow/')).toEqual([waiting]);
  });

  it('is a probe for the held stream that asks for one', async () => {
    await spill('a', rows(3));
    const holds = withHold(NO_HOLDS, 'events-2', { ...hold, probe: true });
    const { using, counts } = threeStreams([], holds);
    const lines: unknown[] = [];
    await probeHeld({ ...using, deadline: world.clock.now() + 60_000, log: (line) => lines.push(line) });
    expect(counts()).toEqual([0, 1, 0]);
    expect(lines).toEqual([{ level: 'info', event: 'redrive_probe', table: 'events-2', outcome: 'put' }]);
  });
});

describe('rows of two tables, one stream of events held and the others away', () => {
  const oneHeld = withHold(NO_HOLDS, 'events', hold);

  it('are put on the other table once, however often they are tried', async () => {
    const of = (kind: 'exposures' | 'events') => ({
      kind,
      documents: rows(2).map((row) => row.replace('"e', `"${kind}`)),
      returned: [0, 1].map((index) => ({ index, reason: 'held_back' as const })),
    });
    const object = await overflowObject([of('exposures'), of('events')], world.clock.now(), 'one');
    await world.putOverflow(object, 5_000);
    const { using } = threeStreams(['events-2', 'events-3'], oneHeld);
    await world.redriveAll([object.key], { using });
    const first = world.landed.length;
    expect(first).toBeLessThanOrEqual(2);
    for (let n = 0; n < 3; n += 1) {
      for (const { breaker } of using.streams.events) breaker.probeNow();
      expect(await world.redriveAll([object.key], { using })).toMatchObject([{ outcome: 'kept' }]);
    }
    expect(world.landed).toHaveLength(first);
  });

  it('are away, by the code of a stream that is not held', async () => {
    const keys = [await spill('a', rows(5))];
    const { using } = threeStreams(['events-2', 'events-3'], oneHeld);
    expect(awayCode('events', using.streams, oneHeld)).toBeNull();
    await world.redriveAll(keys, { using });
    expect(awayCode('events', using.streams, oneHeld)).toBe('ServiceUnavailableException');
    expect(awayCode('requests', using.streams, oneHeld)).toBe('ServiceUnavailableException');
    expect(awayCode('events', using.streams, NO_HOLDS)).toBeNull();
    const allHeld = withHold(withHold(oneHeld, 'events-2', hold), 'events-3', hold);
    expect(awayCode('requests', using.streams, allHeld)).toBeNull();
  });
});

it('rows count as tried since no stream of their tables is held', () => {
  const { streams } = threeStreams().using;
  const at = (hour: number) => `2026-11-20T0${hour}:00:00.000Z`;
  const now = Date.parse(at(9));
  const released = { events: at(7), 'events-2': at(5) };
  const since = (holds: StreamHolds | null, ...kinds: readonly ('exposures' | 'events')[]) =>
    releasedAt(kinds, streams, holds, now);
  expect(since(NO_HOLDS, 'events')).toBe(0);
  expect(since({ ...NO_HOLDS, released }, 'events')).toBe(Date.parse(at(7)));
  expect(since({ ...NO_HOLDS, released }, 'exposures', 'events')).toBe(Date.parse(at(7)));
  expect(since({ ...NO_HOLDS, released }, 'exposures')).toBe(0);
  expect(since(withHold({ ...NO_HOLDS, released }, 'events-3', hold), 'events')).toBe(now);
  expect(since(null, 'events')).toBe(0);
});
