import { z } from 'zod';
import { notImplemented } from '../../protocol/AwsError.ts';
import { epochSeconds, type JsonOperation, operation } from '../../protocol/jsonService.ts';
import type { Execution } from '../model/Execution.ts';
import { invalidRequest } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { PRIMARY, workGroupNameSchema } from '../model/WorkGroups.ts';
import {
  assertNoClientEncryption,
  ENGINE_VERSION,
  resultConfigurationSchema,
} from '../model/workGroupConfiguration.ts';
import {
  type AthenaContext,
  DATA_CATALOG,
  idSchema,
  isDataCatalog,
  pageMembers,
  paginate,
  tokenSchema,
} from './AthenaContext.ts';

/** The input of an operation on one execution. */
const byId = z.strictObject({ QueryExecutionId: idSchema });

/** The catalog and the database of names without one. */
const contextSchema = z
  .strictObject({
    Catalog: z.string().min(1).max(LIMITS.catalogCharacters).default(DATA_CATALOG),
    Database: z.string().min(1).max(LIMITS.databaseCharacters).optional(),
  })
  .default({ Catalog: DATA_CATALOG });

/**
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html, without `EngineConfiguration`.
 */
const startSchema = z.strictObject({
  QueryString: z
    .string()
    .min(1, 'Member must have length greater than or equal to 1')
    .max(LIMITS.queryCharacters, `Member must have length less than or equal to ${LIMITS.queryCharacters}`),
  ClientRequestToken: tokenSchema.optional(),
  QueryExecutionContext: contextSchema,
  ResultConfiguration: resultConfigurationSchema.optional(),
  WorkGroup: workGroupNameSchema.default(PRIMARY),
  ExecutionParameters: z.array(z.string().min(1).max(LIMITS.parameterCharacters)).min(1).optional(),
  ResultReuseConfiguration: z
    .strictObject({
      ResultReuseByAgeConfiguration: z
        .strictObject({
          Enabled: z.boolean(),
          MaxAgeInMinutes: z.int().min(0).max(LIMITS.reuseMinutes).optional(),
        })
        .optional(),
    })
    .optional(),
});

/** Athena's default. API_ResultReuseByAgeConfiguration */
const DEFAULT_REUSE_MINUTES = 60;

/** Start, read and stop queries. */
export function executionOperations({
  executions,
  workGroups,
}: AthenaContext): Record<string, JsonOperation> {
  return {
    StartQueryExecution: operation({
      input: startSchema,
      async run(input, { signature }) {
        const { Catalog, Database } = input.QueryExecutionContext;
        const age = input.ResultReuseConfiguration?.ResultReuseByAgeConfiguration;
        if (!isDataCatalog(Catalog)) throw notImplemented(`athena data catalog ${Catalog}`);
        if (input.QueryString.trim() === '') throw invalidRequest('Query string cannot be empty');
        assertNoClientEncryption(input.ResultConfiguration);
        const { id } = await executions.start({
          caller: signature,
          query: input.QueryString,
          catalog: Catalog,
          database: Database,
          parameters: input.ExecutionParameters ?? [],
          workGroup: input.WorkGroup,
          results: input.ResultConfiguration,
          reuse: age && {
            enabled: age.Enabled,
            maxAgeMinutes: age.MaxAgeInMinutes ?? DEFAULT_REUSE_MINUTES,
          },
          token: input.ClientRequestToken,
        });
        return { QueryExecutionId: id };
      },
    }),
    GetQueryExecution: operation({
      input: byId,
      run: ({ QueryExecutionId }) => ({
        QueryExecution: executionDocument(executions.find(QueryExecutionId)),
      }),
    }),
    StopQueryExecution: operation({
      input: byId,
      run: ({ QueryExecutionId }) => executions.stop(QueryExecutionId),
    }),
    ListQueryExecutions: operation({
      input: z.strictObject({ ...pageMembers, WorkGroup: workGroupNameSchema.default(PRIMARY) }),
      run({ WorkGroup, ...paging }) {
        const { name } = workGroups.find(WorkGroup);
        const { items, next } = paginate(executions.list(name), ({ id }) => id, paging);
        return { QueryExecutionIds: items.map(({ id }) => id), NextToken: next };
      },
    }),
  };
}

/**
 * An execution in the response of `GetQueryExecution`:
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecution.html
 */
function executionDocument(execution: Execution) {
  const { id, query, statementType, substatementType, catalog, database, parameters, workGroup } = execution;
  const { results, reuse, outputLocation } = execution;
  return {
    QueryExecutionId: id,
    Query: query,
    StatementType: statementType,
    ResultConfiguration: { ...results, OutputLocation: outputLocation },
    ResultReuseConfiguration: {
      ResultReuseByAgeConfiguration:
        reuse?.enabled === true
          ? { Enabled: true, MaxAgeInMinutes: reuse.maxAgeMinutes }
          : { Enabled: false },
    },
    // Athena folds the names of catalogs and databases to lower case.
    QueryExecutionContext: { Database: database?.toLowerCase(), Catalog: catalog.toLowerCase() },
    Status: statusDocument(execution),
    Statistics: {
      ...timeline(execution),
      DataScannedInBytes: execution.scannedBytes,
      DataManifestLocation: execution.outcome?.manifestLocation,
      ResultReuseInformation: { ReusedPreviousResult: false },
    },
    WorkGroup: workGroup,
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: ENGINE_VERSION },
    ExecutionParameters: parameters.length === 0 ? undefined : parameters,
    SubstatementType: substatementType,
  };
}

/** The `Status` of an execution, with times in epoch seconds. */
function statusDocument({ state, reason, error, submittedAt, completedAt }: Execution) {
  return {
    State: state,
    StateChangeReason: reason,
    SubmissionDateTime: epochSeconds(submittedAt),
    CompletionDateTime: completedAt === undefined ? undefined : epochSeconds(completedAt),
    AthenaError:
      error === undefined
        ? undefined
        : {
            ErrorCategory: error.category,
            ErrorType: error.type,
            Retryable: error.retryable,
            ErrorMessage: reason,
          },
  };
}

/** Milliseconds by the local clock. Planning and service processing take no time here. */
function timeline({ submittedAt, startedAt, completedAt }: Execution) {
  const between = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? 0 : Math.max(0, to - from);
  return {
    EngineExecutionTimeInMillis: between(startedAt, completedAt),
    TotalExecutionTimeInMillis: between(submittedAt, completedAt),
    QueryQueueTimeInMillis: between(submittedAt, startedAt ?? completedAt),
    ServicePreProcessingTimeInMillis: 0,
    QueryPlanningTimeInMillis: 0,
    ServiceProcessingTimeInMillis: 0,
  };
}
