import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Signer } from '../../iam/Caller.ts';
import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import { type JsonOperation, operation } from '../../protocol/jsonService.ts';
import { columnInfo } from '../model/columnInfo.ts';
import type { Execution } from '../model/Execution.ts';
import { invalidRequest, notSucceeded, resultsNotFound, resultsNotReadable } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { type ResultPage, readResult } from '../model/results/readResult.ts';
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

/** A token of a page, decoded: the byte of the result's object at which the page begins, and the token's mark. */
const TOKEN = /^[^/]+\/(\d+)\/\w+$/;
/** The page of a result that has no object. */
const NO_ROWS: ResultPage = { rows: [], next: undefined };

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
        const { format } = outcome;
        let page = NO_ROWS;
        if (format !== 'none') {
          requireReadable(context, signature, outputLocation);
          page = await readResult(store, outputLocation, { format, from, rows: MaxResults });
        }
        return {
          UpdateCount: outcome.updateCount ?? 0,
          ResultSet: {
            Rows: page.rows.map((values) => ({ Data: values.map((value) => toDatum(value)) })),
            ResultSetMetadata: { ColumnInfo: outcome.columns.map(columnInfo) },
          },
          NextToken: page.next === undefined ? undefined : nextToken(execution, page.next),
        };
      },
    }),
  };
}

/**
 * The caller needs permission to read the result's object: API_GetQueryResults.
 *
 * @throws AwsError InvalidRequestException; also when the bucket is gone.
 */
function requireReadable({ store, onCall }: AthenaContext, caller: Signer, location: string): void {
  const place = parseResultLocation(location);
  if (!store.hasBucket(place.bucket)) throw resultsNotFound();
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
  const place = `${id}/${at}`;
  // A byte that somebody else has chosen may be within a row.
  const mark = createHash('sha256').update(place).digest('hex').slice(0, 16);
  return Buffer.from(`${place}/${mark}`).toString('base64url');
}

/** The byte offset of a page. @throws AwsError for a token that this execution has not given. */
function parseToken(text: string, execution: Execution): number {
  const [, digits] = TOKEN.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  const at = Number(digits);
  if (text !== nextToken(execution, at)) throw invalidRequest('The NextToken is not one of this query.');
  return at;
}
