import { sum } from '../../lib/base/sum.ts';

/** Observed units of one group, and its expected share. */
export interface GroupCount {
  /** How many there are. */
  readonly units: number;
  /** A weight above 0, of any scale. */
  readonly weight: number;
}

/** Units that are expected of a group by its weight. */
export function expectedUnits(counts: readonly GroupCount[]): number[] {
  const { units, weights } = totalsOf(counts);
  return counts.map(({ weight }) => (units * weight) / weights);
}

/** Units and weights of all groups together. */
function totalsOf(counts: readonly GroupCount[]): { readonly units: number; readonly weights: number } {
  const units = sum(counts.map((count) => count.units));
  const weights = sum(counts.map(({ weight }) => weight));
  return { units, weights };
}

/**
 * How close to the expected shares the alternatives are that the test looks for, as concentrations of a Dirichlet
 * distribution. The least finds a split that lost a group within 25 units, the greatest one of 51:49 among many. All have the
 * same weight.
 */
const CONCENTRATIONS = [10, 100, 1_000, 10_000] as const;

/**
 * Tests whether units are split by the weights. The result is always valid: somebody who looks after each unit, and stops at
 * the first p-value below `a`, is wrong about at most the share `a` of the experiments that are split right. It is exact for
 * any number of units and groups.
 *
 * It is the sequential multinomial test of Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data" (NeurIPS
 * 2022, https://arxiv.org/abs/2011.03567): 1 divided by the Bayes factor of alternatives around the expected shares, here a
 * mixture of {@link CONCENTRATIONS}.
 *
 * @param counts All groups that are expected, also those without units.
 * @returns The p-value, at most 1; null with fewer than two groups or without units.
 */
export function sampleRatioPValue(counts: readonly GroupCount[]): number | null {
  const { units, weights } = totalsOf(counts);
  if (counts.length < 2 || units === 0) return null;
  const logs = CONCENTRATIONS.map((concentration) =>
    counts.reduce(
      (total, { units: seen, weight }) => {
        const share = weight / weights;
        const prior = concentration * share;
        return total + logGamma(prior + seen) - logGamma(prior) - seen * Math.log(share);
      },
      logGamma(concentration) - logGamma(concentration + units),
    ),
  );
  const largest = Math.max(...logs);
  const mean = sum(logs.map((log) => Math.exp(log - largest))) / logs.length;
  return Math.min(1, Math.exp(-largest - Math.log(mean)));
}

/** From this value on, the series below is as exact as a double. */
const SERIES_FROM = 15;
const HALF_LOG_2_PI = Math.log(2 * Math.PI) / 2;

/** The logarithm of the gamma function of a number above 0, by Stirling's series: https://dlmf.nist.gov/5.11#E1. */
function logGamma(x: number): number {
  let shifted = x;
  let shift = 0;
  for (; shifted < SERIES_FROM; shifted += 1) shift += Math.log(shifted);
  const square = 1 / shifted ** 2;
  const series = (1 / 12 - (1 / 360 - (1 / 1_260 - square / 1_680) * square) * square) / shifted;
  return (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LOG_2_PI + series - shift;
}
