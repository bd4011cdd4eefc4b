import { randomUUID } from 'node:crypto';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { eachAttempt } from '../base/retry.ts';
import type { Clock } from '../base/time.ts';
import { partialAnswers } from './partialAnswers.ts';

/** Pauses between two polls of a query. A short query is reported soon, and a long one is not polled all the time. */
const POLL = { baseMs: 50, capMs: 3_000, leastMs: 50 };
/** Rows per page: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
const PAGE_ROWS = 1_000;
/** The most pages of a result that are read. */
const MOST_PAGES = 10;

/** The rows of a statement and the bytes that Athena read, or why it failed. */
export type StatementResult = (
  | {
      /** Names of the columns. */
      readonly columns: readonly string[];
      /** Athena's type of each column, e.g. `bigint`. */
      readonly types: readonly string[];
      /** The rows without the header, 10,000 at most. Each value is Athena's text, in the order of the columns. */
      readonly rows: readonly (readonly (string | null)[])[];
      /** Bytes that Athena read, by which it bills. */
      readonly scannedBytes: number;
      /** Whether the result has more rows than these. */
      readonly hasMore: boolean;
    }
  | {
      /** Athena's message, or that the time was over. */
      readonly failed: string;
      /** Whether the time was over, so that the query was stopped. Otherwise Athena failed it. */
      readonly isStopped: boolean;
    }
) & {
  /** The `s3://` location of the statement's result, if Athena chose one. */
  readonly location?: string;
};

/** Options of {@link runStatement}. */
interface StatementOptions {
  /** The workgroup that runs the statement, and says where its result is. */
  readonly workGroup: string;
  /** Database of unqualified names. Default `default`, as in Athena. */
  readonly database?: string;
  /** Milliseconds after which the query is stopped. */
  readonly deadlineMs: number;
  /** The time that is compared with the deadline. */
  readonly clock: Clock;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Aborted when nobody waits for the result any longer: the query is stopped. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a statement.
 *
 * @returns Its ID.
 * @throws What the client throws: a text that cannot be parsed is an InvalidRequestException.
 */
export async function startStatement(
  client: AthenaClient,
  sql: string,
  { workGroup, database }: { readonly workGroup: string; readonly database?: string | undefined },
): Promise<string> {
  const { QueryExecutionId = '' } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: sql,
      WorkGroup: workGroup,
      ...(database === undefined ? {} : { QueryExecutionContext: { Database: database } }),
      ClientRequestToken: randomUUID(),
    }),
  );
  return QueryExecutionId;
}

/** A page of a statement's result. */
interface ResultPage {
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** Athena's type of each column. */
  readonly types: readonly string[];
  /** The rows without the header. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Athena's token of the next page; undefined after the last page. */
  readonly next: string | undefined;
}

/**
 * Reads a page of the result of a statement that has succeeded.
 *
 * @throws What the client throws.
 */
export async function readResultPage(
  client: AthenaClient,
  id: string,
  {
    rows: MaxResults,
    token,
  }: {
    /** Rows at most, with the header of the first page. */
    readonly rows: number;
    /** Athena's token of a later page; undefined for the first. */
    readonly token: string | undefined;
  },
): Promise<ResultPage> {
  const answer = await client.send(
    new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults, NextToken: token }),
  );
  const { ResultSetMetadata, Rows = [] } = answer.ResultSet ?? {};
  const info = ResultSetMetadata?.ColumnInfo ?? [];
  const columns = info.map(({ Name = '' }) => Name);
  const rows = Rows.map(({ Data = [] }) => columns.map((_, i) => Data[i]?.VarCharValue ?? null));
  // The first row of a SELECT's result has the names of the columns. Results of SHOW and DESCRIBE have no such row.
  const hasHeader = token === undefined && rows[0]?.every((name, i) => name === columns[i]) === true;
  return {
    columns,
    types: info.map(({ Type = '' }) => Type),
    rows: hasHeader ? rows.slice(1) : rows,
    next: answer.NextToken,
  };
}

/**
 * Runs one statement and waits for it. A query for which nobody waits any longer is stopped, because it would only
 * cost: one that exceeds the deadline, and one of which a call fails.
 *
 * @throws what the client throws; the reason of the signal.
 */
export async function runStatement(
  client: AthenaClient,
  sql: string,
  { workGroup, database, deadlineMs, clock, wait, random, signal }: StatementOptions,
): Promise<StatementResult> {
  const deadline = clock.now() + deadlineMs;
  const QueryExecutionId = await startStatement(client, sql, { workGroup, database });
  let execution: QueryExecution = {};
  const left = whenAborted(signal);
  const waitOrLeave = (ms: number) => Promise.race([wait(ms), left]);
  const stop = () => client.send(new StopQueryExecutionCommand({ QueryExecutionId }));
  try {
    for await (const _ of eachAttempt({ ...POLL, wait: waitOrLeave, random })) {
      const answer = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
      execution = answer.QueryExecution ?? {};
      const { state, failed } = partialAnswers.GetQueryExecution(answer);
      if (state === 'succeeded') {
        const scannedBytes = execution.Statistics?.DataScannedInBytes ?? 0;
        return { ...(await readRows(client, QueryExecutionId)), scannedBytes, ...locationOf(execution) };
      }
      if (failed !== null) return { failed, isStopped: false, ...locationOf(execution) };
      if (clock.now() >= deadline || signal?.aborted) break;
    }
  } catch (error) {
    // The first error says why nobody waits any longer, so that of the stop is of no use.
    await stop().catch(() => undefined);
    throw error;
  }
  await stop();
  signal?.throwIfAborted();
  return {
    failed: `The query took longer than ${deadlineMs / 1_000} s and was stopped.`,
    isStopped: true,
    ...locationOf(execution),
  };
}

/** Resolves when the signal is aborted; never if there is no signal. */
function whenAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Where the results are; no member if Athena does not say. */
function locationOf({ ResultConfiguration }: QueryExecution): { readonly location?: string } {
  const location = ResultConfiguration?.OutputLocation;
  return location === undefined ? {} : { location };
}

/** Reads the rows of a query, at most {@link MOST_PAGES} pages of them. */
async function readRows(
  client: AthenaClient,
  id: string,
): Promise<Omit<ResultPage, 'next'> & { readonly hasMore: boolean }> {
  const rows: (readonly (string | null)[])[] = [];
  let page: ResultPage = { columns: [], types: [], rows: [], next: undefined };
  for (let read = 0; read < MOST_PAGES; read += 1) {
    page = await readResultPage(client, id, { rows: PAGE_ROWS, token: page.next });
    rows.push(...page.rows);
    if (page.next === undefined) break;
  }
  const { columns, types, next } = page;
  return { columns, types, rows, hasMore: next !== undefined };
}
