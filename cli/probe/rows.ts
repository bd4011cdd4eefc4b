import type { AthenaClient } from '@aws-sdk/client-athena';
import { runStatement, type StatementOptions } from '../../lib/aws/athenaStatements.ts';
import { isJsonObject } from '../../lib/base/json.ts';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type Answer, answer, unanswered } from './Answer.ts';
import { PACKED_EVENTS, QUERY_TIMEOUT_MS } from './limits.ts';
import { eventName, NAME_PREFIX, type Run } from './Run.ts';
import { type Sample, samples } from './samples.ts';
import {
  isFromCollector,
  isUnderLimit,
  PACKED_PART,
  type Reply,
  replyText,
  type Size,
  sizes,
} from './sendRequest.ts';

/** A query that Athena accepted but that failed, with Athena's message. */
export class QueryError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueryError';
  }
}

/** Options of {@link Athena}. */
export interface AthenaOptions extends Omit<StatementOptions, 'deadlineMs'> {
  readonly client: AthenaClient;
}

/** Runs queries in the workgroup, and keeps the locations of their results. */
export class Athena {
  readonly #options: AthenaOptions;
  readonly #results: string[] = [];

  constructor(options: AthenaOptions) {
    this.#options = options;
  }

  /** `s3://` locations of the results of every query so far. */
  get results(): readonly string[] {
    return this.#results;
  }

  /**
   * @returns Rows without the header, each value as Athena's text; at most 10,000.
   * @throws QueryError when it failed, was cancelled or took longer than two minutes; otherwise what the client threw.
   */
  async query(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const { client, ...options } = this.#options;
    const outcome = await runStatement(client, sql, { ...options, deadlineMs: QUERY_TIMEOUT_MS });
    if (outcome.location !== undefined) this.#results.push(outcome.location);
    if ('failed' in outcome) throw new QueryError(outcome.failed);
    return outcome.rows;
  }
}

/** A row of one of the probe's events. */
export interface Row {
  /** Last part of the event's name. */
  readonly part: string;
  readonly eventId: string;
  readonly value: string | null;
  /** The event's metadata, JSON. */
  readonly metadata: string | null;
  readonly environment: string | null;
  /** `2026-11-20 10:15:30.123` */
  readonly timestamp: string | null;
  readonly ds: string | null;
  /** `s3://` address of its file. */
  readonly file: string;
}

/** The table of the rows. */
export interface ProbedTable {
  readonly database: string;
  readonly table: string;
}

/** The rows of a run that Athena returns now. */
export async function readRows(athena: Athena, where: ProbedTable, run: Run): Promise<readonly Row[]> {
  const begin = eventName(run, '');
  const rows = await athena.query(
    `SELECT event_name, event_id, event_value, company_metadata, environment, CAST("timestamp" AS varchar), CAST(ds AS varchar), "$path" FROM ${from(where)} WHERE ${aroundDay(run)} AND event_name LIKE ${quoteText(`${begin}%`)}`,
  );
  return rows.map(
    ([
      name,
      eventId,
      value = null,
      metadata = null,
      environment = null,
      timestamp = null,
      ds = null,
      file,
    ]) => ({
      part: (name ?? '').slice(begin.length),
      eventId: eventId ?? '',
      value,
      metadata,
      environment,
      timestamp,
      ds,
      file: file ?? '',
    }),
  );
}

/** The rows of a file, and how many of them belong to a probe. */
export interface FileRows {
  readonly file: string;
  readonly rows: number;
  readonly ours: number;
}

/** The files of some days with rows of this probe or of an earlier one. */
export async function readFiles(athena: Athena, where: ProbedTable, run: Run): Promise<readonly FileRows[]> {
  const ours = `count_if(event_name LIKE ${quoteText(`${NAME_PREFIX}%`)})`;
  const rows = await athena.query(
    `SELECT "$path", count(*), ${ours} FROM ${from(where)} WHERE ${aroundDay(run)} GROUP BY "$path" HAVING ${ours} > 0`,
  );
  return rows.map(([file, all, mine]) => ({ file: file ?? '', rows: Number(all), ours: Number(mine) }));
}

function from({ database, table }: ProbedTable): string {
  return `${quoteName(database)}.${quoteName(table)}`;
}

/** The sender's clock can pass midnight before the collector's. */
function aroundDay({ time }: Run): string {
  return `ds BETWEEN DATE ${quoteText(utcDay(time - DAY_MS))} AND DATE ${quoteText(utcDay(time + DAY_MS))}`;
}

/** The reply to each body, by the last part of its event's name. */
export type Replies = ReadonlyMap<string, Reply>;

/** The sent requests, so that their rows can be found. */
export interface Sent {
  readonly replies: Replies;
  /** The answers about bodies over a limit. */
  readonly overLimits: ReadonlyMap<string, Answer>;
  /** When the last reply arrived, epoch milliseconds. */
  readonly sentAt: number;
}

/** The rows of a run; null if they could not be read. */
type Seen = readonly Row[] | null;

const UNREAD = '202; its row could not be looked for';

/** Judges a body as SDKs send it: 202, and one intact row. */
function judgeSample(sample: Sample, replies: Replies, rows: Seen, config: Config): Answer {
  const { code, part, text } = sample;
  const reply = replies.get(part);
  if (reply === undefined) return unanswered(code, 'not sent');
  if (reply.status !== 202 || !isFromCollector(reply)) return answer(code, false, replyText(reply));
  if (rows === null) return unanswered(code, UNREAD);
  const found = rows.filter((row) => row.part === part);
  const [row] = found;
  if (row === undefined) return answer(code, false, '202, but no row');
  // Redacted text cannot be compared.
  const redacted = Object.keys(config.privacy.redact).length > 0;
  const whole = redacted || found.every(({ metadata }) => textOf(metadata) === text);
  const seen = `202, ${rowCount(found)}${whole ? '' : `, but another text: ${row.metadata}`}`;
  return answer(code, whole && new Set(found.map(({ eventId }) => eventId)).size === 1, seen);
}

/** The number of rows, and of events if there are fewer: Firehose delivers at least once. */
function rowCount(rows: readonly Row[]): string {
  const events = new Set(rows.map(({ eventId }) => eventId)).size;
  const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  return events === rows.length ? count : `${count} of ${events} ${events === 1 ? 'event' : 'events'}`;
}

function textOf(metadata: string | null): unknown {
  if (metadata === null) return undefined;
  try {
    const parsed: unknown = JSON.parse(metadata);
    return isJsonObject(parsed) ? parsed['text'] : undefined;
  } catch {
    return undefined;
  }
}

/** Judges a large body: whether it has a row, or has none if it is over a limit. */
function judgeSize(size: Size, gateway: Answer, replies: Replies, rows: Seen): Answer {
  const found = (rows ?? []).filter(({ part }) => part === size.part);
  if (!isUnderLimit(size)) {
    return found.length === 0
      ? gateway
      : answer(size.code, false, `${gateway.found}, but ${rowCount(found)}`);
  }
  const reply = replies.get(size.part);
  if (reply === undefined) return unanswered(size.code, 'not sent');
  if (reply.status !== 202) return answer(size.code, false, replyText(reply));
  if (rows === null) return unanswered(size.code, UNREAD);
  return answer(
    size.code,
    found.length > 0,
    found.length > 0 ? `202, ${rowCount(found)}` : '202, but no row',
  );
}

/** Judges the packed events: whether each has a row. */
function judgePacked(replies: Replies, rows: Seen): Answer {
  const code = 'SLUICE_PROBE_PACKED_RECORDS';
  const reply = replies.get(PACKED_PART);
  if (reply?.status !== 202) return unanswered(code, reply === undefined ? 'not sent' : replyText(reply));
  if (rows === null) return unanswered(code, UNREAD);
  const found = rows.filter(({ part }) => part === PACKED_PART);
  const numbers = new Set(found.map(({ value }) => value));
  const missing = Array.from({ length: PACKED_EVENTS }, (_, n) => String(n)).filter((n) => !numbers.has(n));
  const complete = new Set(found.map(({ eventId }) => eventId)).size === PACKED_EVENTS;
  const shown = missing.length === 0 ? '' : `; of ${PACKED_EVENTS} the first missing is number ${missing[0]}`;
  return answer(code, complete && missing.length === 0, `${rowCount(found)}${shown}`);
}

/** Judges every body of {@link Sent}, with or without rows. */
export function judgeBodies({ replies, overLimits }: Sent, rows: Seen, config: Config): readonly Answer[] {
  return [
    ...samples.map((sample) => judgeSample(sample, replies, rows, config)),
    ...sizes.map((size) =>
      judgeSize(size, overLimits.get(size.part) ?? unanswered(size.code, 'not sent'), replies, rows),
    ),
    judgePacked(replies, rows),
  ];
}

/** Judges what holds for every row: its day and its time, as Athena reads them. */
export function judgeTimes(rows: readonly Row[], { time }: Run): readonly Answer[] {
  if (rows.length === 0) {
    return (['SLUICE_PROBE_DAY', 'SLUICE_PROBE_TIMESTAMP_VALUE'] as const).map((code) =>
      unanswered(code, 'no row'),
    );
  }
  const day = utcDay(time);
  const text = new Date(time).toISOString().replace('T', ' ').replace('Z', '');
  const elsewhere = rows.find(({ ds }) => ds !== day);
  const another = rows.find(({ timestamp }) => timestamp !== text);
  return [
    answer(
      'SLUICE_PROBE_DAY',
      elsewhere === undefined,
      elsewhere === undefined ? `all under ${day}` : `${elsewhere.ds} instead of ${day}`,
    ),
    answer(
      'SLUICE_PROBE_TIMESTAMP_VALUE',
      another === undefined,
      another === undefined ? text : `${another.timestamp} instead of ${text}`,
    ),
  ];
}
