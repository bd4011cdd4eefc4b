import type { LocalClock } from '../base/clock.ts';
import { memberOf } from '../base/json.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { Faults } from '../faults/Faults.ts';
import type { Catalog } from '../glue/index.ts';
import type { Signer } from '../iam/Caller.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService } from '../protocol/jsonService.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import type { PreparedStatements, QueryCall, StatementRunner } from './engine/StatementRunner.ts';
import { Executions } from './model/Executions.ts';
import { invalidRequest } from './model/errors.ts';
import { PreparedStatementStore } from './model/PreparedStatementStore.ts';
import { ResultStore } from './model/results/ResultStore.ts';
import { PRIMARY, WorkGroups } from './model/WorkGroups.ts';
import { catalogOperations } from './wire/catalogOperations.ts';
import { executionOperations } from './wire/executionOperations.ts';
import { preparedStatementOperations } from './wire/preparedStatementOperations.ts';
import { resultOperations } from './wire/resultOperations.ts';
import { deleteWorkGroup, workGroupOperations } from './wire/workGroupOperations.ts';

export { StatementError } from './engine/StatementError.ts';
export type { QueryCall, StatementRunner } from './engine/StatementRunner.ts';
export { openStatementRunner } from './statements/openStatementRunner.ts';

/** Options of {@link openAthena}. */
export interface AthenaOptions {
  /**
   * The folder in which workgroups, prepared statements and the history are stored. Only one process at a time may have
   * it open.
   */
  readonly directory: string;
  /** The clock of `current_timestamp`, and of times of executions. */
  readonly clock: LocalClock;
  /** Holds databases, tables, partitions and views. */
  readonly catalog: Catalog;
  /** Holds the objects of tables, and receives results. */
  readonly store: ObjectStore;
  /** Opens the statement runner, which looks up prepared statements in its argument. */
  readonly openRunner: (prepared: PreparedStatements) => StatementRunner | Promise<StatementRunner>;
  /** The account of the workgroups: twelve digits. */
  readonly account: string;
  /** Decides whether writing a result fails. Default: never. */
  readonly faults?: Faults;
  /**
   * Receives the calls that queries make to Glue and S3, and who submitted the query, before they are made. It throws an
   * AwsError for a call that they may not make. Default: none.
   */
  readonly onCall?: (signer: Signer, call: QueryCall) => void;
  /** Receives internal errors. Default: prints the stack on stderr. */
  readonly onDefect?: (error: unknown) => void;
}

/** A running local Athena. */
export interface Athena {
  /** The API, for the edge endpoint. */
  readonly service: AwsService;
  /** The names of all workgroups. */
  workGroups(): readonly string[];
  /**
   * Creates or updates the workgroup of a template's `AWS::Athena::WorkGroup`.
   *
   * @throws AwsError for properties that Athena would reject, `NotImplemented` for those that are not emulated.
   */
  ensureWorkGroup(name: string, properties: unknown): void;
  /**
   * Deletes a workgroup.
   *
   * @throws AwsError InvalidRequestException when it has queries or prepared statements and this is not recursive.
   */
  deleteWorkGroup(name: string, options: { readonly recursive: boolean }): void;
  /** The numbers of queued and running queries. */
  pending(): { readonly queued: number; readonly running: number };
  /** Resolves when no query is queued or running. */
  idle(): Promise<void>;
  /** Aborts running queries, which then have failed. */
  close(): Promise<void>;
}

/**
 * Opens a local Amazon Athena. It accepts queries over Athena's API, runs them in the background on the local Glue
 * and S3, and writes their results to S3 in Athena's formats.
 *
 * @example
 * const athena = await openAthena({ directory: 'data/athena', clock: realClock, catalog, store, openRunner, account });
 */
export async function openAthena(options: AthenaOptions): Promise<Athena> {
  const { directory, clock, catalog, store, account, faults = new Faults() } = options;
  const workGroups = WorkGroups.open({ directory, clock });
  const prepared = PreparedStatementStore.open({ directory, clock });
  const onCall = options.onCall ?? (() => undefined);
  const runner = await options.openRunner(prepared);
  const executions = Executions.open({
    directory,
    clock,
    runner,
    workGroups,
    store,
    results: new ResultStore({ store, faults, clock }),
    account,
    onCall,
    onDefect: options.onDefect ?? reportDefect,
  });
  const context = { executions, workGroups, prepared, catalog, store, account, onCall };
  const service = jsonService({
    signingName: 'athena',
    targetPrefix: 'AmazonAthena',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: invalidRequest,
    resource: (input) => {
      const ofExecution = executions.get(memberOf(input, 'QueryExecutionId') ?? '')?.workGroup;
      return memberOf(input, 'WorkGroup') ?? ofExecution ?? memberOf(input, 'Name') ?? PRIMARY;
    },
    operations: {
      ...executionOperations(context),
      ...resultOperations(context),
      ...workGroupOperations(context),
      ...catalogOperations(context),
      ...preparedStatementOperations(context),
    },
  });
  return {
    service,
    workGroups: () => workGroups.all().map(({ name }) => name),
    ensureWorkGroup: (name, properties) => workGroups.ensure(name, properties),
    deleteWorkGroup: (name, recursion) => deleteWorkGroup(context, name, recursion),
    pending: () => executions.pending(),
    idle: () => executions.idle(),
    async close() {
      await executions.close();
      await runner.close();
    },
  };
}
