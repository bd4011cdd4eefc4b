// One work over a grown lake in a separate process.
import { grownLake, type LakeSize } from '../../test/harness/grownLake.ts';
import { measured, requested } from '../measure.ts';
import { lookedBefore, periodicWorks, workPorts } from './works.ts';

const { work, size } = await requested<{ readonly work: string; readonly size: LakeSize }>();
const { run, hour } = periodicWorks[work] ?? {};
if (run === undefined) throw new Error(work);
const now = Date.parse('2026-11-28T00:20:00Z') + (hour ?? 0) * 3_600_000;
const lake = grownLake(size, now);
const ports = workPorts(lake, now);
await lookedBefore(ports);
const before = { ...lake.own.counts };
const glue = lake.catalogCalls();
await measured(async () => {
  await run(ports);
  const { list, get, put, bytesRead } = lake.own.counts;
  return {
    // Customers' files are listed and not read.
    list: list - before.list + lake.customers.counts.list,
    get: get - before.get,
    put: put - before.put,
    bytesRead: bytesRead - before.bytesRead,
    catalog: lake.catalogCalls() - glue,
    messages: ports.sent.length,
  };
});
