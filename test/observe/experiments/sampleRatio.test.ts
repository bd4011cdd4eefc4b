import { describe, expect, it } from '@jest/globals';
import { sum } from '../../../lib/base/sum.ts';
import { type GroupCount, sampleRatioPValue } from '../../../observe/experiments/sampleRatio.ts';

const counts = (units: readonly number[], weights: readonly number[] = units.map(() => 1)): GroupCount[] =>
  units.map((count, i) => ({ units: count, weight: weights[i] ?? 0 }));

/** 1 / p as a rational number, by rising factorials: what the test is by definition, without a gamma function. */
function byDefinition(units: readonly number[], weights: readonly number[]): number {
  const whole = sum(weights);
  const rising = (from: number, times: number) =>
    Array.from({ length: times }, (_, i) => from + i).reduce((product, factor) => product * factor, 1);
  const factors = [10, 100, 1_000, 10_000].map((concentration) => {
    const all = sum(units);
    return units.reduce((product, count, i) => {
      const share = (weights[i] ?? 0) / whole;
      return (product * rising(concentration * share, count)) / share ** count;
    }, 1 / rising(concentration, all));
  });
  return sum(factors) / factors.length;
}

/** Every way in which units may be divided among groups, and how probable it is by the weights. */
function outcomes(all: number, shares: readonly number[]): { units: number[]; probability: number }[] {
  const [share = 1, ...rest] = shares;
  if (rest.length === 0) return [{ units: [all], probability: 1 }];
  const others = sum(rest);
  const own = share / (share + others);
  return Array.from({ length: all + 1 }, (_, count) => {
    let ways = 1;
    for (let i = 0; i < count; i += 1) ways = (ways * (all - i)) / (i + 1);
    const probability = ways * own ** count * (1 - own) ** (all - count);
    return outcomes(all - count, rest).map((other) => ({
      units: [count, ...other.units],
      probability: probability * other.probability,
    }));
  }).flat();
}

describe('the test of a sample ratio', () => {
  it.each([
    { units: [8, 2], weights: [1, 1] },
    { units: [20, 0], weights: [1, 1] },
    { units: [3, 1, 9], weights: [1, 2, 3] },
    { units: [12, 14], weights: [9, 1] },
  ])('is what its definition says for the units $units by the weights $weights', ({ units, weights }) => {
    const wanted = Math.min(1, 1 / byDefinition(units, weights));
    expect(sampleRatioPValue(counts(units, weights))).toBeCloseTo(wanted, 10);
  });

  it.each([
    { all: 12, weights: [1, 1] },
    { all: 9, weights: [1, 2, 7] },
    { all: 6, weights: [1, 1, 1, 1] },
  ])('is a fair bet by its definition on $all units that are split right by $weights', ({ all, weights }) => {
    // Its inverse is worth 1 on average, which makes it valid at any time: https://arxiv.org/abs/2011.03567.
    const worth = outcomes(all, weights).map(
      ({ units, probability }) => probability * byDefinition(units, weights),
    );
    expect(sum(worth)).toBeCloseTo(1, 10);
  });

  it('is wrong about no more experiments than it says, though somebody looks after every unit', () => {
    // Exactly: the probability of each count of the first group, without those that were stopped before.
    const alpha = 0.05;
    let going = new Map([[0, 1]]);
    let stopped = 0;
    for (let all = 1; all <= 400; all += 1) {
      const next = new Map<number, number>();
      for (const [count, probability] of going)
        for (const added of [0, 1]) {
          const units = count + added;
          if ((sampleRatioPValue(counts([units, all - units])) ?? 1) < alpha) stopped += probability / 2;
          else next.set(units, (next.get(units) ?? 0) + probability / 2);
        }
      going = next;
    }
    expect(stopped).toBeGreaterThan(0);
    expect(stopped).toBeLessThanOrEqual(alpha);
  });

  it('finds a lost group in few units, and a small difference in many', () => {
    expect(sampleRatioPValue(counts([10, 0]))).toBeGreaterThan(0.01);
    expect(sampleRatioPValue(counts([25, 0]))).toBeLessThan(0.001);
    expect(sampleRatioPValue(counts([600, 400]))).toBeLessThan(1e-6);
    expect(sampleRatioPValue(counts([102_000, 98_000]))).toBeLessThan(1e-6);
    expect(sampleRatioPValue(counts([5_000, 5_100]))).toBeGreaterThan(0.1);
    expect(sampleRatioPValue(counts([190, 910], [10, 90]))).toBeLessThan(0.001);
    expect(sampleRatioPValue(counts([1_000_000, 1_100_000]))).toBe(0);
  });

  it('has no result for one group, or without units', () => {
    for (const none of [counts([]), counts([100]), counts([0, 0])])
      expect(sampleRatioPValue(none)).toBeNull();
  });
});
