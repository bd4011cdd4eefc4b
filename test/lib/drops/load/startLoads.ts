import { randomUUID } from 'node:crypto';
import { DeletePartitionCommand } from '@aws-sdk/client-glue';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect } from '@jest/globals';
import { ingestSourcePolicies } from '../../../../lib/access/buckets/customerBucketPolicies.ts';
import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import { gluePartitionCatalog } from '../../../../lib/aws/gluePartitionCatalog.ts';
import { listObjects } from '../../../../lib/base/ObjectStore.ts';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { duckDbEngine } from '../../../../lib/drops/engine/duckDbEngine.ts';
import type { LoadOutcome } from '../../../../lib/drops/load/end/endLoad.ts';
import type { Loader, LoadFaultPoint } from '../../../../lib/drops/load/Loader.ts';
import { loadTask } from '../../../../lib/drops/load/loadTask.ts';
import type { DayDecision } from '../../../../lib/drops/plan/decideDay.ts';
import { type IngestTask, ingestTaskSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import type { Attempt } from '../../../../lib/lambda/machine.ts';
import { Ledger, type Settlement } from '../../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../../lib/ledger/ledgerStore.ts';
import { sweepVersions } from '../../../../lib/ledger/sweepVersions.ts';
import { lookAtVersions } from '../../../../lib/ledger/versionFiles.ts';
import { ingestedTables } from '../../../../lib/tables/ingestedTables.ts';
import { ingestedTableFolder } from '../../../../lib/tables/tableFolders.ts';
import { ManualClock, seededRandom } from '../../../../packages/local-aws/src/base/index.ts';
import { Keys, keyAccess } from '../../../../packages/local-aws/src/kms/index.ts';
import { attemptAt, LEASE_MS, machineFolder } from '../../../harness/attemptAt.ts';
import { landingOf } from '../../../harness/ComputedObjects.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../../../harness/configInput.ts';
import { duckDb } from '../../../harness/duckDb.ts';
import { emulatedBucket } from '../../../harness/emulatedBucket.ts';
import { killedAt } from '../../../harness/killedAt.ts';
import { parquetOf } from '../../../harness/parquetOf.ts';
import { shortPages } from '../../../harness/shortPages.ts';
import { ensureTables, startAws } from '../../../harness/startAws.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

const OURS = '000000000000';
/** The account of the customer. */
export const THEIRS = '111122223333';
/** The day that is loaded unless a test names another one. */
export const DAY = '2026-11-19';
const OWN = 'sluice-own';
/** Name of the bucket of the customer. */
export const DROPS = 'acme-drops';
const START = Date.parse('2026-11-20T09:00:00Z');

/** One invocation of a load, and how a test disturbs it. */
export interface LoadOptions extends Partial<IngestTask> {
  /** It is killed there: nothing of it runs any more. */
  readonly killAt?: LoadFaultPoint;
  /** Runs there, before the load goes on. */
  readonly at?: Partial<Record<LoadFaultPoint, () => Promise<unknown>>>;
  /** Ports and settings that differ. */
  readonly loader?: Partial<Loader>;
  /** What of the invocation differs, as its deadline. */
  readonly run?: Partial<Attempt>;
}

/**
 * A customer's bucket in another account, our bucket, a catalog and a load; all by real clients over HTTP.
 *
 * @param settleMinutes Default 0: what is dropped is loaded at once, whatever the plan saw.
 */
export async function startLoads(
  dataset: Partial<DatasetInput> = {},
  others: readonly DatasetInput[] = [],
  settleMinutes = 0,
) {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const where = { partition: 'aws', region: 'us-east-1', account: OURS, directory: directory.path };
  const keys = new Keys({ clock, ...where });
  const aws = await startAws({ clock, keyAccess: keyAccess(keys) });
  const { options, glue, store, catalog, faults } = aws;
  const s3 = new S3Client({ ...options, credentials: { accessKeyId: OURS, secretAccessKey: 'test' } });
  const theirs = new S3Client({ ...options, credentials: { accessKeyId: THEIRS, secretAccessKey: 'test' } });
  /** The configuration, of whose first dataset more differs. */
  const configWith = (more: Partial<DatasetInput>) => {
    const datasets = [Object.assign(eventsDataset(dataset), more), ...others];
    return defineConfig({ bucket: OWN, sources: [acmeSource({ owner: THEIRS, settleMinutes, datasets })] });
  };
  const config = configWith({});
  const [source] = config.sources;
  if (source === undefined) throw new Error('no source');

  store.createBucket(OWN);
  const own = emulatedBucket(store, OWN, faults);
  await theirs.send(new CreateBucketCommand({ Bucket: DROPS }));
  const { bucketPolicy } = ingestSourcePolicies({
    partition: 'aws',
    bucket: DROPS,
    principal: `arn:aws:iam::${OURS}:root`,
  });
  const setPolicy = (policy: object) =>
    theirs.send(new PutBucketPolicyCommand({ Bucket: DROPS, Policy: JSON.stringify(policy) }));
  await setPolicy(bucketPolicy);
  ensureTables(
    catalog,
    config,
    ingestedTables(config).map(({ name, columns }) => {
      return { name, columns, folder: ingestedTableFolder(config, name) };
    }),
  );

  const timing = { wait: async (ms: number) => clock.advance(ms), random: seededRandom(1) };
  const ledger = new Ledger({
    store: ledgerStore(own),
    clock,
    newToken: randomUUID,
    ...timing,
  });
  const logged: Record<string, unknown>[] = [];
  /** Each removes a folder of an invocation. */
  const folders: (() => void)[] = [];
  const subject = { source: 'acme', dataset: 'events', day: DAY };
  const place = { ...subject, table: 'acme_events' };
  /** Tasks of next pieces. */
  const tasks: string[] = [];
  let pieceBytes = 2 ** 28;

  function makeLoader(more: Partial<Loader> = {}): Loader {
    const { directory, limits, remove } = machineFolder(512);
    folders.push(remove);
    return {
      config,
      bucket: OWN,
      landing: shortPages(landingOf(own)),
      customerBucket: (access) => customerBucketFrom(s3, access),
      ledger,
      catalog: gluePartitionCatalog(glue),
      engine: duckDbEngine(limits),
      limits,
      directory,
      freeBytes: async () => 2 ** 32,
      diskBytes: pieceBytes * 16,
      tasks: { send: async (bodies) => void tasks.push(...bodies) },
      clock,
      ...timing,
      log: (fields) => logged.push(fields),
      ...more,
    };
  }

  const makeRun = (more: Partial<Attempt> = {}) => attemptAt(clock.now(), more);

  return {
    clock,
    config,
    configWith,
    source,
    place,
    faults,
    store,
    ledger,
    logged,
    s3,
    theirs,
    options,
    setPolicy,
    bucketPolicy,
    /** Denies something of the customer's bucket. */
    deny: (statement: object) =>
      setPolicy({
        ...bucketPolicy,
        Statement: [...bucketPolicy.Statement, { Principal: '*', ...statement, Effect: 'Deny' }],
      }),
    /** Lets calls of an operation be refused. */
    refuse: (service: 'glue', operation: string, calls: number | 'all') =>
      faults.set({
        [service]: [
          { fault: 'failCalls', operations: [operation], code: 'AccessDeniedException', status: 400, calls },
        ],
      }),
    glue,
    makeLoader,
    makeRun,

    /** Runs one load; `killed` when it was. @param given Default: the load of a new day. A task that is missing is no default. */
    async load(...given: [] | [LoadOptions]): Promise<LoadOutcome | 'killed'> {
      const [{ killAt, at, loader, run, ...task } = {} as LoadOptions] = given;
      const { faultPoint, killed } = killedAt(killAt, at);
      const made = makeLoader({ ...loader, faultPoint });
      const asked = { ...subject, fingerprint: 'as planned', reason: 'new', ...task } as const;
      return Promise.race([loadTask(made, makeRun(run), asked), killed]);
    },

    /** Has a load killed, and its lease end. */
    async kill(how: LoadOptions): Promise<void> {
      await ends(this.load(how), 'killed');
      clock.advance(LEASE_MS + 1);
    },
    /** Another takes the day, whose lease is over. */
    async takenByAnother(): Promise<void> {
      clock.advance(LEASE_MS + 1);
      expect(await ledger.claim(place, 'another', clock.now() + LEASE_MS, 'of the other')).toHaveProperty(
        'claim',
      );
    },

    /** Lets pieces have files of that many bytes; 1: a file each. */
    cutAt: (bytes: number) => {
      pieceBytes = bytes;
    },
    /** Runs one load, and those of the tasks that it sends, each in an invocation that has time for one piece. */
    async loadInPieces(...given: [] | [LoadOptions]): Promise<LoadOutcome | 'killed'> {
      const [options = {} as LoadOptions] = given;
      const recorded = async () => {
        clock.advance(10 * MINUTE_MS);
        await options.at?.recorded?.();
      };
      const at = { ...options.at, recorded };
      let outcome = await this.load({ ...options, at });
      for (let body = tasks.shift(); body !== undefined; body = tasks.shift())
        outcome = await this.load({ ...options, at, ...ingestTaskSchema.parse(JSON.parse(body)) });
      return outcome;
    },
    /** The tasks that were sent, which are taken away. */
    sent: () => tasks.splice(0).map((body) => ingestTaskSchema.parse(JSON.parse(body))),
    /** The only task that was sent, which is taken away. @throws Error If it is not one. */
    sentTask(): IngestTask {
      const [task, ...others] = this.sent();
      if (task === undefined || others.length > 0) throw new Error(`${others.length} more than one task.`);
      return task;
    },

    sweep: () => sweepVersions(makeLoader(), makeRun()),

    /** Whether the version that queries read lacks files, as the hourly look finds it. */
    lacks: async () => {
      const { lacking } = await lookAtVersions(makeLoader(), place, [DAY], clock.now() + MINUTE_MS);
      return lacking.length > 0;
    },

    /** Drops a file of the day, as SQL's rows or as bytes. */
    async drop(name: string, rows: string | Uint8Array, day = DAY): Promise<string> {
      const Key = `events/${day}/${name}`;
      const Body = typeof rows === 'string' ? await parquetOf(rows) : rows;
      await theirs.send(new PutObjectCommand({ Bucket: DROPS, Key, Body }));
      return Key;
    },
    /** Drops {@link someEvents} as a file of the day. @param name Without its ending. */
    dropEvents(name: string, ...events: Parameters<typeof someEvents>): Promise<string> {
      return this.drop(`${name}.parquet`, someEvents(...events));
    },
    remove: (name: string, day = DAY) =>
      theirs.send(new DeleteObjectCommand({ Bucket: DROPS, Key: `events/${day}/${name}` })),

    /** Puts an object into our bucket. */
    put: (key: string, body: Uint8Array) => own.write(key, body),
    /** Deletes an object of our bucket. */
    forget: (key: string) => own.remove(key, '*'),

    entry: (day = DAY) => ledger.read({ ...subject, day }),

    /** Every key of our bucket under a prefix. */
    keys: async (prefix = '') => {
      const keys: string[] = [];
      for await (const { key } of listObjects(own, prefix)) keys.push(key);
      return keys;
    },

    /** Names of events by user, in order, that a query of the day reads; null without a partition. */
    async read(day = DAY): Promise<readonly string[] | null> {
      const { items } = await gluePartitionCatalog(glue).listPage(config.database, 'acme_events', undefined, [
        day,
      ]);
      const location = items[0]?.storage.Location;
      if (location === undefined) return null;
      const rows = await this.rowsUnder(location.slice(`s3://${OWN}/`.length));
      return rows.map((row) => `${row['user_id']} ${row['event_name']}`).sort();
    },

    /** Expects some of the day's state. */
    async expectEntry(expected: object): Promise<void> {
      expect(await ledger.read({ ...subject, day: DAY })).toMatchObject(expected);
    },
    /** Expects some of each file that the day's state has. */
    expectFiles(files: readonly object[]): Promise<void> {
      return this.expectEntry({ files });
    },
    /** Expects that queries of the day read {@link readEvents}. */
    async expectEvents(...events: Parameters<typeof readEvents>): Promise<void> {
      expect(await this.read()).toEqual(readEvents(...events));
    },

    /** Drops the day's partition, as somebody may by hand. */
    dropPartition: () =>
      glue.send(
        new DeletePartitionCommand({
          DatabaseName: config.database,
          TableName: place.table,
          PartitionValues: [DAY],
        }),
      ),

    /** Rows of every Parquet file under a prefix. */
    async rowsUnder(prefix: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
      const files = (await this.keys(prefix)).filter((key) => !key.endsWith('/'));
      if (files.length === 0) return [];
      const list = files.map((key) => `'${store.localPath(OWN, key)}'`).join(', ');
      return duckDb(`SELECT * FROM read_parquet([${list}])`);
    },

    async close() {
      for (const client of [s3, theirs]) client.destroy();
      await aws.close();
      directory.remove();
      for (const remove of folders) remove();
    },
  };
}

/** What {@link startLoads} starts. */
export type Loads = Awaited<ReturnType<typeof startLoads>>;

/** What an outcome has beside its name; of texts, matchers of Jest, too. */
interface OutcomeMembers {
  readonly rows?: Partial<Settlement['rows']>;
  /** How many files the folder has. */
  readonly files?: number;
  readonly failure?: { readonly code: string; readonly message?: unknown };
  /** Until when the day waits, epoch milliseconds. */
  readonly until?: number;
  /** Whether its message is delivered again. */
  readonly again?: boolean;
  /** Pieces that are done, of how many. */
  readonly done?: number;
  readonly pieces?: number;
}

/** Expects that a load ends so, and not in a decision of the plan. @param more What else its outcome has. */
export async function ends(
  load: Promise<LoadOutcome | DayDecision | 'killed' | null | undefined>,
  outcome: LoadOutcome['outcome'] | 'killed',
  more: OutcomeMembers = {},
): Promise<void> {
  const ended = await load;
  if (outcome === 'killed') expect(ended).toBe(outcome);
  // These have nothing else.
  else if (outcome === 'lost' || outcome === 'unchanged') expect(ended).toEqual({ outcome });
  else expect(ended).toMatchObject({ outcome, ...more });
}

/** A select list of some events of the day: users `from` to `to`, exclusive. */
export function someEvents(from: number, to: number, name = 'seen'): string {
  return `SELECT TIMESTAMP '${DAY} 10:00:00' + INTERVAL (i) SECOND AS timestamp, '${name}' AS event_name,
    'u' || lpad(CAST(i AS VARCHAR), 3, '0') AS unit_id FROM range(${from}, ${to}) t(i)`;
}

/** The rows that {@link Loads.read} returns for these events. */
export function readEvents(from: number, to: number, name = 'seen'): string[] {
  return Array.from({ length: to - from }, (_, i) => `u${String(from + i).padStart(3, '0')} ${name}`);
}
