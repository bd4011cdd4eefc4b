import { randomUUID } from 'node:crypto';
import { UpdateTableCommand } from '@aws-sdk/client-glue';
import { expect } from '@jest/globals';
import { gluePartitionCatalog } from '../../../lib/aws/gluePartitionCatalog.ts';
import { glueViews } from '../../../lib/aws/glueViews.ts';
import { listObjects } from '../../../lib/base/ObjectStore.ts';
import { DAY_MS, type UtcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { CurateFaultPoint, Curator } from '../../../lib/curate/Curator.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { curateMessages } from '../../../lib/curate/curateMessages.ts';
import { type CurateOutcome, curateTask } from '../../../lib/curate/curateTask.ts';
import { curateFiles } from '../../../lib/curate/engine/curateFiles.ts';
import { listedDays } from '../../../lib/curate/ListedDays.ts';
import {
  type CurateRequestBody,
  type CurateTask,
  curateTaskSchema,
} from '../../../lib/curate/messageBodies.ts';
import { planDays } from '../../../lib/curate/planDays.ts';
import { planMessages } from '../../../lib/curate/planMessages.ts';
import type { CuratePlanFunction } from '../../../lib/curate/planSteps.ts';
import { rawDays } from '../../../lib/curate/RawDays.ts';
import { CURATE_PARAMETER } from '../../../lib/curate/ViewCatalog.ts';
import type { Attempt } from '../../../lib/lambda/machine.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { sweepVersions } from '../../../lib/ledger/sweepVersions.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, ingestedTableFolder, tableFolder } from '../../../lib/tables/tableFolders.ts';
import { readCuratedDays } from '../../../lib/views/curatedViews.ts';
import { prestoViewText, readPrestoView } from '../../../lib/views/prestoView.ts';
import type { ViewName } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views } from '../../../lib/views/views.ts';
import { ManualClock, seededRandom } from '../../../packages/local-aws/src/base/index.ts';
import { attemptAt, LEASE_MS, machineFolder } from '../../harness/attemptAt.ts';
import { landingOf } from '../../harness/ComputedObjects.ts';
import { duckDb } from '../../harness/duckDb.ts';
import { emulatedBucket } from '../../harness/emulatedBucket.ts';
import { killedAt } from '../../harness/killedAt.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { shortPages } from '../../harness/shortPages.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';

const BUCKET = 'sluice-own';
/** A day that is old enough to be curated. */
export const DAY = '2026-11-16';
const START = Date.parse('2026-11-20T00:20:00Z');
/** One invocation that curates, and how a test disturbs it. */
interface CurateOptions {
  /** It is killed there: nothing of it runs any more. */
  readonly killAt?: CurateFaultPoint | undefined;
  /** Runs there, before the task goes on. */
  readonly at?: Partial<Record<CurateFaultPoint, () => Promise<unknown>>>;
  readonly curator?: Partial<Curator>;
  readonly run?: Partial<Attempt>;
}

/** A bucket, a catalog with raw tables, curated tables and views, a plan and a function that curates; by real clients over HTTP. */
export async function startCurations(input: Partial<ConfigInput> = {}) {
  const clock = new ManualClock(START);
  const { s3, glue, store, catalog, faults, close } = await startAws({ clock });
  const config = defineConfig({ bucket: BUCKET, curate: true, ...input });
  const { database } = config;
  const timing = { clock, wait: async (ms: number) => clock.advance(Math.ceil(ms)), random: seededRandom(1) };
  const attempts = () => ({ ...timing, deadline: clock.now() + 855_000 });

  store.createBucket(BUCKET);
  const own = emulatedBucket(store, BUCKET, faults);
  const curated = Object.values(curatedTables(config)).map(({ name, columns }) => {
    return { name, columns, folder: ingestedTableFolder(config, name) };
  });
  const raw = Object.entries(forwardedTables(config)).map(([kind, { name, columns }]) => {
    return { name, columns, folder: tableFolder(config, kind as ForwardedKind) };
  });
  ensureTables(catalog, config, [...curated, ...raw]);
  const templateView = (name: ViewName, isCurated: boolean) => ({
    Name: name,
    TableType: 'VIRTUAL_VIEW',
    Parameters: { presto_view: 'true', ...(isCurated ? { [CURATE_PARAMETER]: 'true' } : {}) },
    ViewOriginalText: prestoViewText(views(config)[name], database),
  });
  for (const name of viewNames) catalog.ensureTable(database, templateView(name, true));

  const ledger = new Ledger({
    store: ledgerStore(own),
    newToken: randomUUID,
    ...timing,
  });
  const listed = listedDays(own);
  const logged: Record<string, unknown>[] = [];
  /** Each removes a folder of an invocation. */
  const folders: (() => void)[] = [];
  /** Bodies of messages that nobody has received yet. */
  const queues: Record<'tasks' | 'requests', string[]> = { tasks: [], requests: [] };
  const ports = {
    config,
    bucket: BUCKET,
    ledger,
    listed,
    ...timing,
    catalog: gluePartitionCatalog(glue),
    landing: shortPages(landingOf(own)),
    views: glueViews(glue, database),
    tasks: { send: async (bodies: readonly string[]) => void queues.tasks.push(...bodies) },
    log: (fields: Record<string, unknown>) => void logged.push(fields),
  };

  function makeCurator(more: Partial<Curator> = {}): Curator {
    const { directory, limits, remove } = machineFolder(256);
    folders.push(remove);
    return {
      ...ports,
      raw: rawDays(own, config, attempts()),
      requests: { send: async (bodies) => void queues.requests.push(...bodies) },
      curate: curateFiles,
      limits,
      machine: { memoryMegabytes: 256, threads: 1, milliseconds: 855_000 },
      directory,
      freeBytes: async () => 2 ** 33,
      ...more,
    };
  }
  const makeRun = (more: Partial<Attempt> = {}) => attemptAt(clock.now(), { tries: 20, ...more });
  const makePlanner = (): CuratePlanFunction => ({
    ...ports,
    ...attempts(),
    raw: rawDays(own, config, attempts()),
    stage: 'test',
  });

  const rawKey = (name: string, kind: ForwardedKind, day: UtcDay) =>
    `${dayFolder(config, kind, day)}${name}.parquet`;

  return {
    clock,
    config,
    faults,
    store,
    ledger,
    listed,
    logged,
    queues,
    s3,
    glue,
    makePlanner,
    makeCurator,

    /** Puts a raw file of a day, as SQL's rows or as bytes. */
    async land(name: string, rows: string | Uint8Array, kind: ForwardedKind = 'exposures', day = DAY) {
      const key = rawKey(name, kind, day);
      const bytes = typeof rows === 'string' ? await parquetOf(rows) : rows;
      await own.write(key, bytes);
      return key;
    },
    /** Puts a raw file with an exposure of a day. */
    landDay: async (day: UtcDay) =>
      own.write(rawKey('a', 'exposures', day), await parquetOf(exposures(0, 1, day))),
    removeRaw: (name: string, kind: ForwardedKind = 'exposures', day = DAY) =>
      own.remove(rawKey(name, kind, day), '*'),
    remove: (key: string) => own.remove(key, '*'),

    /** Gives messages to the plan. Answers the indexes of those that are delivered again. */
    async plan(...bodies: readonly (object | string)[]) {
      const messages = bodies.map((body, i) => ({
        messageId: String(i),
        body: typeof body === 'string' ? body : JSON.stringify(body),
        receives: 1,
      }));
      const { batchItemFailures } = await planMessages(makePlanner(), messages);
      return batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
    },
    /** The event of a raw file, as EventBridge sends it. */
    fileEvent: (key: string) => ({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: BUCKET }, object: { key } },
    }),

    /** Runs one task; `killed` when it was. */
    async curate(
      task: CurateTask | undefined,
      { killAt, at, curator, run }: CurateOptions = {},
    ): Promise<CurateOutcome | 'killed'> {
      if (task === undefined) throw new Error('no task');
      const { faultPoint, killed } = killedAt(killAt, at);
      const made = makeCurator({ ...curator, faultPoint });
      return Promise.race([curateTask(made, makeRun(run), task), killed]);
    },
    /** Runs one task, which is killed at a step. */
    async kill(task: CurateTask | undefined, killAt: CurateFaultPoint) {
      expect(await this.curate(task, { killAt })).toBe('killed');
    },
    /** Lets the time go by until the next night. */
    nextNight: () => clock.advance(DAY_MS),
    /** Lets the time go by until nobody's lease is left. */
    endLease: () => clock.advance(LEASE_MS + 1),
    /** Plans as each hour, and as at night. */
    check() {
      return this.plan({ sluice: 'curate-check' });
    },
    /** The plan's own outcome of a night, with other ports. */
    planDays: (more: Partial<CuratePlanFunction> = {}, request: Partial<CurateRequestBody> = {}) =>
      planDays({ ...makePlanner(), ...more }, { sluice: 'curate', ...request }),
    /** Plans as at night. @returns The first task that it has sent. */
    async task() {
      await this.plan({ sluice: 'curate' });
      return this.takeTasks()[0];
    },
    /** The rows that the curated partition of the day has. */
    async curatedRows() {
      return this.rowsUnder((await this.curatedLocation()) ?? '');
    },
    /** Takes the tasks that the plan, or a task, has sent. */
    takeTasks: () => queues.tasks.splice(0).map((body) => curateTaskSchema.parse(JSON.parse(body))),
    /** Plans as at night, runs every task, and gives the plan what the tasks have sent to it. */
    async night() {
      await this.plan({ sluice: 'curate' });
      const outcomes = await this.work();
      return outcomes;
    },
    /** Runs every task that was sent, and gives the plan what the tasks send to it. */
    async work(how: CurateOptions = {}) {
      const outcomes: (CurateOutcome | 'killed')[] = [];
      for (let tasks = this.takeTasks(); tasks.length > 0; tasks = this.takeTasks()) {
        for (const task of tasks) outcomes.push(await this.curate(task, how));
      }
      const requests = queues.requests.splice(0);
      if (requests.length > 0) await this.plan(...requests);
      return outcomes;
    },
    sweep: () => sweepVersions(makeCurator(), makeRun()),
    /** Gives messages to the function that curates. @returns The indexes of those that are delivered again. */
    async messages(bodies: readonly object[], receives = 1, curator: Partial<Curator> = {}) {
      const messages = bodies.map((body, i) => ({
        messageId: String(i),
        body: JSON.stringify(body),
        receives,
      }));
      const { batchItemFailures } = await curateMessages(makeCurator(curator), makeRun(), messages, 2);
      return batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
    },

    entry: (kind: ForwardedKind = 'exposures', day = DAY) => ledger.read(curatedSubject(config, kind, day)),
    listedDays: async (kind: ForwardedKind = 'exposures') =>
      Object.keys((await listed.read(kind))?.days ?? {}).sort(),

    /** Every key of a bucket under a prefix. */
    async keys(prefix = '', bucket = BUCKET) {
      const keys: string[] = [];
      for await (const { key } of listObjects(emulatedBucket(store, bucket, faults), prefix)) keys.push(key);
      return keys;
    },

    /** The days that a view reads from a curated table. */
    async viewDays(name: ViewName = 'experiment_exposures') {
      const view = await glueViews(glue, database).read(name);
      const { originalSql = '' } = readPrestoView(view?.text ?? '') ?? {};
      return readCuratedDays(config, name, originalSql);
    },

    /** IDs of the events of a day as a reader of the view sees them: from the curated table if its text says so. */
    async read(day: UtcDay = DAY): Promise<readonly string[]> {
      const ranges = (await this.viewDays())?.exposures ?? [];
      const isCurated = ranges.some(({ from, to }) => from <= day && day <= to);
      const folder = isCurated ? await this.curatedLocation(day) : dayFolder(config, 'exposures', day);
      const rows = folder === null ? [] : await this.rowsUnder(folder);
      return [...new Set(rows.map((row) => String(row['event_id'])))].sort();
    },
    /** Readers of the day see so many events. */
    async expectRead(count: number): Promise<void> {
      expect(await this.read()).toEqual(ids(0, count));
    },
    /** Where the curated partition of a day is; null without one. */
    async curatedLocation(day: UtcDay = DAY, kind: ForwardedKind = 'exposures'): Promise<string | null> {
      const table = config.curatedTables[kind];
      const { items } = await gluePartitionCatalog(glue).listPage(database, table, undefined, [day]);
      return items[0]?.storage.Location?.slice(`s3://${BUCKET}/`.length) ?? null;
    },
    /** Puts the template's views back, as a deployment with or without curation does. */
    async deployViews(isCurated: boolean) {
      for (const name of viewNames) {
        const TableInput = templateView(name, isCurated);
        await glue.send(new UpdateTableCommand({ DatabaseName: database, TableInput }));
      }
    },
    /** Rows of every Parquet file under a prefix. */
    async rowsUnder(prefix: string, bucket = BUCKET): Promise<readonly Readonly<Record<string, unknown>>[]> {
      // Athena reads no empty ones either.
      const files = (await this.keys(prefix, bucket)).filter(
        (key) => !key.endsWith('.json') && store.head(bucket, key).size > 0,
      );
      if (files.length === 0) return [];
      const list = files.map((key) => `'${store.localPath(bucket, key)}'`).join(', ');
      return duckDb(`SELECT * FROM read_parquet([${list}], union_by_name = true)`);
    },

    async close() {
      await close();
      for (const remove of folders) remove();
    },
  };
}

export type Curations = Awaited<ReturnType<typeof startCurations>>;

/** Exposures `from` to `to`, exclusive, of a day. */
export function exposures(from: number, to: number, day = DAY, received = '10:00:00'): string {
  return `SELECT 'e' || lpad(CAST(i AS VARCHAR), 4, '0') AS event_id, 'hero' AS experiment_id,
    'u' || CAST(i AS VARCHAR) AS user_id, 'production' AS environment,
    TIMESTAMP '${day} 09:00:00' + INTERVAL (i) SECOND AS timestamp, TIMESTAMP '${day} ${received}' AS received_at
    FROM range(${from}, ${to}) t(i)`;
}

/** The IDs of the same. */
export function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `e${String(from + i).padStart(4, '0')}`);
}
