import { runStatement } from '../../lib/aws/athenaStatements.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Body, eventName } from './bodies.ts';
import { type Answer, answer, NAME_PREFIX, ORIGIN, type Probed, type Run, unanswered } from './Probe.ts';
import { isFromCollector, type Reply, readableBy, replyText } from './sendRequest.ts';

/** Timeout of a query, milliseconds. */
const QUERY_TIMEOUT_MS = 120_000;

/** A query that Athena accepted but that failed, with Athena's message. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

/** Runs queries in the workgroup, and keeps the locations of their results. */
export class Queries {
  readonly #probed: Probed;
  /** `s3://` locations of the results of every query so far. */
  readonly results: string[] = [];

  constructor(probed: Probed) {
    this.#probed = probed;
  }

  /**
   * @returns Rows without the header, each value as Athena's text; at most 10,000.
   * @throws QueryError when it failed, was cancelled or took longer than two minutes; otherwise what the client threw.
   */
  async run(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const { athena, config, clock, wait, random } = this.#probed;
    const outcome = await runStatement(athena, sql, {
      ...{ workGroup: config.athena.workgroup, database: config.database },
      ...{ clock, wait, random, deadlineMs: QUERY_TIMEOUT_MS },
    });
    if (outcome.location !== undefined) this.results.push(outcome.location);
    if ('failed' in outcome) throw new QueryError(outcome.failed);
    return outcome.rows;
  }
}

/** A row of one of the probe's events. */
export interface Row {
  /** Last part of the event's name. */
  readonly part: string;
  readonly eventId: string;
  /** The event's metadata, JSON. */
  readonly metadata: string;
  readonly environment: string;
  /** `2026-11-20 10:15:30.123` */
  readonly timestamp: string;
}

/** Reads the rows of a run that Athena returns now. */
export async function readRows(queries: Queries, config: Config, run: Run): Promise<readonly Row[]> {
  const begin = eventName(run, '');
  const rows = await queries.run(
    `SELECT event_name, event_id, company_metadata, environment, CAST("timestamp" AS varchar) FROM ${eventsAround(config, run)} AND event_name LIKE ${quoteText(`${begin}%`)}`,
  );
  return rows.map((row) => {
    const [name = '', eventId = '', metadata = '', environment = '', timestamp = ''] = row.map(
      (value) => value ?? '',
    );
    return { part: name.slice(begin.length), eventId, metadata, environment, timestamp };
  });
}

/** The rows of a file, and how many of them belong to a probe. */
export interface FileRows {
  /** Its `s3://` address. */
  readonly file: string;
  readonly rows: number;
  readonly ours: number;
}

/** Reads which files of some days have rows of this probe or of an earlier one. */
export async function readFiles(queries: Queries, config: Config, run: Run): Promise<readonly FileRows[]> {
  const ours = `count_if(event_name LIKE ${quoteText(`${NAME_PREFIX}%`)})`;
  const rows = await queries.run(
    `SELECT "$path", count(*), ${ours} FROM ${eventsAround(config, run)} GROUP BY "$path" HAVING ${ours} > 0`,
  );
  return rows.map(([file, all, mine]) => ({ file: file ?? '', rows: Number(all), ours: Number(mine) }));
}

/** The sender's clock can pass midnight before the collector's. */
function eventsAround({ database, tables }: Config, { time }: Run): string {
  const day = (ms: number) => `DATE ${quoteText(utcDay(ms))}`;
  return `${quoteName(database)}.${quoteName(tables.events)} WHERE ds BETWEEN ${day(time - DAY_MS)} AND ${day(time + DAY_MS)}`;
}

/** Queries every view without rows, at the same time: an error of a view is found before anything is read. */
export async function askViews({ config }: Probed, queries: Queries): Promise<Answer> {
  const problems = await Promise.all(
    viewNames.map(async (name) => {
      try {
        await queries.run(`SELECT * FROM ${quoteName(config.database)}.${quoteName(name)} LIMIT 0`);
        return [];
      } catch (error) {
        if (!(error instanceof QueryError) && explainAwsError(error)?.kind !== 'answered') throw error;
        return [`${name}: ${error instanceof Error ? error.message : ''}`];
      }
    }),
  );
  const found = problems.flat();
  const text = found.length === 0 ? `${viewNames.length} views answer` : found.join('; ');
  return answer('SLUICE_PROBE_VIEWS', found.length === 0, text);
}

/**
 * Judges a body: the reply, and the rows of its events.
 *
 * @param rows Null if they could not be read.
 */
export function judgeBody(
  { code, part, status, text }: Body,
  reply: Reply,
  rows: readonly Row[] | null,
  config: Config,
): Answer {
  const found = (rows ?? []).filter((row) => row.part === part);
  if (status === 413) {
    const isFine = reply.status === 413 && readableBy(reply, ORIGIN) && found.length === 0;
    return answer(
      code,
      isFine,
      `${replyText(reply, ORIGIN)}${found.length === 0 ? '' : `, but ${rowCount(found)}`}`,
    );
  }
  if (reply.status !== 202 || !isFromCollector(reply)) return answer(code, false, replyText(reply));
  if (rows === null) return unanswered(code, '202; its row could not be looked for');
  if (found.length === 0) return answer(code, false, '202, but no row');
  // Redacted text cannot be compared.
  const isComparable = text !== undefined && Object.keys(config.privacy.redact).length === 0;
  const changed = isComparable ? found.find(({ metadata }) => textOf(metadata) !== text) : undefined;
  const isOne = new Set(found.map(({ eventId }) => eventId)).size === 1;
  const what = [
    `202, ${rowCount(found)}`,
    ...(isOne ? [] : ['sent was 1']),
    ...(changed === undefined ? [] : [`but another text: ${changed.metadata}`]),
  ];
  return answer(code, isOne && changed === undefined, what.join(', '));
}

/** The number of rows, and of events if there are fewer: delivery is at least once. */
function rowCount(rows: readonly Row[]): string {
  const events = new Set(rows.map(({ eventId }) => eventId)).size;
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const count = counted(rows.length, 'row');
  return events === rows.length ? count : `${count} of ${counted(events, 'event')}`;
}

function textOf(metadata: string): unknown {
  const parsed = parseJson(metadata);
  return isJsonObject(parsed) ? parsed['text'] : undefined;
}

/** Judges the time of every row, as Athena reads it. */
export function judgeTime(rows: readonly Row[], { time }: Run): Answer {
  const code = 'SLUICE_PROBE_TIMESTAMP_VALUE';
  const expected = new Date(time).toISOString().replace('T', ' ').replace('Z', '');
  if (rows.length === 0) return unanswered(code, 'no row');
  const other = rows.find(({ timestamp }) => timestamp !== expected);
  return answer(code, other === undefined, other ? `${other.timestamp} instead of ${expected}` : expected);
}
