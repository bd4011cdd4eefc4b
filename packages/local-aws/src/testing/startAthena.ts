import {
  AthenaClient,
  GetQueryExecutionCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
} from '@aws-sdk/client-athena';
import type { PreparedStatements, QueryCall, StatementRunner } from '../athena/engine/StatementRunner.ts';
import { type Athena, openAthena } from '../athena/index.ts';
import { ManualClock } from '../base/ManualClock.ts';
import { Faults } from '../faults/Faults.ts';
import { Catalog } from '../glue/index.ts';
import type { Signer } from '../iam/Caller.ts';
import { ObjectStore } from '../s3/model/ObjectStore.ts';
import { type ClientOptions, startServices } from './startServices.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

export { chunks, ScriptedRunner, textColumn } from './ScriptedRunner.ts';

/** The account of the local Athena. */
export const ACCOUNT = '000000000000';
/** The time at which its clock starts, epoch milliseconds. A test moves it. */
export const START = Date.UTC(2026, 10, 20, 7, 32);
/** The bucket for results. */
export const BUCKET = 'results';

/** What the runner of a test is opened with. */
export interface RunnerOptions {
  /** The local Glue. */
  readonly catalog: Catalog;
  /** The local S3. */
  readonly store: ObjectStore;
  /** The prepared statements that `EXECUTE` finds. */
  readonly prepared: PreparedStatements;
  /** The clock of `current_timestamp`. */
  readonly clock: ManualClock;
  /** A scratch folder. */
  readonly directory: string;
}

/** A call to Glue or S3 that the local Athena has made. */
export type AthenaCall = QueryCall & Pick<Signer, 'accessKeyId'>;

/** What a test sets of a query, besides its SQL. */
export type QueryInput = Partial<StartQueryExecutionCommandInput>;

/** A local Athena that a test has started. */
export interface StartedAthena {
  /** The clock of the queries, which a test moves. */
  readonly clock: ManualClock;
  /** The local S3, which has tables and results. */
  readonly store: ObjectStore;
  /** The local Glue. */
  readonly catalog: Catalog;
  /** Failures on demand. */
  readonly faults: Faults;
  /** Defects of the emulator. A test requires that there is none. */
  readonly defects: readonly unknown[];
  /** Takes the calls to Glue and S3 since it was asked last, with the access key of each. */
  takeCalls(): AthenaCall[];
  /** The Athena that runs. */
  readonly athena: Athena;
  /** A client of it. */
  readonly client: AthenaClient;
  /** Options of further clients. */
  readonly options: ClientOptions;
  /** Stops it and starts another on the same directory: `athena`, `client` and `options` are new then. */
  restart(): Promise<void>;
  /** Stops it and removes what it has stored. */
  close(): Promise<void>;
}

/**
 * Starts the local Athena over HTTP with a real client. Its bucket exists; the workgroup `primary` has no location for
 * results.
 *
 * @param openRunner Opens what runs the statements, also at each restart.
 */
export async function startAthena(
  openRunner: (options: RunnerOptions) => StatementRunner | Promise<StatementRunner>,
): Promise<StartedAthena> {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const store = ObjectStore.open({ directory: `${directory.path}/s3`, clock });
  store.createBucket(BUCKET);
  const catalog = Catalog.open({ directory: `${directory.path}/glue`, clock });
  const faults = new Faults();
  const defects: unknown[] = [];
  const calls: AthenaCall[] = [];
  const open = () =>
    openAthena({
      directory: `${directory.path}/athena`,
      clock,
      catalog,
      store,
      openRunner: (prepared) =>
        openRunner({ catalog, store, prepared, clock, directory: `${directory.path}/scratch` }),
      account: ACCOUNT,
      faults,
      onCall: ({ accessKeyId }, call) => calls.push({ accessKeyId, ...call }),
      onDefect: (error) => defects.push(error),
    });
  let athena = await open();
  let served = await startServices([athena.service], faults);
  let client = new AthenaClient(served.options);
  const end = async () => {
    client.destroy();
    await served.close();
    await athena.close();
  };
  return {
    clock,
    store,
    catalog,
    faults,
    defects,
    takeCalls: () => calls.splice(0),
    get athena() {
      return athena;
    },
    get client() {
      return client;
    },
    get options() {
      return served.options;
    },
    async restart() {
      await end();
      athena = await open();
      served = await startServices([athena.service], faults);
      client = new AthenaClient(served.options);
    },
    async close() {
      await end();
      store.close();
      directory.remove();
    },
  };
}

/**
 * Submits a query.
 *
 * @param input Default: its results go to the bucket.
 * @returns Its ID.
 * @throws What Athena refuses it with.
 */
export async function submit(client: AthenaClient, sql: string, input: QueryInput = {}): Promise<string> {
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      ResultConfiguration: { OutputLocation: `s3://${BUCKET}/out/` },
      ...input,
    }),
  );
  if (QueryExecutionId === undefined) throw new Error('The query has no ID.');
  return QueryExecutionId;
}

/** Milliseconds for which {@link settle} asks: less than the limit of a test, so that its error is seen. */
const ASKING_MS = 200_000;

/**
 * Asks for an execution until it has ended, as every client does.
 *
 * @throws Error If there is no such execution, or if it has not ended after {@link ASKING_MS}.
 */
export async function settle(client: AthenaClient, id: string): Promise<QueryExecution> {
  const deadline = performance.now() + ASKING_MS;
  let last = '';
  for (let pause = 1; performance.now() < deadline; pause = Math.min(2 * pause, 20)) {
    const { QueryExecution: execution } = await client.send(
      new GetQueryExecutionCommand({ QueryExecutionId: id }),
    );
    if (execution === undefined) throw new Error(`${id} is no execution.`);
    last = String(execution.Status?.State);
    if (last !== 'QUEUED' && last !== 'RUNNING') return execution;
    // A call at once would take the processor from the query.
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new Error(`${id} is still ${last} after ${ASKING_MS} ms.`);
}

/** Runs a query to its end and returns its execution. */
export async function runToEnd(
  client: AthenaClient,
  sql: string,
  input: QueryInput = {},
): Promise<QueryExecution> {
  return settle(client, await submit(client, sql, input));
}
