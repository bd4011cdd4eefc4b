import { z } from 'zod';
import type { Signer } from '../../iam/Caller.ts';
import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import { type JsonOperation, operation } from '../../protocol/jsonService.ts';
import { columnInfo } from '../model/columnInfo.ts';
import type { Execution } from '../model/Execution.ts';
import { invalidRequest, notSucceeded, resultsNotReadable } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { readResult } from '../model/results/readResult.ts';
import { parseResultLocation } from '../model/results/resultLocation.ts';
import { type AthenaContext, idSchema } from './AthenaContext.ts';

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
