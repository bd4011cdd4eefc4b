import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import { counted, someOf } from '../../lib/base/text.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { askAthena, ObserveError } from '../../observe/deployment.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type Answer, answer, isStopped, ORIGIN, type Probed, type Run, unanswered } from './Answer.ts';
import { bodies, eventName, type SentEvent } from './bodies.ts';
import { isFromCollector, type Reply, readableBy, replyText } from './sendRequest.ts';

/** A row of one of the probe's events. */
export interface Row {
  /** Last part of the event's name. */
  readonly part: string;
  /** The `event_id` of the row. */
  readonly eventId: string;
  /** The event's metadata, JSON. */
  readonly metadata: string;
  /** The time as Athena writes it: `2026-11-20 10:15:30.123` */
  readonly timestamp: string;
}

/** Reads the rows of a run that Athena returns now. */
export async function readRows(probed: Probed, run: Run): Promise<readonly Row[]> {
  const { config } = probed;
  const begin = eventName(run, '');
  const { rows } = await askAthena(
    probed,
    `SELECT event_name AS name, event_id AS id, company_metadata AS metadata, CAST("timestamp" AS varchar) AS at FROM ${ofRun(config, run, config.tables.events)}`,
  );
  return rows.map(({ name, id, metadata, at }) => ({
    part: (name ?? '').slice(begin.length),
    eventId: id ?? '',
    metadata: metadata ?? '',
    timestamp: at ?? '',
  }));
}

/** The run's rows of a table or view. The sender's clock can pass midnight before the collector's. */
function ofRun({ database }: Config, run: Run, table: string): string {
  const day = (ms: number) => `DATE ${quoteText(utcDay(ms))}`;
  const days = `ds BETWEEN ${day(run.time - DAY_MS)} AND ${day(run.time + DAY_MS)}`;
  const pattern = quoteText(`${eventName(run, '')}%`);
  return `${quoteName(database)}.${quoteName(table)} WHERE ${days} AND event_name LIKE ${pattern}`;
}

/**
 * Queries every view without rows, at the same time, and then counts the events of the run in a view.
 *
 * @param events How many events have a row.
 */
export async function askViews(probed: Probed, run: Run, events: number): Promise<Answer> {
  const { config } = probed;
  const problems = await Promise.all(
    viewNames.map(async (name) => {
      try {
        await askAthena(probed, `SELECT * FROM ${quoteName(config.database)}.${quoteName(name)} LIMIT 0`);
        return [];
      } catch (error) {
        // A view that was slow is no view that Athena refuses.
        if (isStopped(error)) throw error;
        if (!(error instanceof ObserveError) && explainAwsError(error)?.kind !== 'answered') throw error;
        return [`${name}: ${error instanceof Error ? error.message : ''}`];
      }
    }),
  );
  const found = problems.flat();
  if (found.length > 0) return answer('SLUICE_PROBE_VIEWS', false, found.join('; '));
  const { rows } = await askAthena(
    probed,
    `SELECT count(*) AS n FROM ${ofRun(config, run, 'product_events')}`,
  );
  const count = Number(rows[0]?.['n'] ?? 0);
  const text = `${viewNames.length} views answer, product_events has ${someOf(count, events, 'event')}`;
  return answer('SLUICE_PROBE_VIEWS', count === events, text);
}

/**
 * Judges an event: the reply, and its rows.
 *
 * @param rows Null if they could not be read.
 */
export function judgeEvent(
  { code, part, status, text }: SentEvent,
  reply: Reply,
  rows: readonly Row[] | null,
): Answer {
  const found = (rows ?? []).filter((row) => row.part === part);
  if (status === 413) {
    const isRefused = reply.status === 413 && readableBy(reply, ORIGIN);
    if (isRefused && rows === null) return unanswered(code, '413; its row could not be looked for');
    const isFine = isRefused && found.length === 0;
    const problems = found.length === 0 ? '' : `, but ${rowCount(found)}`;
    return answer(code, isFine, `${replyText(reply, ORIGIN)}${problems}`);
  }
  if (reply.status !== 202 || !isFromCollector(reply)) return answer(code, false, replyText(reply));
  if (rows === null) return unanswered(code, '202; its row could not be looked for');
  if (found.length === 0) return answer(code, false, '202, but no row');
  const changed = text === undefined ? undefined : found.find(({ metadata }) => textOf(metadata) !== text);
  const isOne = new Set(found.map(({ eventId }) => eventId)).size === 1;
  const problems = [
    `202, ${rowCount(found)}`,
    ...(isOne ? [] : ['sent was 1']),
    ...(changed === undefined ? [] : [`but another text: ${changed.metadata}`]),
  ];
  return answer(code, isOne && changed === undefined, problems.join(', '));
}

/** The number of rows, and of events if there are fewer: delivery is at least once. */
function rowCount(rows: readonly Row[]): string {
  const events = new Set(rows.map(({ eventId }) => eventId)).size;
  const count = counted(rows.length, 'row');
  return events === rows.length ? count : `${count} of ${counted(events, 'event')}`;
}

/** The text that an event was sent with. */
function textOf(metadata: string): unknown {
  const parsed = parseJson(metadata);
  return isJsonObject(parsed) ? parsed['text'] : undefined;
}

/** Those of the events' parts that have no row yet. An event that was not answered 202 may have one as well. */
export function partsWithoutRow(parts: readonly string[], rows: readonly Row[]): readonly string[] {
  const seen = new Set(rows.map(({ part }) => part));
  return parts.filter((part) => !seen.has(part));
}

/** Judges the time of every row as Athena reads it, except the rows of the SDKs, which set times of their own. */
export function judgeTime(all: readonly Row[], { time }: Pick<Run, 'time'>): Answer {
  const code = 'SLUICE_PROBE_TIMESTAMP_VALUE';
  const expected = new Date(time).toISOString().replace('T', ' ').replace('Z', '');
  const rows = all.filter(({ part }) => bodies.some((body) => body.part === part));
  if (rows.length === 0) return unanswered(code, 'no row');
  const different = rows.find(({ timestamp }) => timestamp !== expected);
  return answer(
    code,
    different === undefined,
    different ? `${different.timestamp} instead of ${expected}` : expected,
  );
}
