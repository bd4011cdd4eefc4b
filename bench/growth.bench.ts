import { serviceFunctions } from '../infra/serverless/serviceFunctions.ts';
import { sum } from '../lib/base/sum.ts';
import { defineConfig } from '../lib/config/defineConfig.ts';
import type { LakeSize } from '../test/harness/grownLake.ts';
import type { Bench, BenchRow } from './Bench.ts';
import { periodicWorks, type WorkCost } from './growth/works.ts';
import { type Cost, caseRows, runOnce } from './measure.ts';

/** A month, a year and ten years of a deployment, of few and of many datasets. */
const CORNERS: Readonly<Record<string, Omit<LakeSize, 'isTurn'>>> = {
  'a month, 10 datasets, 1 file an hour': { days: 30, datasets: 10, filesAnHour: 1 },
  'a year, 200 datasets, 60 files an hour': { days: 365, datasets: 200, filesAnHour: 60 },
  'ten years, 200 datasets, 60 files an hour': { days: 3_650, datasets: 200, filesAnHour: 60 },
};
/** USD in us-east-1 at list price. https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/glue/pricing/ */
const PRICES = { list: 5e-6, get: 0.4e-6, put: 5e-6, catalog: 1e-6 };

/** Share of a function's memory that its heap may take. The rest is code and buffers. */
const HEAP_SHARE = 0.75;

/** What one run cost. */
type Once = Cost & WorkCost;

const functions = serviceFunctions(defineConfig({ bucket: 'acme-experiments' }));

/** What a deployment in which nothing is new does by the clock: calls, bytes and memory of a run, and USD of the calls of a month. */
const bench: Bench = {
  async run({ at }) {
    const rows: BenchRow[] = [];
    for (const [work, { runsAMonth, turnsAMonth }] of Object.entries(periodicWorks))
      for (const [corner, size] of Object.entries(CORNERS)) {
        const measure = async (name: string, isTurn: boolean) => {
          at(`${name}: ${corner}`);
          const request = { work, size: { ...size, isTurn } };
          const [subject = ''] = work.split(',');
          const memory = functions[subject]?.memorySize;
          if (memory === undefined) throw new RangeError(`${work} begins with no function.`);
          const heapMb = Math.floor(memory * HEAP_SHARE);
          const once = await runOnce<Once>('growth/growthOnce.ts', request, heapMb);
          if (once.messages > 0) throw new Error(`${name}: messages, though nothing is new.`);
          return once;
        };
        const once = await measure(work, false);
        rows.push(...rowsOf(`${work}: ${corner}`, once, runsAMonth));
        if (turnsAMonth === undefined) continue;
        const turns = `${work}, its turns`;
        const both = await measure(turns, true);
        rows.push(...rowsOf(`${turns}: ${corner}`, withoutThose(both, once), turnsAMonth));
      }
    return rows;
  },
};

/** The kinds of calls that AWS bills. */
const KINDS = Object.keys(PRICES) as (keyof typeof PRICES)[];

/** The figures of a run, and what a month of runs costs. */
function rowsOf(name: string, once: Once, runsAMonth: number): readonly BenchRow[] {
  const row = caseRows(name);
  const usd = sum(KINDS.map((kind) => once[kind] * PRICES[kind]));
  return [
    ...KINDS.map((kind) => row(kind, once[kind], 'count')),
    row('read', once.bytesRead / 1e6, 'MB'),
    row('cpu_s', once.cpuMs / 1_000, 's'),
    row('peak_rss_mib', once.rssMib, 'MiB'),
    row('usd_a_month', usd * runsAMonth, 'USD'),
  ];
}

/** What a run costs beyond what another costs. Its memory is that of all. */
function withoutThose(both: Once, base: Once): Once {
  const beyond = (kind: keyof Once) => both[kind] - base[kind];
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, beyond(kind)]));
  return { ...both, ...counts, bytesRead: beyond('bytesRead'), cpuMs: beyond('cpuMs') };
}
export default bench;
