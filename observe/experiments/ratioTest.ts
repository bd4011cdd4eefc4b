/** What was observed of one group, and its expected share. */
export interface GroupCount {
  readonly units: number;
  /** A weight above 0, of any scale. */
  readonly weight: number;
}

/** Pearson's chi-square test of a ratio. */
export interface RatioTest {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  /** The probability of groups at least as far from the expected ones if the split is right. */
  readonly pValue: number;
}

/** Units that are expected of a group by its weight. */
export function expectedUnits(counts: readonly GroupCount[]): number[] {
  const units = counts.reduce((sum, count) => sum + count.units, 0);
  const weights = counts.reduce((sum, { weight }) => sum + weight, 0);
  return counts.map(({ weight }) => (units * weight) / weights);
}

/**
 * The least number of expected units in a group with which the distribution of the test statistic is close enough to the
 * chi-square distribution. https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.chisquare.html
 */
export const LEAST_EXPECTED = 5;

/**
 * Tests whether units are split by the weights.
 *
 * @param counts All groups that are expected, also those without units; two at least.
 * @returns null when a group has fewer than {@link LEAST_EXPECTED} expected units: the test does not hold then.
 */
export async function testRatio(counts: readonly GroupCount[]): Promise<RatioTest | null> {
  const expected = expectedUnits(counts);
  if (counts.length < 2 || expected.some((units) => !(units >= LEAST_EXPECTED))) return null;
  const chiSquare = counts.reduce((sum, { units }, i) => {
    const wanted = expected[i] ?? 0;
    return sum + (units - wanted) ** 2 / wanted;
  }, 0);
  const degreesOfFreedom = counts.length - 1;
  return { chiSquare, degreesOfFreedom, pValue: await upperTail(degreesOfFreedom, chiSquare) };
}

/** Loaded here: it compiles WebAssembly, and most commands do not need it. */
async function upperTail(degreesOfFreedom: number, chiSquare: number): Promise<number> {
  const { chdtrc, compiled } = await import('cephes');
  await compiled;
  try {
    return chdtrc(degreesOfFreedom, chiSquare);
  } catch (error) {
    if (error instanceof Error && error.message.includes('underflow')) return 0;
    throw error;
  }
}
