import { randomUUID } from 'node:crypto';
import type { QueueMessage, TaskQueue } from '../../lib/base/queue.ts';
import { type Clock, DAY_MS, HOUR_MS } from '../../lib/base/time.ts';
import { listedDays } from '../../lib/curate/ListedDays.ts';
import { knowDays, seeTables } from '../../lib/curate/lookAtDays.ts';
import { CHECK_RUN } from '../../lib/curate/messageBodies.ts';
import { planMessages as planCurations } from '../../lib/curate/planMessages.ts';
import type { CuratePlanFunction } from '../../lib/curate/planSteps.ts';
import { rawDays } from '../../lib/curate/RawDays.ts';
import { loadMessages } from '../../lib/drops/load/loadMessages.ts';
import { lastListings } from '../../lib/drops/plan/lastListings.ts';
import { lateNotes } from '../../lib/drops/plan/late/lateNotes.ts';
import { planMessages as planDrops } from '../../lib/drops/plan/planMessages.ts';
import type { LandedTable } from '../../lib/export/LandedTable.ts';
import { exportLooks, planExports } from '../../lib/export/planExports.ts';
import type { Invocation } from '../../lib/lambda/machine.ts';
import { KnownPartitions } from '../../lib/landing/catalog/KnownPartitions.ts';
import { registerMessages } from '../../lib/landing/catalog/registerMessages.ts';
import { lookAtLanding } from '../../lib/landing/write/lookAtLanding.ts';
import { Ledger } from '../../lib/ledger/Ledger.ts';
import { ledgerStore, listedEntries } from '../../lib/ledger/ledgerStore.ts';
import { sweepVersions } from '../../lib/ledger/sweepVersions.ts';
import { noteLooks, turnMs } from '../../lib/ledger/turns.ts';
import { TURN_PARTS } from '../../lib/ledger/versionFiles.ts';
import { reconcileDays } from '../../lib/reconcile/reconcileDays.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { dayLooksKey } from '../../lib/tables/ledgerKeys.ts';
import { landingOf } from '../../test/harness/ComputedObjects.ts';
import { type GrownLake, grownLake, type LakeSize, lookedAt } from '../../test/harness/grownLake.ts';

/** Work that a schedule starts. */
interface PeriodicWork {
  /** Runs a month, on average. */
  readonly runsAMonth: number;
  /** Hour of the day in which it runs, UTC. */
  readonly hour: number;
  /** Runs a month in which days have their turn, those of other works beside it; absent if every run looks at the same. */
  readonly turnsAMonth?: number;
  /** Runs it once. What it returns does not matter: what it asks for is counted. */
  run(ports: WorkPorts): Promise<unknown>;
}

/** A clock that stands, without waits, and a deadline that nothing reaches. */
interface Timing {
  /** Answers the same time for the whole run. */
  readonly clock: Clock;
  /** Resolves at once. */
  readonly wait: () => Promise<void>;
  /** Answers the same number. */
  readonly random: () => number;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** What each work is given. */
interface WorkPorts
  extends Timing,
    Pick<GrownLake, 'own' | 'catalog' | 'views' | 'config' | 'bucket' | 'bucketOf'> {
  /** The stage of the deployment. */
  readonly stage: string;
  /** The bucket of the lake, as functions write to it. */
  readonly landing: ReturnType<typeof landingOf>;
  /** The ledger of the lake. */
  readonly ledger: Ledger;
  /** The queues of tasks of all functions. */
  readonly tasks: TaskQueue;
  /** Bodies of the tasks that were sent. */
  readonly sent: readonly string[];
  /** Throws an error that is logged: nothing fails in a lake in which nothing is new. */
  readonly log: (fields: Readonly<Record<string, unknown>>) => void;
  /** The timing alone, for ports of their own. */
  readonly attempts: Timing;
}

/** The ports of all functions before a lake. Nothing ends by its deadline: the whole work is counted. */
function workPorts(lake: GrownLake, now: number): WorkPorts {
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

/** A queue's only message, received once. */
function messagesOf(body: object): readonly QueueMessage[] {
  return [{ messageId: '1', body: JSON.stringify(body), receives: 1 }];
}

/** The ports of a plan of curations. */
function curatePlanner(ports: WorkPorts): CuratePlanFunction {
  return { ...ports, raw: rawDays(ports.own, ports.config, ports.attempts), listed: listedDays(ports.own) };
}

/** Runs the function `curate-plan` for one message. */
function runCuratePlan(ports: WorkPorts, body: object): Promise<unknown> {
  return planCurations(curatePlanner(ports), messagesOf(body));
}

/**
 * Writes the notes of the runs before, one an hour, which have looked at all days and at all datasets.
 *
 * @param isTurn Whether they looked at days in turns, so that this run looks at those whose turn it is; else they looked just now.
 */
async function noteFormerLooks(ports: WorkPorts, isTurn: boolean): Promise<void> {
  const planner = curatePlanner(ports);
  const now = ports.clock.now();
  for (const table of await seeTables(planner, forwardedKinds)) {
    const { marks } = await knowDays(planner, table);
    const looks = [...marks].map(([day, mark], i) => {
      return [
        day,
        { mark, at: isTurn ? lookedAt(ports.config, { place: i, count: marks.size }, HOUR_MS, now) : now },
      ] as const;
    });
    await noteLooks(planner, dayLooksKey(table.kind), Object.fromEntries(looks), now);
  }
  // Before the first day of any lake.
  const first = { day: '2000-01-01', hasCome: true };
  for (const { name, datasets } of ports.config.sources)
    for (const dataset of datasets)
      await lateNotes(ports.own).write(name, dataset.name, {
        at: isTurn ? now - DAY_MS : now,
        first,
        open: [],
        late: [],
      });
}

/** Runs the function `ingest-plan` for one message, and for all that it sends to itself: one a source, and one that counts. */
async function runIngestPlan(ports: WorkPorts, body: object): Promise<void> {
  // The list grows while it is read.
  const asked = [JSON.stringify(body)];
  const planner = {
    ...ports,
    sources: ports.config.sources,
    looks: lastListings(ports.own),
    lateNotes: lateNotes(ports.own),
    requests: { send: async (bodies: readonly string[]) => void asked.push(...bodies) },
  };
  for (const task of asked) await planDrops(planner, messagesOf(JSON.parse(task)));
}

/** An invocation that claims no day: its lease is over. */
function invocation({ clock, deadline }: WorkPorts): Invocation {
  return { owner: 'bench', leaseUntil: clock.now(), deadline, signal: new AbortController().signal };
}

/** Runs the function `ingest-load` for its hourly message, which loads nothing: it has no engine and no disk. */
function sweepDrops(ports: WorkPorts): Promise<unknown> {
  const loader = {
    ...ports,
    customerBucket: ports.bucketOf,
    engine: { describe: unused, load: unused },
    limits: { memoryMegabytes: 1, threads: 1, temporaryDirectory: '' },
    directory: '',
    freeBytes: async () => 0,
    diskBytes: 0,
  };
  return loadMessages(loader, invocation(ports), messagesOf({ sluice: 'sweep' }), 1);
}

/** Stands for a port that no work needs. @throws Error always. */
function unused(): never {
  throw new Error('Nothing is loaded.');
}

/** A landed table over the ports of this bench. lib/aws/landedTable.ts does the same with AWS clients. */
function landedTable({ catalog, config, bucket, own }: WorkPorts, table: string): LandedTable {
  return {
    isRaw: false,
    isPast: () => false,
    async locations(days) {
      const { items } = await catalog.listPage(config.database, table, undefined, days);
      return new Map(
        items.map(({ values: [day = ''], storage: { Location = '' } }) => [
          day,
          Location.slice(`s3://${bucket}/`.length),
        ]),
      );
    },
    // A version has one file.
    files: async (location) => (await own.listPage(location)).items,
    read: unused,
  };
}

/** Milliseconds between two looks at a part of all versions, with the default retention. */
const TURN_PART_MS = turnMs({ retention: { dataVersionDays: 7 } }) / TURN_PARTS;

/** Hours of a month on average. */
const HOURS_A_MONTH = 730;
/** Runs a month of what runs each day. */
const DAYS_A_MONTH = 30;

/** Hour of the day, UTC, in which an hourly work is measured. Any hour but that of a daily work does. */
const MEASURED_HOUR = 12;

/** Work that is done each hour. */
function hourly(run: PeriodicWork['run']): PeriodicWork {
  return { runsAMonth: HOURS_A_MONTH, hour: MEASURED_HOUR, run };
}

/** Work that is done each day. @param hour Hour of the day, UTC. */
function daily(hour: number, run: PeriodicWork['run']): PeriodicWork {
  return { runsAMonth: DAYS_A_MONTH, hour, run };
}

/**
 * Everything that runs by the clock and looks at more than it is told of, by a name that begins with its function. `test/bench`
 * fails for a schedule of the template that has none.
 */
export const periodicWorks: Readonly<Record<string, PeriodicWork>> = {
  'curate-plan, nightly': daily(0, (ports) => runCuratePlan(ports, { sluice: 'curate' })),
  'curate-plan, hourly': {
    ...hourly((ports) => runCuratePlan(ports, { sluice: CHECK_RUN })),
    turnsAMonth: HOURS_A_MONTH + DAYS_A_MONTH,
  },
  'ingest-plan, daily': daily(12, (ports) => runIngestPlan(ports, { sluice: 'plan', schedule: 'daily' })),
  // The first run of a day looks at all days.
  'ingest-plan, what is late': {
    ...hourly((ports) => runIngestPlan(ports, { sluice: 'expected' })),
    turnsAMonth: DAYS_A_MONTH,
  },
  'ingest-load, files of versions': {
    ...hourly(sweepDrops),
    turnsAMonth: (DAYS_A_MONTH * DAY_MS) / TURN_PART_MS,
  },
  'curate, sweep': hourly((ports) => sweepVersions(ports, invocation(ports))),
  'register, repair': hourly((ports) => {
    const known = new KnownPartitions();
    return registerMessages({ ...ports, objects: ports.own, known }, messagesOf({ sluice: 'daily' }));
  }),
  'write, look at landing/': hourly((ports) =>
    lookAtLanding({ ...ports, store: ports.own }, { ...ports.tasks, waiting: async () => 0 }),
  ),
  reconcile: daily(1, (ports) =>
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
  ),
  'export, daily plan': daily(2, (ports) => {
    const { exports } = ports.config;
    return planExports(
      {
        ...ports,
        exports,
        looks: exportLooks(ports.own),
        tableOf: (table) => landedTable(ports, table),
        targetOf: () => ({ listDays: async () => new Set() }),
        entriesOf: listedEntries(ports.own),
      },
      { sluice: 'export', schedule: 'daily' },
    );
  }),
};

/** What a run has asked for. */
export interface WorkCost {
  /** Requests of S3 that list objects. */
  readonly list: number;
  /** Requests of S3 that read an object. */
  readonly get: number;
  /** Requests of S3 that write an object. */
  readonly put: number;
  /** Bytes of the bodies that were read. */
  readonly bytesRead: number;
  /** Calls of the catalog. */
  readonly catalog: number;
  /** Messages that were sent: none, as nothing is new. */
  readonly messages: number;
}

/**
 * Makes a lake in which nothing is new for a work of {@link periodicWorks}.
 *
 * @param name A key of {@link periodicWorks}.
 * @returns A function that runs the work, and counts what it asks for. It can be called once: the run changes the lake's notes.
 * @throws RangeError for an unknown name.
 */
export async function readyWork(name: string, size: LakeSize): Promise<() => Promise<WorkCost>> {
  const work = periodicWorks[name];
  if (work === undefined) throw new RangeError(`There is no work ${name}.`);
  const { run, hour } = work;
  const now = Date.parse('2026-11-28T00:20:00Z') + hour * HOUR_MS;
  const lake = grownLake(size, now);
  const ports = workPorts(lake, now);
  await noteFormerLooks(ports, size.isTurn);
  const countsBefore = { ...lake.own.counts };
  const catalogBefore = lake.catalogCalls();
  return async () => {
    await run(ports);
    const { list, get, put, bytesRead } = lake.own.counts;
    return {
      // Customers' files are listed and not read.
      list: list - countsBefore.list + lake.customers.counts.list,
      get: get - countsBefore.get,
      put: put - countsBefore.put,
      bytesRead: bytesRead - countsBefore.bytesRead,
      catalog: lake.catalogCalls() - catalogBefore,
      messages: ports.sent.length,
    };
  };
}
