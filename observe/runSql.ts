import {
  GetQueryExecutionCommand,
  InvalidRequestException,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { readResultPage, startStatement } from '../lib/aws/athenaStatements.ts';
import { partialAnswers } from '../lib/aws/partialAnswers.ts';
import { defineErrorFamily } from '../lib/base/errors.ts';
import type { Deployment } from './deployment.ts';

/** Errors of SQL that somebody writes. */
export const SqlError = defineErrorFamily('user', {
  SLUICE_SQL_WRITES: {
    cause: 'Only read-only statements run here.',
    cure: 'Use SELECT, WITH, VALUES, TABLE, SHOW or DESCRIBE. Other statements run with `sluice query --athena`.',
  },
});

/** A query in Athena. */
export interface SqlRun {
  /** Athena's ID; null for a text that Athena did not accept. */
  readonly id: string | null;
  /** How far it is. */
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  /** The local cloud counts whole files, Athena the columns that were read. */
  readonly scannedBytes: number;
  /** Since it was submitted, by Athena. */
  readonly elapsedMs: number;
  /** Why it failed, by the engine; null if it did not. */
  readonly problem: string | null;
  /** `s3://…` of its result; null without one. */
  readonly location: string | null;
}

/** A page of a result. */
export interface SqlPage {
  /** Names, which may repeat, and types of the dialect. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The rows, with each value as text, and null for NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** The token of the next page; null after the last page. */
  readonly next: string | null;
}

/** The parts of a deployment in which a statement is started. */
type Asked = Pick<Deployment, 'athena' | 'config'>;

/** Rows of the largest page: the header is one of 1,000. https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
export const MOST_ROWS = 999;

/**
 * Starts a query in the workgroup. It runs until it ends or {@link cancelSql} stops it.
 *
 * @param options `sql`: one statement in Athena's dialect. `mayWrite`: whether it may do more than read; default false.
 * @throws SqlError `SLUICE_SQL_WRITES`; what Athena's client throws.
 */
export async function startSql(
  { athena, config }: Asked,
  { sql, mayWrite = false }: { readonly sql: string; readonly mayWrite?: boolean },
): Promise<SqlRun> {
  if (!mayWrite) requireReading(sql);
  const about = { workGroup: config.athena.workgroup, database: config.database };
  try {
    return { ...NOT_BEGUN, id: await startStatement(athena, sql, about) };
  } catch (error) {
    if (!(error instanceof InvalidRequestException) || error.AthenaErrorCode !== 'MALFORMED_QUERY')
      throw error;
    return { ...NOT_BEGUN, state: 'failed', problem: error.message };
  }
}

const NOT_BEGUN: SqlRun = {
  id: null,
  state: 'queued',
  scannedBytes: 0,
  elapsedMs: 0,
  problem: null,
  location: null,
};

/** How far a query is. @throws What Athena's client throws. */
export async function readSqlRun({ athena }: Pick<Deployment, 'athena'>, id: string): Promise<SqlRun> {
  const answer = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
  const { Statistics, ResultConfiguration } = answer.QueryExecution ?? {};
  const { state = 'queued', failed } = partialAnswers.GetQueryExecution(answer);
  return {
    id,
    state,
    scannedBytes: Statistics?.DataScannedInBytes ?? 0,
    elapsedMs: Statistics?.TotalExecutionTimeInMillis ?? 0,
    problem: failed,
    location: ResultConfiguration?.OutputLocation ?? null,
  };
}

/**
 * A page of the rows of a query that has succeeded.
 *
 * @param page `limit`: rows at most, at most {@link MOST_ROWS}. A statement whose result has no header, as SHOW, answers one
 *   more on its first page. `cursor`: `next` of the page before.
 * @throws What Athena's client throws.
 */
export async function readSqlRows(
  { athena }: Pick<Deployment, 'athena'>,
  id: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<SqlPage> {
  const rows = Math.min(limit, MOST_ROWS) + (cursor === undefined ? 1 : 0);
  const page = await readResultPage(athena, id, { rows, token: cursor });
  return {
    columns: page.columns.map((name, i) => ({ name, type: page.types[i] ?? '' })),
    rows: page.rows,
    next: page.next ?? null,
  };
}

/** Stops a query; one that has ended stays as it is. @throws What Athena's client throws. */
export async function cancelSql({ athena }: Pick<Deployment, 'athena'>, id: string): Promise<void> {
  await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
}

/** White space, comments and brackets before the first word. As in Athena, a line ends at a carriage return, too. */
const BEFORE = /(?:\s|--[^\r\n]*|\/\*[\s\S]*?\*\/|\()/y;
const READING: ReadonlySet<string> = new Set([
  'SELECT',
  'WITH',
  'VALUES',
  'TABLE',
  'SHOW',
  'DESCRIBE',
  'DESC',
]);

/**
 * Refuses statements that do more than read. EXPLAIN is one of them: with ANALYZE it runs what it explains.
 *
 * @throws SqlError `SLUICE_SQL_WRITES` with the statement's first word.
 */
export function requireReading(sql: string): void {
  // Piece by piece, and never back: one expression for all of it could take a comment for longer than it is.
  BEFORE.lastIndex = 0;
  let at = 0;
  while (BEFORE.test(sql)) at = BEFORE.lastIndex;
  const [word = ''] = /^[A-Za-z]\w*/.exec(sql.slice(at)) ?? [];
  if (READING.has(word.toUpperCase())) return;
  throw new SqlError(
    'SLUICE_SQL_WRITES',
    word === '' ? 'It has no first word.' : `It begins with ${word.toUpperCase()}.`,
  );
}
