import { describe, expect, it } from '@jest/globals';
import { StreamBreaker } from '../../../../lib/landing/delivery/StreamBreaker.ts';
import { StreamShards } from '../../../../lib/landing/delivery/StreamShards.ts';
import type { StreamId } from '../../../../lib/tables/streams.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';

const IDS: readonly StreamId[] = ['landing', 'landing-2', 'landing-3'];

function world() {
  const clock = new ManualClock(0);
  const ports = { clock, random: () => 0.5, log: () => undefined };
  const shards = IDS.map((stream) => ({ stream, breaker: new StreamBreaker(stream, ports) }));
  return { clock, shards };
}

const none = () => false;

describe('the streams of the landing', () => {
  it('take turns, and environments begin with any', () => {
    const { shards } = world();
    const chosen = (random: number, count: number) => {
      const all = new StreamShards(shards, () => random);
      return Array.from({ length: count }, () => all.choose(none)?.stream);
    };
    expect(chosen(0, 6)).toEqual([...IDS, ...IDS]);
    expect(chosen(0.99, 2)).toEqual(['landing-3', 'landing']);
  });

  it('share what a held one would have got, and are all left alone when all are held', () => {
    const { shards } = world();
    const all = new StreamShards(shards, () => 0);
    const counts = new Map<StreamId | undefined, number>();
    for (let n = 0; n < 60; n += 1) {
      const chosen = all.choose((stream) => stream === 'landing-2')?.stream;
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).toEqual({ landing: 30, 'landing-3': 30 });
    expect(all.choose(() => true)).toBeUndefined();
  });

  it('get a delivery only when they are not away, or a call to them is due; one alone gets all', () => {
    const { shards, clock } = world();
    const [, second] = shards;
    for (let n = 0; n < 2; n += 1) second?.breaker.answered(false, 'ServiceUnavailableException');
    const all = new StreamShards(shards, () => 0);
    const chosen = () => Array.from({ length: 6 }, () => all.choose(none)?.stream);
    expect(chosen()).not.toContain('landing-2');
    clock.advance(60_000);
    const due = chosen();
    expect(due.filter((first) => first === 'landing-2')).toHaveLength(2);
    const only = new StreamShards(shards.slice(1, 2), () => 0);
    second?.breaker.answered(false, 'ServiceUnavailableException');
    expect(only.choose(none)?.stream).toBe('landing-2');
  });
});
