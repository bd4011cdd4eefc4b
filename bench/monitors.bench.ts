import { gunzipSync } from 'node:zlib';
import { defineConfig } from '../lib/config/defineConfig.ts';
import { testGroups } from '../lib/experiments/testGroups.ts';
import { monthlyCost } from '../observe/cost/monthlyCost.ts';
import { measureSample, sampleMonth } from '../observe/cost/sampleUsage.ts';
import { FUNCTION_MEGABYTES } from '../observe/cost/stageUsage.ts';
import { collectBodies } from './collect/collectBodies.ts';
import type { Bench, BenchRow } from './run.ts';

const AA_EXPERIMENTS = 1_000;
const AA_DAYS = 30;
const SKEWED_EXPERIMENTS = 100;
/** Days after which an experiment that was not told counts as never told. */
const MOST_DAYS = 400;
/** The default of `monitors.sampleRatio.alpha`, and a level at which false alarms can be counted. */
const ALPHAS = [0.001, 0.05] as const;
const [ALPHA] = ALPHAS;

/** Uniform numbers of 32 bits, from a seed: xorshift. */
function numbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** The first day on which the split of an experiment is told; null for none. Every unit is drawn. */
function toldOn(
  next: () => number,
  {
    units,
    share,
    days,
    alpha,
  }: { readonly units: number; readonly share: number; readonly days: number; readonly alpha: number },
): number | null {
  const below = share * 2 ** 32;
  const groups = ['a', 'b'].map((groupId) => ({ groupId, groupName: null, weight: 1 }));
  let a = 0;
  for (let day = 1; day <= days; day += 1) {
    for (let unit = 0; unit < units; unit += 1) if (next() < below) a += 1;
    const seen = [
      { groupId: 'a', units: a, crossovers: 0 },
      { groupId: 'b', units: day * units - a, crossovers: 0 },
    ];
    const { verdict } = testGroups(seen, { source: 'configuration', groups }, { isGate: false, alpha });
    if (verdict === 'mismatch') return day;
  }
  return null;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

async function costs(): Promise<readonly BenchRow[]> {
  const split = { control: 50, treatment: 50 };
  const config = defineConfig({
    bucket: 'bench',
    experiments: Array.from({ length: 10 }, (_, i) => ({ name: `experiment_${i}`, split })),
    monitors: {},
  });
  const sample = measureSample(collectBodies(20, 1_000, 1).map((body) => gunzipSync(body).toString()));
  return [1, 10, 100].map((millions) => {
    const usage = sampleMonth(sample, millions * 1_000_000, config, FUNCTION_MEGABYTES);
    const { parts } = monthlyCost(usage, { config, service: 'sluice', stage: 'prod' });
    const value = parts.monitors ?? Number.NaN;
    return { case: `10 experiments, ${millions} million events`, metric: 'usd_a_month', value, unit: 'USD' };
  });
}

/** False alarms of monitors, days until a wrong split is told, and what they cost. */
const bench: Bench = {
  name: 'monitors',
  async run({ at }) {
    const rows: BenchRow[] = [];
    for (const alpha of ALPHAS) {
      at(`A/A at ${alpha}`);
      const next = numbers(37);
      const told = Array.from({ length: AA_EXPERIMENTS }, () =>
        toldOn(next, { units: 1_000, share: 0.5, days: AA_DAYS, alpha }),
      ).filter((day) => day !== null).length;
      rows.push({
        case: `${AA_EXPERIMENTS} A/A experiments of ${AA_DAYS} days, stated rate ${alpha}`,
        ...{ metric: 'false_alarms', value: told / AA_EXPERIMENTS, unit: 'share' },
      });
    }
    for (const share of [0.51, 0.55])
      for (const units of [1_000, 10_000]) {
        const name = `${Math.round(share * 100)}:${Math.round(100 - share * 100)}, ${units} units a day`;
        at(name);
        const next = numbers(units);
        const days = Array.from(
          { length: SKEWED_EXPERIMENTS },
          () => toldOn(next, { units, share, days: MOST_DAYS, alpha: ALPHA }) ?? Number.POSITIVE_INFINITY,
        );
        rows.push(
          { case: name, metric: 'days_until_told_p50', value: quantile(days, 0.5), unit: 'days' },
          { case: name, metric: 'days_until_told_p90', value: quantile(days, 0.9), unit: 'days' },
        );
      }
    at('cost');
    return [...rows, ...(await costs())];
  },
};

export default bench;
