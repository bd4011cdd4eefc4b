import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectedUnits, testRatio } from '../../observe/experiments/ratioTest.ts';
import { scipyRatios } from './scipyRatios.ts';

const counts = (units: readonly number[], weights: readonly number[]) =>
  units.map((count, i) => ({ units: count, weight: weights[i] ?? 0 }));

describe('the test of a ratio', () => {
  it.each(scipyRatios)('agrees with SciPy on $units by $weights', async ({ units, weights, ...witness }) => {
    const result = await testRatio(counts(units, weights));
    expect(result?.degreesOfFreedom).toBe(units.length - 1);
    expect(result?.chiSquare).toBeCloseTo(witness.chiSquare, 8);
    // Relative, because the interesting values are tiny.
    expect(Math.abs((result?.pValue ?? 0) - witness.pValue)).toBeLessThanOrEqual(witness.pValue * 1e-10);
  });

  it('agrees with an answer worked out by hand', async () => {
    // Expected 500 each: (100² + 100²) / 500 = 40. For 2 degrees of freedom the tail is exp(-x / 2).
    expect(await testRatio(counts([600, 400], [50, 50]))).toMatchObject({
      chiSquare: 40,
      degreesOfFreedom: 1,
    });
    const three = await testRatio(counts([400, 300, 300], [1, 1, 1]));
    expect(three?.pValue).toBeCloseTo(Math.exp(-(three?.chiSquare ?? 0) / 2), 15);
  });

  it('counts a group without units as one with 0', async () => {
    expect((await testRatio(counts([100, 0], [1, 1])))?.chiSquare).toBe(100);
  });

  it('has no result below 5 expected units in a group, and with a single group', async () => {
    expect(await testRatio(counts([9, 0], [1, 1]))).toBeNull();
    expect(await testRatio(counts([5, 5], [1, 1]))).toMatchObject({ pValue: 1 });
    expect(await testRatio(counts([996, 4], [999, 1]))).toBeNull();
    expect(await testRatio(counts([100], [1]))).toBeNull();
    expect(await testRatio([])).toBeNull();
    expect(await testRatio(counts([0, 0], [1, 1]))).toBeNull();
  });

  it('does not depend on the order of groups or the scale of weights, and falls as a group moves away', async () => {
    const group = fc.record({
      units: fc.integer({ min: 0, max: 100_000 }),
      weight: fc.integer({ min: 1, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 1, max: 1_000 }),
        async (groups, scale) => {
          const result = await testRatio(groups);
          const total = groups.reduce((sum, { units }) => sum + units, 0);
          expect(expectedUnits(groups).reduce((sum, units) => sum + units, 0)).toBeCloseTo(total, 5);
          if (result === null) {
            expect(expectedUnits(groups).some((units) => !(units >= 5))).toBe(true);
            return;
          }
          expect(result.pValue).toBeGreaterThanOrEqual(0);
          expect(result.pValue).toBeLessThanOrEqual(1);
          const other = await testRatio(
            groups.map(({ units, weight }) => ({ units, weight: weight * scale })).toReversed(),
          );
          expect(other?.chiSquare).toBeCloseTo(result.chiSquare, 5);
          const [first, ...rest] = groups;
          const wanted = expectedUnits(groups)[0] ?? 0;
          if (first === undefined || first.units < wanted) return;
          const further = await testRatio([{ ...first, units: first.units * 2 + 10 }, ...rest]);
          expect(further?.pValue ?? 0).toBeLessThanOrEqual(result.pValue + 1e-12);
        },
      ),
    );
  });
});
