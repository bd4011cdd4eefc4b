import { randomUUID } from 'node:crypto';
import { type ListedObject, listObjects } from '../../lib/base/ObjectStore.ts';
import type { TaskQueue } from '../../lib/base/queue.ts';
import { DAY_MS } from '../../lib/base/time.ts';
import { listedDays } from '../../lib/curate/ListedDays.ts';
import { CHECK_RUN } from '../../lib/curate/messageBodies.ts';
import { planMessages as planCurations } from '../../lib/curate/planMessages.ts';
import { rawDays } from '../../lib/curate/RawDays.ts';
import { loadMessages } from '../../lib/drops/load/loadMessages.ts';
import { lateNotes } from '../../lib/drops/plan/lateDrops.ts';
import { planMessages as planDrops } from '../../lib/drops/plan/planMessages.ts';
import { lastListings } from '../../lib/drops/plan/planSources.ts';
import type { LandedTable } from '../../lib/export/LandedTable.ts';
import { planExports } from '../../lib/export/planExports.ts';
import { KnownPartitions } from '../../lib/landing/catalog/planPartitions.ts';
import { registerMessages } from '../../lib/landing/catalog/registerMessages.ts';
import { lookAtLanding } from '../../lib/landing/write/lookAtLanding.ts';
import { Ledger } from '../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import { sweepVersions } from '../../lib/ledger/sweepVersions.ts';
import { reconcileDays } from '../../lib/reconcile/reconcileDays.ts';
import { landingOf } from '../../test/harness/ComputedObjects.ts';
import type { GrownLake } from '../../test/harness/grownLake.ts';

/** Work that a schedule starts. */
export interface PeriodicWork {
  readonly runsAMonth: number;
  /** Hour of the day in which it runs, UTC. */
  readonly hour: number;
  /** Memory of its function, MB. */
  readonly memory: number;
  run(ports: WorkPorts): Promise<unknown>;
}

/** What each work is given. */
export type WorkPorts = ReturnType<typeof workPorts>;

const NIGHTLY = 30;
const HOURLY = 730;

/** The ports of all functions before a lake. Nothing ends by its deadline: the whole work is counted. */
export function workPorts(lake: GrownLake, now: number) {
  const { own, catalog, views, config, bucket, bucketOf } = lake;
  const sent: string[] = [];
  const tasks: TaskQueue = { send: async (bodies) => void sent.push(...bodies) };
  const timing = { clock: { now: () => now }, wait: () => Promise.resolve(), random: () => 0.5 };
  const attempts = { ...timing, deadline: now + DAY_MS };
  const landing = landingOf(own);
  const ledger = new Ledger({ store: ledgerStore(own), newToken: randomUUID, ...timing });
  const log = (fields: Readonly<Record<string, unknown>>) => {
    if (fields['level'] === 'error') throw new Error(JSON.stringify(fields));
  };
  const all = { config, bucket, stage: 'bench', landing, ledger, catalog, views, tasks, log, ...attempts };
  return { ...all, own, bucketOf, sent, attempts };
}

const message = (body: object) => [{ messageId: '1', body: JSON.stringify(body), receives: 1 }];

const curate = (ports: WorkPorts, body: object) =>
  planCurations(
    { ...ports, raw: rawDays(ports.own, ports.config, ports.attempts), listed: listedDays(ports.own) },
    message(body),
  );
const drops = (ports: WorkPorts, body: object) =>
  planDrops(
    {
      ...ports,
      sources: ports.config.sources,
      looks: lastListings(ports.own),
      lateNotes: lateNotes(ports.own),
      requests: ports.tasks,
    },
    message(body),
  );
const invocation = ({ clock, deadline }: WorkPorts) => ({
  owner: 'bench',
  leaseUntil: clock.now(),
  deadline,
  signal: new AbortController().signal,
});
const load = (ports: WorkPorts) =>
  loadMessages(
    {
      ...ports,
      customerBucket: ports.bucketOf,
      engine: { describe: unused, load: unused },
      limits: { memoryMegabytes: 1, threads: 1, temporaryDirectory: '' },
      directory: '',
      freeBytes: async () => 0,
      diskBytes: 0,
    },
    invocation(ports),
    message({ sluice: 'sweep' }),
    1,
  );

function unused(): never {
  throw new Error('Nothing is loaded.');
}

/** As lib/aws/landedTable.ts, which takes clients. */
function landedTable({ catalog, config, bucket, own }: WorkPorts, table: string): LandedTable {
  return {
    async locations(days) {
      const { items } = await catalog.listPage(config.database, table, undefined, days);
      return new Map(
        items.map(({ values: [day = ''], storage: { Location = '' } }) => [
          day,
          Location.slice(`s3://${bucket}/`.length),
        ]),
      );
    },
    async files(location) {
      const files: ListedObject[] = [];
      for await (const file of listObjects(own, location)) files.push(file);
      return files;
    },
    read: unused,
  };
}

/** Everything that runs by the clock and looks at more than it is told of, with the message that starts it. */
export const periodicWorks: Readonly<Record<string, PeriodicWork>> = {
  'curate-plan, nightly': {
    runsAMonth: NIGHTLY,
    hour: 0,
    memory: 512,
    run: (ports) => curate(ports, { sluice: 'curate' }),
  },
  'curate-plan, hourly': {
    runsAMonth: HOURLY,
    hour: 12,
    memory: 512,
    run: (ports) => curate(ports, { sluice: CHECK_RUN }),
  },
  'ingest-plan, daily': {
    runsAMonth: NIGHTLY,
    hour: 12,
    memory: 512,
    run: (ports) => drops(ports, { sluice: 'plan', schedule: 'daily' }),
  },
  'ingest-plan, what is late': {
    runsAMonth: HOURLY,
    hour: 12,
    memory: 512,
    run: (ports) => drops(ports, { sluice: 'expected' }),
  },
  'ingest-load, files of all versions': { runsAMonth: NIGHTLY, hour: 0, memory: 1_769, run: load },
  'ingest-load, files of the lookback': { runsAMonth: HOURLY, hour: 12, memory: 1_769, run: load },
  'curate, sweep': {
    runsAMonth: HOURLY,
    hour: 12,
    memory: 1_769,
    run: (ports) => sweepVersions(ports, invocation(ports)),
  },
  'register, repair': {
    runsAMonth: HOURLY,
    hour: 12,
    memory: 512,
    run: (ports) =>
      registerMessages(
        { ...ports, objects: ports.own, known: new KnownPartitions() },
        message({ sluice: 'daily' }),
      ),
  },
  'write, look at landing/': {
    runsAMonth: HOURLY,
    hour: 12,
    memory: 1_769,
    run: (ports) => lookAtLanding({ ...ports, store: ports.own }, { ...ports.tasks, waiting: async () => 0 }),
  },
  reconcile: {
    runsAMonth: NIGHTLY,
    hour: 1,
    memory: 512,
    run: (ports) =>
      reconcileDays(
        {
          ...ports,
          names: { stage: 'bench', collect: 'collect', register: 'register', stream: 'stream' },
          afterMs: 0,
          store: ports.own,
          readMetrics: async () => new Map(),
          ask: async () => [],
          now: ports.clock.now(),
        },
        ports.log,
      ),
  },
  'export, daily plan': {
    runsAMonth: NIGHTLY,
    hour: 2,
    memory: 1_024,
    run: (ports) =>
      planExports(
        { ...ports, exports: ports.config.exports, tableOf: (table) => landedTable(ports, table) },
        {
          sluice: 'export',
        },
      ),
  },
};
