import { randomUUID } from 'node:crypto';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { eachAttempt } from '../lib/base/retry.ts';
import type { Clock } from '../lib/base/time.ts';

/** Between two polls of a query: a short query is reported soon, a long one is not polled all the time. */
const POLL = { baseMs: 200, capMs: 3_000, leastMs: 100 };
/** Rows per page: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
const PAGE_ROWS = 1_000;
/** Pages that are read of a result. */
const MOST_PAGES = 10;

/** The rows of a statement and the bytes that Athena read, or why it failed. */
export type StatementResult = (
  | {
      /** Names of the columns. */
      readonly columns: readonly string[];
      /** Athena's type of each column, e.g. `bigint`. */
      readonly types: readonly string[];
      /** Values in their order, each as Athena's text; without the header, 10,000 at most. */
      readonly rows: readonly (readonly (string | null)[])[];
      readonly scannedBytes: number;
      /** Whether the result has more rows than these. */
      readonly hasMore: boolean;
    }
  | { readonly failed: string }
) & {
  /** `s3://` location of its result, if Athena chose one. */
  readonly location?: string;
};

/** Options of {@link runStatement}. */
export interface StatementOptions {
  readonly workGroup: string;
  /** Database of unqualified names. Default `default`, as in Athena. */
  readonly database?: string;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly random: () => number;
}

/**
 * Runs one statement and waits for it. A query that exceeds the deadline is stopped, because it would only cost.
 *
 * @throws what the client throws.
 */
export async function runStatement(
  client: AthenaClient,
  sql: string,
  { workGroup, database, deadlineMs, clock, wait, random }: StatementOptions,
): Promise<StatementResult> {
  const deadline = clock.now() + deadlineMs;
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      WorkGroup: workGroup,
      ...(database === undefined ? {} : { QueryExecutionContext: { Database: database } }),
      ClientRequestToken: randomUUID(),
    }),
  );
  let execution: QueryExecution = {};
  for await (const _ of eachAttempt({ ...POLL, wait, random })) {
    const answer = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    execution = answer.QueryExecution ?? {};
    const { State, StateChangeReason, AthenaError } = execution.Status ?? {};
    if (State === 'SUCCEEDED') {
      const scannedBytes = execution.Statistics?.DataScannedInBytes ?? 0;
      return { ...(await readRows(client, QueryExecutionId)), scannedBytes, ...locationOf(execution) };
    }
    if (State === 'FAILED' || State === 'CANCELLED')
      return { failed: StateChangeReason ?? AthenaError?.ErrorMessage ?? State, ...locationOf(execution) };
    if (clock.now() >= deadline) break;
  }
  await client.send(new StopQueryExecutionCommand({ QueryExecutionId }));
  return {
    failed: `The query took longer than ${deadlineMs / 1_000} s and was stopped.`,
    ...locationOf(execution),
  };
}

function locationOf({ ResultConfiguration }: QueryExecution): { readonly location?: string } {
  const location = ResultConfiguration?.OutputLocation;
  return location === undefined ? {} : { location };
}

async function readRows(client: AthenaClient, QueryExecutionId: string | undefined) {
  const rows: (string | null)[][] = [];
  let columns: string[] = [];
  let types: string[] = [];
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const token = NextToken;
    const answer = await client.send(
      new GetQueryResultsCommand({ QueryExecutionId, MaxResults: PAGE_ROWS, NextToken: token }),
    );
    const { ResultSetMetadata, Rows = [] } = answer.ResultSet ?? {};
    const info = ResultSetMetadata?.ColumnInfo ?? [];
    columns = info.map(({ Name = '' }) => Name);
    types = info.map(({ Type = '' }) => Type);
    for (const { Data = [] } of Rows) rows.push(columns.map((_, i) => Data[i]?.VarCharValue ?? null));
    NextToken = answer.NextToken;
    if (NextToken === undefined) break;
  }
  // The first row of a SELECT holds the names of the columns. SHOW and DESCRIBE have none.
  const hasHeader = rows[0]?.every((name, i) => name === columns[i]) === true;
  return { columns, types, rows: hasHeader ? rows.slice(1) : rows, hasMore: NextToken !== undefined };
}
