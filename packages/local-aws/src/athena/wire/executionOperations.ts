import { z } from 'zod';
import type { Signer } from '../../iam/Caller.ts';
import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import { epochSeconds, type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { columnInfo } from '../model/columnInfo.ts';
import type { Execution } from '../model/Execution.ts';
import { invalidRequest, notSucceeded, resultsNotReadable } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { readResult } from '../model/readResult.ts';
import { parseResultLocation } from '../model/resultLocation.ts';
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

/** The input of GetQueryResults: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
const resultsSchema = z.strictObject({
  QueryExecutionId: idSchema,
  NextToken: z.string().min(1).max(LIMITS.nextTokenCharacters).optional(),
  MaxResults: z
    .int()
    .min(1, 'MaxResults must be at least 1.')
    .max(LIMITS.resultPage, `MaxResults is more than maximum allowed length ${LIMITS.resultPage}.`)
    .default(LIMITS.resultPage),
  QueryResultType: z.enum(['DATA_ROWS', 'DATA_MANIFEST']).default('DATA_ROWS'),
});

/** A token of a page, decoded: the execution's ID, and the byte of the result's object at which the page begins. */
const TOKEN = /^(.+)\/(\d+)$/;

/**
 * Read a query's result page by page, from its object in S3, as Athena does. Deleting the object deletes the result.
 */
export function resultOperations(context: AthenaContext): Record<string, JsonOperation> {
  const { executions, store } = context;
  return {
    GetQueryResults: operation({
      input: resultsSchema,
      async run({ QueryExecutionId, NextToken, MaxResults, QueryResultType }, { signature }) {
        if (QueryResultType === 'DATA_MANIFEST') {
          throw notImplemented('athena GetQueryResults QueryResultType DATA_MANIFEST');
        }
        const execution = executions.find(QueryExecutionId);
        const { outcome, outputLocation, state } = execution;
        if (state !== 'SUCCEEDED' || outcome === undefined) throw notSucceeded(state);
        const from = NextToken === undefined ? 0 : parseToken(NextToken, execution);
        if (outcome.format !== 'none') requireReadable(context, signature, outputLocation);
        const { rows, next } =
          outcome.format === 'none'
            ? { rows: [], next: undefined }
            : await readResult(store, outputLocation, { format: outcome.format, from, rows: MaxResults });
        return {
          UpdateCount: outcome.updateCount ?? 0,
          ResultSet: {
            Rows: rows.map((values) => ({ Data: values.map((value) => toDatum(value)) })),
            ResultSetMetadata: { ColumnInfo: outcome.columns.map(columnInfo) },
          },
          NextToken: next === undefined ? undefined : nextToken(execution, next),
        };
      },
    }),
  };
}

/** The caller needs permission to read the result's object: API_GetQueryResults. @throws AwsError InvalidRequestException */
function requireReadable({ store, onCall }: AthenaContext, caller: Signer, location: string): void {
  const place = parseResultLocation(location);
  // Undefined for an object that somebody has deleted, which the reader reports.
  const encryption = store.bucket(place.bucket).find(place.key)?.attributes.encryption;
  try {
    onCall(caller, { service: 's3', operation: 'GetObject', ...place, isResult: true, encryption });
  } catch (error) {
    throw error instanceof AwsError ? resultsNotReadable() : error;
  }
}

/** NULL is a datum without a value. */
function toDatum(value: string | null) {
  return value === null ? {} : { VarCharValue: value };
}

/** The token of a page of an execution's result. @param at The byte offset of the page. */
function nextToken({ id }: Execution, at: number): string {
  return Buffer.from(`${id}/${at}`).toString('base64url');
}

/** The byte offset of a page. @throws AwsError for a token of another execution. */
function parseToken(text: string, { id }: Execution): number {
  const [, executionId, at] = TOKEN.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (executionId !== id || at === undefined) throw invalidRequest('The NextToken is not one of this query.');
  return Number(at);
}
