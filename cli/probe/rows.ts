import type { AthenaClient } from '@aws-sdk/client-athena';
import { isJsonObject } from '../../lib/base/json.ts';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { runStatement, type StatementOptions } from '../aws/runStatement.ts';
import { type Answer, answer, unanswered } from './Answer.ts';
import { PACKED_EVENTS, QUERY_TIMEOUT_MS } from './limits.ts';
import { ERROR_KEY_PREFIX, eventName, NAME_PREFIX, type Run } from './Run.ts';
import { type Sample, samples } from './samples.ts';
import {
  isOurs,
  isUnderLimit,
  PACKED_PART,
  type Reply,
  refusalCode,
  replyText,
  type Size,
  sizes,
} from './sendRequest.ts';

/** A query that Athena took and could not do; the message is Athena's. */
export class QueryError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueryError';
  }
}

/** What queries are run with. */
export interface AthenaOptions extends Omit<StatementOptions, 'deadlineMs'> {
  readonly client: AthenaClient;
}

/** Runs queries in the workgroup, and remembers where their results lie. */
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
   * @returns Rows without the header, each value as Athena's text; 10,000 at most.
   * @throws QueryError when it failed, was cancelled or took longer than two minutes; else what the client threw.
   */
  async query(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const { client, ...options } = this.#options;
    const outcome = await runStatement(client, sql, { ...options, deadlineMs: QUERY_TIMEOUT_MS });
    if (outcome.location !== undefined) this.#results.push(outcome.location);
    if ('failed' in outcome) throw new QueryError(outcome.failed);
    return outcome.rows;
  }
}

/** A row that the probe's events became. */
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
  /** `s3://` address of the file that holds it. */
  readonly file: string;
}

/** Where the rows are. */
export interface ProbedTable {
  readonly database: string;
  readonly table: string;
}

/** The rows of a run that Athena sees now. */
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

/** Which rows of a table are a probe's: by what its column begins with. */
export const OURS = {
  events: { column: 'event_name', begin: NAME_PREFIX },
  quarantine: { column: 'path', begin: ERROR_KEY_PREFIX },
} as const;

/** How many rows a file has, and how many of them are the probe's. */
export interface FileRows {
  readonly file: string;
  readonly rows: number;
  readonly ours: number;
}

/** How many rows of quarantine are of one object under `errors/`. */
export async function countQuarantined(
  athena: Athena,
  where: ProbedTable,
  run: Run,
  key: string,
): Promise<number> {
  const [[count] = []] = await athena.query(
    `SELECT count(*) FROM ${from(where)} WHERE ${aroundDay(run)} AND path = ${quoteText(key)}`,
  );
  return Number(count ?? 0);
}

/** The files of some days that hold rows of this probe or of an earlier one. */
export async function readFiles(
  athena: Athena,
  where: ProbedTable,
  run: Run,
  { column, begin }: (typeof OURS)[keyof typeof OURS],
): Promise<readonly FileRows[]> {
  const ours = `count_if(${column} LIKE ${quoteText(`${begin}%`)})`;
  const rows = await athena.query(
    `SELECT "$path", count(*), ${ours} FROM ${from(where)} WHERE ${aroundDay(run)} GROUP BY "$path" HAVING ${ours} > 0`,
  );
  return rows.map(([file, all, mine]) => ({ file: file ?? '', rows: Number(all), ours: Number(mine) }));
}

function from({ database, table }: ProbedTable): string {
  return `${quoteName(database)}.${quoteName(table)}`;
}

/** A sender's clock may be beyond midnight before the collector's. */
function aroundDay({ time }: Run): string {
  return `ds BETWEEN DATE ${quoteText(utcDay(time - DAY_MS))} AND DATE ${quoteText(utcDay(time + DAY_MS))}`;
}

/** What each body was answered, by the last part of its event's name. */
export type Replies = ReadonlyMap<string, Reply>;

/** What was sent, to be found again. */
export interface Sent {
  readonly replies: Replies;
  /** Of bodies over a limit, what was answered. */
  readonly overLimits: ReadonlyMap<string, Answer>;
  /** When the last of it was answered, epoch milliseconds. */
  readonly sentAt: number;
}

/** The rows of a run; null when nobody could read them. */
type Seen = readonly Row[] | null;

const UNREAD = '202; its row could not be looked for';

/** A body that was sent as SDKs do: answered 202, landed, whole. */
function judgeSample(sample: Sample, replies: Replies, rows: Seen, config: Config): Answer {
  const { code, part, text } = sample;
  const reply = replies.get(part);
  if (reply === undefined) return unanswered(code, 'not sent');
  const mangled = refusalCode(reply) === 'SLUICE_COLLECT_BODY_MANGLED';
  if (code === 'SLUICE_PROBE_GZIP_UNMARKED' && mangled) return answer(code, true, replyText(reply));
  if (reply.status !== 202 || !isOurs(reply)) return answer(code, false, replyText(reply));
  if (rows === null) return unanswered(code, UNREAD);
  const found = rows.filter((row) => row.part === part);
  const [row] = found;
  if (row === undefined) return answer(code, false, '202, but no row');
  // What is redacted is not there to compare.
  const redacted = Object.keys(config.privacy.redact).length > 0;
  const whole = redacted || found.every(({ metadata }) => textOf(metadata) === text);
  const seen = `202, ${rowCount(found)}${whole ? '' : `, but another text: ${row.metadata}`}`;
  return answer(code, whole && new Set(found.map(({ eventId }) => eventId)).size === 1, seen);
}

/** Rows, and events when there are fewer: Firehose delivers at least once. */
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

/** A large body: whether its row is there, or, over a limit, isn't. */
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

/** Whether every event of the packed ones has its row. */
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

/** What is known of bodies with rows or without: all that {@link Sent} was about. */
export function judgeBodies({ replies, overLimits }: Sent, rows: Seen, config: Config): readonly Answer[] {
  return [
    ...samples.map((sample) => judgeSample(sample, replies, rows, config)),
    ...sizes.map((size) =>
      judgeSize(size, overLimits.get(size.part) ?? unanswered(size.code, 'not sent'), replies, rows),
    ),
    judgePacked(replies, rows),
  ];
}

/** What holds for every row: its day, its time, as Athena reads them. */
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
