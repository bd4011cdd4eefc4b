import {
  GetQueryExecutionCommand,
  InvalidRequestException,
  type QueryExecution,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import * as z from 'zod';
import { readResultPage, startStatement } from '../lib/aws/athenaStatements.ts';
import { csvLine } from '../lib/base/csv.ts';
import { defineErrorFamily } from '../lib/base/errors.ts';
import { eachAttempt } from '../lib/base/retry.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Deployment, ObserveError } from './deployment.ts';
import { queryCost } from './prices.ts';

/** Errors of SQL that somebody writes. */
export const SqlError = defineErrorFamily('user', {
  SLUICE_SQL_WRITES: {
    cause: 'Only read-only statements run here.',
    cure: 'Use SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE, or EXPLAIN of a query. Other statements run with `sluice query --athena`.',
  },
  SLUICE_SQL_FAILED: {
    cause: 'The query was not answered.',
    cure: 'Read the detail, and correct the SQL: docs/reference/sql.md.',
  },
});

/** Why a query failed. */
export interface SqlProblem {
  /** The engine's own message. */
  readonly message: string;
  /** Where in the text, from 1; null if the engine does not say. */
  readonly line: number | null;
  readonly column: number | null;
}

/** A query in Athena. */
export interface SqlRun {
  /** Athena's ID; null for a text that Athena did not accept. */
  readonly id: string | null;
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly scannedBytes: number;
  /** At list price; null until it has ended. The local cloud counts whole files, Athena the columns that were read. */
  readonly usd: number | null;
  /** Since it was submitted, by Athena. */
  readonly elapsedMs: number;
  readonly problem: SqlProblem | null;
  /** `s3://…` of its result; null without one. */
  readonly location: string | null;
}

/** A page of a result. */
export interface SqlPage {
  /** Names, which may repeat, and types of the dialect. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Each value as text, null for NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Where the next page begins; null after the last. */
  readonly next: string | null;
}

/** Options of {@link startSql}. */
export interface SqlOptions {
  /** One statement in Athena's dialect. */
  readonly sql: string;
  /** Whether statements may run that do more than read. Default false. */
  readonly mayWrite?: boolean;
}

type Asked = Pick<Deployment, 'athena' | 'config'>;

/** Rows of a page if nothing else is asked for. */
export const USUAL_ROWS = 100;
/** Rows of the largest page: the header is one of 1,000. https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
export const MOST_ROWS = 999;
/** Between two polls. */
const POLL = { baseMs: 200, capMs: 2_000, leastMs: 50 };
/** Athena stops a query after 30 minutes itself: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const DEADLINE_MS = 31 * 60_000;

/**
 * Starts a query in the workgroup. It runs until it ends or {@link cancelSql} stops it.
 *
 * @throws SqlError `SLUICE_SQL_WRITES`; what Athena's client throws.
 */
export async function startSql(
  { athena, config }: Asked,
  { sql, mayWrite = false }: SqlOptions,
): Promise<SqlRun> {
  if (!mayWrite) requireReading(sql);
  const about = { workGroup: config.athena.workgroup, database: config.database };
  try {
    return { ...NOT_BEGUN, id: await startStatement(athena, sql, about) };
  } catch (error) {
    if (!(error instanceof InvalidRequestException) || error.AthenaErrorCode !== 'MALFORMED_QUERY')
      throw error;
    return { ...NOT_BEGUN, state: 'failed', usd: 0, problem: problemOf(error.message) };
  }
}

const NOT_BEGUN: SqlRun = {
  id: null,
  state: 'queued',
  scannedBytes: 0,
  usd: null,
  elapsedMs: 0,
  problem: null,
  location: null,
};

/** How far a query is. @throws What Athena's client throws. */
export async function readSqlRun({ athena }: Pick<Deployment, 'athena'>, id: string): Promise<SqlRun> {
  const answer = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
  const { Status, Statistics, StatementType, ResultConfiguration } = answer.QueryExecution ?? {};
  const state = STATES[Status?.State ?? 'QUEUED'];
  const scannedBytes = Statistics?.DataScannedInBytes ?? 0;
  const isFailed = state === 'failed' || state === 'cancelled';
  // Failed queries and DDL are free: https://aws.amazon.com/athena/pricing/
  const isFree = state === 'failed' || StatementType !== 'DML';
  return {
    id,
    state,
    scannedBytes,
    usd: state === 'queued' || state === 'running' ? null : isFree ? 0 : queryCost(scannedBytes),
    elapsedMs: Statistics?.TotalExecutionTimeInMillis ?? 0,
    problem: isFailed
      ? problemOf(Status?.StateChangeReason ?? Status?.AthenaError?.ErrorMessage ?? state)
      : null,
    location: ResultConfiguration?.OutputLocation ?? null,
  };
}

type AthenaState = NonNullable<NonNullable<QueryExecution['Status']>['State']>;

const STATES: Readonly<Record<AthenaState, SqlRun['state']>> = {
  QUEUED: 'queued',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

/** Athena says `line 1:8:`, and of some errors only the line. */
const AT = /\bline (\d+):(\d+)?/i;

function problemOf(message: string): SqlProblem {
  const [, line, column] = AT.exec(message) ?? [];
  return {
    message,
    line: line === undefined ? null : Number(line),
    column: column === undefined ? null : Number(column),
  };
}

const cursorSchema = z.strictObject({ id: z.string(), token: z.string() });

/**
 * A page of the rows of a query that has succeeded.
 *
 * @param options `limit`: rows at most, at most {@link MOST_ROWS}. A statement whose result has no header, as SHOW,
 *   answers one more on its first page.
 * @throws ObserveError for a cursor of another query; what Athena's client throws.
 */
export async function readSqlRows(
  { athena }: Pick<Deployment, 'athena'>,
  id: string,
  {
    limit = USUAL_ROWS,
    cursor,
  }: { readonly limit?: number | undefined; readonly cursor?: string | undefined } = {},
): Promise<SqlPage> {
  const from = cursor === undefined ? undefined : decodeCursor(cursorSchema, cursor);
  if (from !== undefined && from.id !== id) throw new ObserveError('SLUICE_OBSERVE_CURSOR_UNKNOWN');
  const rows = Math.min(limit, MOST_ROWS) + (from === undefined ? 1 : 0);
  const page = await readResultPage(athena, id, { rows, token: from?.token });
  return {
    columns: page.columns.map((name, i) => ({ name, type: page.types[i] ?? '' })),
    rows: page.rows,
    next: page.next === undefined ? null : encodeCursor({ id, token: page.next }),
  };
}

/** Stops a query; one that has ended stays as it is. @throws What Athena's client throws. */
export async function cancelSql({ athena }: Pick<Deployment, 'athena'>, id: string): Promise<void> {
  await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
}

/**
 * The whole result of a query as CSV with a header, a text for each page.
 *
 * @throws What Athena's client throws.
 */
export async function* readSqlCsv(
  deployment: Pick<Deployment, 'athena'>,
  id: string,
): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const page: SqlPage = await readSqlRows(deployment, id, {
      limit: MOST_ROWS,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const header = cursor === undefined ? [page.columns.map(({ name }) => name)] : [];
    yield [...header, ...page.rows].map(csvLine).join('');
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

/** A query and the first page of its rows, if it succeeded. */
export interface SqlAnswer {
  readonly run: SqlRun;
  readonly page: SqlPage | null;
}

/**
 * Runs a query to its end. When the deployment's signal aborts, the query is stopped.
 *
 * @param options `limit`: rows of the first page.
 * @throws SqlError; the signal's reason; what Athena's client throws.
 */
export async function runSql(
  deployment: Pick<Deployment, 'athena' | 'config' | 'clock' | 'wait' | 'random' | 'signal'>,
  { limit, ...options }: SqlOptions & { readonly limit?: number | undefined },
): Promise<SqlAnswer> {
  const { wait, random, clock, signal } = deployment;
  signal?.throwIfAborted();
  let run = await startSql(deployment, options);
  const { id } = run;
  if (id === null) return { run, page: null };
  // A query that cannot be stopped ends by itself.
  const stop = () => void cancelSql(deployment, id).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (signal?.aborted === true) stop();
    const until = { clock, deadline: clock.now() + DEADLINE_MS };
    for await (const _ of eachAttempt({ ...POLL, wait, random, until })) {
      signal?.throwIfAborted();
      run = await readSqlRun(deployment, id);
      if (run.state === 'succeeded')
        return { run, page: await readSqlRows(deployment, id, limit === undefined ? {} : { limit }) };
      if (run.state === 'failed' || run.state === 'cancelled') break;
    }
    signal?.throwIfAborted();
    return { run, page: null };
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** White space, a comment or a bracket before a word. As in Athena, a line ends at a carriage return, too. */
const BETWEEN = /\s+|--[^\r\n]*|\/\*[\s\S]*?\*\/|\(/y;
/** The rest of EXPLAIN's options in brackets. */
const OPTIONS = /[\w\s,]*\)/y;
const WORD = /[A-Za-z]\w*/y;
const READING: ReadonlySet<string> = new Set([
  ...['SELECT', 'WITH', 'VALUES', 'TABLE', 'SHOW', 'DESCRIBE', 'DESC'],
]);

/**
 * Refuses statements that do more than read. EXPLAIN ANALYZE runs what it explains, so that counts.
 *
 * @throws SqlError `SLUICE_SQL_WRITES` with the statement's first word.
 */
export function requireReading(sql: string): void {
  let at = 0;
  // Piece by piece, and never back: one expression for all of it could take a comment for longer than it is.
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const taken = pattern.exec(sql)?.[0];
    at += taken?.length ?? 0;
    return taken;
  };
  const nextWord = (): string => {
    while (take(BETWEEN) !== undefined);
    return (take(WORD) ?? '').toUpperCase();
  };
  const isOfExplain = (one: string): boolean =>
    one === 'ANALYZE' ||
    one === 'VERBOSE' ||
    ((one === 'TYPE' || one === 'FORMAT') && take(OPTIONS) !== undefined);
  let word = nextWord();
  // EXPLAIN is followed by a query: SHOW and DESCRIBE cannot be explained.
  if (word === 'EXPLAIN')
    do word = nextWord();
    while (isOfExplain(word));
  if (READING.has(word)) return;
  throw new SqlError('SLUICE_SQL_WRITES', word === '' ? 'It has no first word.' : `It begins with ${word}.`);
}
