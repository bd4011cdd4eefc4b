import { describe, expect, it } from '@jest/globals';
import { deliver, deliverOrSpill } from '../../../../lib/landing/delivery/deliver.ts';
import type { PutOutcome } from '../../../../lib/landing/delivery/putRecords.ts';
import { StreamBreaker } from '../../../../lib/landing/delivery/StreamBreaker.ts';
import { type StreamShard, StreamShards } from '../../../../lib/landing/delivery/StreamShards.ts';
import { MAX_ATTEMPTS } from '../../../../lib/schema/deliveryLimits.ts';
import type { StreamId } from '../../../../lib/tables/streams.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const IDS: readonly StreamId[] = ['events', 'events-2', 'events-3'];
const throttled: PutOutcome = { kind: 'failed', code: 'ServiceUnavailableException', retryable: true };

/** Streams that take what they are given, apart from those that answer otherwise. */
function world(answers: Readonly<Partial<Record<StreamId, (records: number) => PutOutcome>>> = {}) {
  const clock = new ManualClock(0);
  const timing = { clock, wait: async (ms: number) => clock.advance(ms), random: () => 0.5 };
  const calls: StreamId[] = [];
  const taken = new Map<StreamId, string[]>(IDS.map((stream) => [stream, []]));
  const shards = IDS.map((stream) => ({
    stream,
    breaker: new StreamBreaker(stream, { ...timing, log: () => undefined }),
    putRecordBatch: async (records: readonly Uint8Array[]): Promise<PutOutcome> => {
      calls.push(stream);
      const outcome: PutOutcome = answers[stream]?.(records.length) ?? {
        kind: 'answered',
        errorCodes: records.map(() => null),
      };
      if (outcome.kind === 'answered')
        for (const [i, record] of records.entries())
          if (outcome.errorCodes[i] === null)
            taken.get(stream)?.push(...Buffer.from(record).toString().split('\n'));
      return outcome;
    },
  }));
  return { clock, timing, calls, taken, shards };
}

const names = (shards: readonly StreamShard[]) => shards.map(({ stream }) => stream);
const none = () => false;

describe('the streams of a table', () => {
  it('take turns, and environments begin with any', () => {
    const { shards } = world();
    const chosen = (random: number, count: number) => {
      const all = new StreamShards(shards, () => random);
      return Array.from({ length: count }, () => names(all.choose(none))[0]);
    };
    expect(chosen(0, 6)).toEqual([...IDS, ...IDS]);
    expect(chosen(0.99, 2)).toEqual(['events-3', 'events']);
  });

  it('share what a held one would have got, and are all left alone when all are held', () => {
    const { shards } = world();
    const all = new StreamShards(shards, () => 0);
    const counts = new Map<StreamId | undefined, number>();
    for (let n = 0; n < 60; n += 1) {
      const chosen = names(all.choose((stream) => stream === 'events-2'));
      expect(chosen).not.toContain('events-2');
      counts.set(chosen[0], (counts.get(chosen[0]) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).toEqual({ events: 30, 'events-3': 30 });
    expect(all.choose(() => true)).toEqual([]);
  });

  it('get a delivery only when they are not away, or a call to them is due; one alone gets all', () => {
    const { shards, clock } = world();
    const [, second] = shards;
    for (let n = 0; n < 2; n += 1) second?.breaker.answered(false, 'ServiceUnavailableException');
    const all = new StreamShards(shards, () => 0);
    const chosen = () => Array.from({ length: 6 }, () => names(all.choose(none)));
    expect(chosen().flat()).not.toContain('events-2');
    clock.advance(60_000);
    const due = chosen();
    expect(due.filter(([first]) => first === 'events-2')).toHaveLength(2);
    expect(due.map(([, other]) => other)).not.toContain('events-2');
    const only = new StreamShards(shards.slice(1, 2), () => 0);
    second?.breaker.answered(false, 'ServiceUnavailableException');
    expect(names(only.choose(none))).toEqual(['events-2']);
  });
});

describe('a delivery to one stream of several', () => {
  const documents = Array.from({ length: 3 }, (_, n) => `{"event_id":"e${n}"}`);

  it('goes on to another at once when the first accepts nothing, and is counted as put again', async () => {
    const { shards, timing, calls, taken, clock } = world({ events: () => throttled });
    const [first, other] = shards;
    if (first === undefined) throw new Error('There are three streams.');
    const delivery = await deliver(documents, { ...timing, ...first, deadline: 1_500 }, other);
    expect(delivery).toMatchObject({ acknowledged: 3, returned: [], records: 1, retried: 1, calls: 2 });
    expect([calls, taken.get('events-2'), clock.now()]).toEqual([['events', 'events-2'], documents, 0]);
    // One failed call says nothing yet; the second says that the stream is away.
    await deliver(documents, { ...timing, ...first, deadline: 1_500 }, other);
    expect(first.breaker.isOpen).toBe(true);
  });

  it('leaves half of the time to the other when the first hangs', async () => {
    const timeouts: number[] = [];
    const { shards, timing, clock } = world();
    const hanging = async (_records: readonly Uint8Array[], timeoutMs: number): Promise<PutOutcome> => {
      timeouts.push(timeoutMs);
      clock.advance(timeoutMs);
      return { kind: 'failed', code: 'TimeoutError', retryable: true };
    };
    const delivery = await deliver(
      documents,
      { ...timing, putRecordBatch: hanging, deadline: 1_501 },
      shards[1],
    );
    expect([delivery.acknowledged, timeouts]).toEqual([3, [750]]);
  });

  it('is spilled once when no stream accepts it, with what the streams said', async () => {
    const { shards, timing, calls } = world({ events: () => throttled, 'events-2': () => throttled });
    const spilled: string[] = [];
    const [delivery] = await deliverOrSpill([{ kind: 'events', documents, to: shards.slice(0, 2) }], {
      ...timing,
      deadline: 2_500,
      putOverflow: async ({ metadata }) => void spilled.push(metadata.code),
    });
    expect(delivery).toMatchObject({ acknowledged: 0, overflowed: 3, isSafe: true });
    expect(spilled).toEqual(['ServiceUnavailableException']);
    expect(calls.filter((stream) => stream === 'events')).toHaveLength(1);
    expect(calls.length).toBeLessThanOrEqual(1 + MAX_ATTEMPTS);
  });

  it('is counted as put again only if both were asked', async () => {
    const { shards, timing } = world({ events: () => throttled });
    const [first, other] = shards;
    if (first === undefined || other === undefined) throw new Error('There are three streams.');
    for (let n = 0; n < 2; n += 1) other.breaker.answered(false, 'Away');
    expect(await deliver(documents, { ...timing, ...first, deadline: 1_500 }, other)).toMatchObject({
      ...{ acknowledged: 0, calls: 1, retried: 0 },
    });
    const well = world();
    const [away, taking] = well.shards;
    if (away === undefined || taking === undefined) throw new Error('There are three streams.');
    for (let n = 0; n < 2; n += 1) away.breaker.answered(false, 'Away');
    expect(await deliver(documents, { ...well.timing, ...away, deadline: 1_500 }, taking)).toMatchObject({
      ...{ acknowledged: 3, calls: 1, retried: 0 },
    });
  });

  it('may have been written to the first when the other was away: so it is told', async () => {
    const { shards, timing } = world({ events: () => throttled });
    const [first, other] = shards;
    if (first === undefined || other === undefined) throw new Error('There are three streams.');
    for (let n = 0; n < 2; n += 1) other.breaker.answered(false, 'Away');
    const { returned } = await deliver(documents, { ...timing, ...first, deadline: 1_500 }, other);
    expect(returned).toMatchObject(
      documents.map(() => ({ reason: 'not_acknowledged', code: 'ServiceUnavailableException' })),
    );
  });
});
