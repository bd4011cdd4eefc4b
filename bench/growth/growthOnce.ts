// One work over a grown lake in a separate process.
import { grownLake, type LakeSize } from '../../test/harness/grownLake.ts';
import { measured, requested } from '../measure.ts';
import { periodicWorks, workPorts } from './works.ts';

const { work, size } = await requested<{ readonly work: string; readonly size: LakeSize }>();
const { run, hour } = periodicWorks[work] ?? {};
if (run === undefined) throw new Error(work);
const now = Date.parse('2026-11-28T00:20:00Z') + (hour ?? 0) * 3_600_000;
const lake = grownLake(size, now);
const ports = workPorts(lake, now);
await measured(async () => {
  await run(ports);
  const { counts } = lake.own;
  // Customers' files are listed and not read.
  const list = counts.list + lake.customers.counts.list;
  return { ...counts, list, catalog: lake.catalogCalls(), messages: ports.sent.length };
});
