import { z } from 'zod';
import { notImplemented } from '../../protocol/AwsError.ts';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { columnInfo } from '../model/columnInfo.ts';
import type { Execution } from '../model/Execution.ts';
import { invalidRequest, notSucceeded } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { readResult } from '../model/readResult.ts';
import { readLocation } from '../model/resultLocation.ts';
import { type AthenaContext, idSchema } from './AthenaContext.ts';

const inputSchema = z.strictObject({
  QueryExecutionId: idSchema,
  NextToken: z.string().min(1).max(LIMITS.nextTokenCharacters).optional(),
  MaxResults: z
    .int()
    .min(1, 'MaxResults must be at least 1.')
    .max(LIMITS.resultPage, `MaxResults is more than maximum allowed length ${LIMITS.resultPage}.`)
    .default(LIMITS.resultPage),
  QueryResultType: z.enum(['DATA_ROWS', 'DATA_MANIFEST']).default('DATA_ROWS'),
});

const TOKEN = /^(.+)\/(\d+)$/;

/** Read a query's result, page by page: from its object in S3, as Athena does, so that it lives as long as that. */
export function resultOperations(context: AthenaContext): Record<string, JsonOperation> {
  const { executions, store, onCall } = context;
  return {
    GetQueryResults: operation({
      input: inputSchema,
      async run({ QueryExecutionId, NextToken, MaxResults, QueryResultType }, { signature }) {
        if (QueryResultType === 'DATA_MANIFEST') {
          throw notImplemented('athena GetQueryResults QueryResultType DATA_MANIFEST');
        }
        const execution = executions.find(QueryExecutionId);
        const { outcome, outputLocation, state } = execution;
        if (state !== 'SUCCEEDED' || outcome === undefined) throw notSucceeded(state);
        const from = NextToken === undefined ? 0 : readToken(NextToken, execution);
        if (outcome.format !== 'none') {
          // API_GetQueryResults: who asks for a result must be allowed to read its object.
          const place = readLocation(outputLocation);
          onCall(signature.accessKeyId, { service: 's3', operation: 'GetObject', ...place, isResult: true });
        }
        const { rows, next } =
          outcome.format === 'none'
            ? { rows: [], next: undefined }
            : await readResult(store, outputLocation, { format: outcome.format, from, rows: MaxResults });
        return {
          UpdateCount: outcome.updateCount ?? 0,
          ResultSet: {
            Rows: rows.map((values) => ({ Data: values.map((value) => datum(value)) })),
            ResultSetMetadata: { ColumnInfo: outcome.columns.map(columnInfo) },
          },
          NextToken: next === undefined ? undefined : token(execution, next),
        };
      },
    }),
  };
}

/** NULL is a datum without a value. */
function datum(value: string | null) {
  return value === null ? {} : { VarCharValue: value };
}

function token({ id }: Execution, at: number): string {
  return Buffer.from(`${id}/${at}`).toString('base64url');
}

function readToken(text: string, { id }: Execution): number {
  const [, of, at] = TOKEN.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (of !== id || at === undefined) throw invalidRequest('The NextToken is not one of this query.');
  return Number(at);
}
