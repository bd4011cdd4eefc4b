import type { LocalClock } from '../base/clock.ts';
import { memberOf } from '../base/json.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { Faults } from '../faults/Faults.ts';
import type { Catalog } from '../glue/index.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService } from '../protocol/JsonService.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';
import type { PreparedStatements, QueryCall, StatementRunner } from './engine/StatementRunner.ts';
import { Executions } from './model/Executions.ts';
import { invalidRequest } from './model/errors.ts';
import { PreparedStatementStore } from './model/PreparedStatementStore.ts';
import { ResultStore } from './model/ResultStore.ts';
import { PRIMARY, WorkGroups } from './model/WorkGroups.ts';
import { catalogOperations } from './wire/catalogOperations.ts';
import { executionOperations, resultOperations } from './wire/executionOperations.ts';
import { namedQueryOperations, preparedStatementOperations } from './wire/preparedStatementOperations.ts';
import { tagOperations, workGroupOperations } from './wire/workGroupOperations.ts';

export { StatementError } from './engine/StatementError.ts';
export type { QueryCall, StatementRunner } from './engine/StatementRunner.ts';
export { textFormatter } from './engine/textFormat.ts';
export { openStatementRunner } from './statements/openStatementRunner.ts';

/** What {@link openAthena} needs. */
export interface AthenaOptions {
  /** Where workgroups, prepared statements and the history are kept; one process at a time may have it open. */
  readonly directory: string;
  readonly clock: LocalClock;
  readonly catalog: Catalog;
  /** Where results are written, and where tables' objects are. */
  readonly store: ObjectStore;
  /** Opens what runs the statements; it finds prepared ones in what it is given. */
  readonly openRunner: (prepared: PreparedStatements) => StatementRunner | Promise<StatementRunner>;
  readonly region: string;
  readonly account: string;
  /** Asked how writing a result fails. Default: it doesn't. */
  readonly faults?: Faults;
  /** Told of what a query asks of Glue and S3, and by whose access key. Default: nobody. */
  readonly onCall?: (accessKeyId: string, call: QueryCall) => void;
  /** Told of queries that fail by our own fault. Default: the stack on stderr. */
  readonly onDefect?: (error: unknown) => void;
}

/** A running local Athena. */
export interface Athena {
  /** For the edge endpoint. */
  readonly service: AwsService;
  /** The names of its workgroups. */
  workGroups(): readonly string[];
  /**
   * Creates the workgroup of a template's `AWS::Athena::WorkGroup`, or brings it to its properties.
   *
   * @throws AwsError for what Athena would refuse, `NotImplemented` for what isn't emulated.
   */
  ensureWorkGroup(name: string, properties: unknown): void;
  /** How many queries wait and how many run. */
  pending(): { readonly queued: number; readonly running: number };
  /** Ends what runs; it has failed then. */
  close(): Promise<void>;
}

/**
 * Opens Amazon Athena on one machine: queries in over Athena's own protocol, run in the background on the local Glue
 * and S3, their results written to S3 as Athena writes them.
 *
 * @example
 * const athena = await openAthena({ directory: 'data/athena', clock: realClock, catalog, store, openRunner, region, account });
 */
export async function openAthena(options: AthenaOptions): Promise<Athena> {
  const { directory, clock, catalog, store, region, account, faults = new Faults() } = options;
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
  const context = { executions, workGroups, prepared, catalog, store, account, region, onCall };
  const service = jsonService({
    signingName: 'athena',
    targetPrefix: 'AmazonAthena',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: invalidRequest,
    resource: (input) => {
      const id = memberOf(input, 'QueryExecutionId');
      const ofExecution = id === undefined ? undefined : executions.get(id)?.workGroup;
      return memberOf(input, 'WorkGroup', 'Name') ?? ofExecution ?? PRIMARY;
    },
    operations: {
      ...executionOperations(context),
      ...resultOperations(context),
      ...workGroupOperations(context),
      ...catalogOperations(context),
      ...preparedStatementOperations(context),
      ...namedQueryOperations(context),
      ...tagOperations(context),
    },
  });
  return {
    service,
    workGroups: () => workGroups.all().map(({ name }) => name),
    ensureWorkGroup: (name, properties) => workGroups.ensure(name, properties),
    pending: () => executions.pending(),
    async close() {
      await executions.close();
      await runner.close();
    },
  };
}
