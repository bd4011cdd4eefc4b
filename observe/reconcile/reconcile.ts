import { queryableSeconds } from '../../infra/streams/streams.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { DAY_MS, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { parseRowPath } from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../deployment.ts';
import {
  failedText,
  HOUR_MS,
  NOT_STORED,
  type RequestCounts,
  readHourlyCounts,
} from '../facts/flow/requestCounts.ts';
import { CUT_BUFFER, readWaitingRows, type WaitingRow } from '../facts/flow/waitingRows.ts';
import { timeOf } from '../facts/tables/tracedRows.ts';
import { manyRefused, NO_ROWS, type RowCounts, readHourlyRows } from './hourlyRows.ts';

/** One table in one hour of receipt. All figures are events. */
export interface TableHour {
  readonly table: TableKind;
  /** Acknowledged by Firehose while the request was answered. */
  readonly landed: number;
  /** Written to an object of the request's own while it was answered. */
  readonly overflowed: number;
  /** In the table. */
  readonly found: number;
  /** Further rows with the same ID and `received_at`. */
  readonly doubles: number;
  /** Given up, and in quarantine. */
  readonly givenUp: number;
  /** In the stream's buffer or in `landing/`. Of a deployment the first can't be known. */
  readonly buffered: number;
  /** Accepted by the stream or overflowed, and nowhere. */
  readonly missing: number;
  /** In the table and elsewhere, beyond those. */
  readonly surplus: number;
}

/** One hour of receipt. */
export interface ReconciledHour {
  /** Its start, epoch milliseconds. */
  readonly hour: number;
  /** Whether every buffer of it has been delivered. An hour that is not closed is shown, not judged. */
  readonly isClosed: boolean;
  readonly received: number;
  readonly ignored: number;
  /** Received, and neither stored nor ignored: events of requests that were answered 503. SDKs send those again. */
  readonly notStored: number;
  readonly tables: readonly TableHour[];
  /** Counts that differ. */
  readonly problems: readonly string[];
  /** Further remarks. */
  readonly notes: readonly string[];
}

/** Compares the accepted rows with those in the tables, by hour. */
export interface Reconciliation {
  /** Whether every closed hour closes. */
  readonly closes: boolean;
  readonly day: UtcDay;
  /** Hours of the day in which something was received or stored. */
  readonly hours: readonly ReconciledHour[];
  /** Limits of the answer. */
  readonly notes: readonly string[];
  readonly scannedBytes: number;
}

/**
 * Compares what the collector counted on a day with the rows of that day, by the hour of receipt.
 *
 * @throws ObserveError; what the clients of AWS throw.
 */
export async function reconcile(deployment: Deployment, day: UtcDay): Promise<Reconciliation> {
  const start = Date.parse(`${day}T00:00:00Z`);
  const end = start + DAY_MS;
  const afterMs = queryableSeconds(deployment.config) * 1_000;
  const isClosed = (hour: number) => deployment.now >= hour + HOUR_MS + afterMs;
  // By the hour, as a search in the buffer has an end.
  const textsOfHours = Array.from({ length: DAY_MS / HOUR_MS }, (_, i) => {
    const hour = start + i * HOUR_MS;
    return { hour, text: `"received_at":"${isoTimestamp(hour).slice(0, 14)}` };
  });
  const waiting = await readWaitingRows(
    deployment,
    (row, kind) => isWithin(standsFor({ kind, row })?.receivedAt, start, end),
    textsOfHours.map(({ text }) => text),
  );
  const isCut = textsOfHours.some(({ hour, text }) => isClosed(hour) && waiting.cutTexts.includes(text));
  const waitingRows = waiting.rows.flatMap((row) => standsFor(row) ?? []);
  const counts = await readHourlyCounts(deployment, start, end);
  const rows = await readHourlyRows(deployment, day, utcDay(deployment.now));
  const buffered = (kind: TableKind, hour: number) =>
    waitingRows
      .filter(({ table, receivedAt }) => table === kind && isWithin(receivedAt, hour, hour + HOUR_MS))
      .reduce((sum, { events }) => sum + events, 0);
  const hours = [...new Set([...counts.keys(), ...rows.hours.keys()])]
    .sort((a, b) => a - b)
    .map((hour) => {
      const tables = tableKinds.map((table) =>
        compareTable(
          table,
          counts.get(hour)?.tables[table] ?? { landed: 0, overflowed: 0 },
          rows.hours.get(hour)?.[table] ?? NO_ROWS,
          buffered(table, hour),
        ),
      );
      return judgeHour(hour, isClosed(hour), counts.get(hour), tables);
    });
  return {
    closes: hours.every(({ problems }) => problems.length === 0),
    day,
    hours,
    notes: [...waiting.notes, ...(isCut ? [CUT_BUFFER] : [])].map(
      (note) => `${note} Rows that were not read seem to be missing.`,
    ),
    scannedBytes: rows.scannedBytes,
  };
}

/** An hour and its judgement. */
function judgeHour(
  hour: number,
  isClosed: boolean,
  counted: RequestCounts | undefined,
  tables: readonly TableHour[],
): ReconciledHour {
  const { received = 0, ignored = 0, failedBy = {} } = counted ?? {};
  const stored = (counted?.landed ?? 0) + (counted?.quarantined ?? 0) + (counted?.overflowed ?? 0);
  const difference = received - stored - ignored;
  const notStored = Math.max(0, difference);
  const at = isoTimestamp(hour).slice(0, 16);
  const problems: string[] = [];
  const notes: string[] = [];
  const failed = Object.entries(failedBy).map(([code, count]) => failedText(code, count));
  if (failed.length > 0)
    notes.push(
      `${at}: answered 503: ${failed.join(', ')}. SDKs send such events again; the new requests count too.`,
    );
  if (difference > 0 && !NOT_STORED.some((code) => Object.hasOwn(failedBy, code)))
    problems.push(
      `${at}: of ${received} received events, ${difference} are neither accepted, overflowed, quarantined nor ignored, and no answer 503 explains it.`,
    );
  else if (difference > 0) notes.push(`${at}: ${events(difference)} were not stored.`);
  if (difference < 0)
    notes.push(`${at}: ${events(-difference)} more are stored or ignored than were received.`);
  for (const { table, missing, surplus, doubles } of tables) {
    if (missing > 0)
      problems.push(
        `${at}, ${table}: ${missing} missing: they were acknowledged or overflowed, and are neither in the table nor in landing/ or quarantine.`,
      );
    if (surplus > 0)
      notes.push(
        `${at}, ${table}: ${surplus} more than were acknowledged. Events of requests answered 503 may have been stored all the same; others were redriven, or are of a request that ended without metrics or of another writer.`,
      );
    if (doubles > 0)
      notes.push(
        `${at}, ${table}: ${doubles} rows are doubles of delivery (same ID and received_at). Views count them once.`,
      );
  }
  return {
    hour,
    isClosed,
    received,
    ignored,
    notStored,
    tables,
    problems: isClosed ? problems : [],
    notes: isClosed ? notes : [],
  };
}

function compareTable(
  table: TableKind,
  { landed, overflowed }: { readonly landed: number; readonly overflowed: number },
  rows: RowCounts,
  buffered: number,
): TableHour {
  const due = landed + overflowed;
  const accounted = rows.found + rows.givenUp + buffered;
  return {
    ...{ table, landed, overflowed, ...rows, buffered },
    missing: Math.max(0, due - accounted),
    surplus: Math.max(0, accounted - due),
  };
}

/**
 * What a waiting row counts as. A row of quarantine that its table did not take is one of that table; a row of a customer's
 * file is none.
 */
function standsFor({ kind, row }: Pick<WaitingRow, 'kind' | 'row'>) {
  const reason = String(row['reason']);
  if (reason.startsWith('SLUICE_INGEST_')) return undefined;
  if (kind !== 'quarantine' || !isRowFailure(reason)) {
    const many = kind === 'quarantine' ? manyRefused(String(row['detail'] ?? '')) : undefined;
    return { table: kind, receivedAt: timeOf(row), events: many ?? 1 };
  }
  const table = parseRowPath(String(row['path']))?.kind;
  const raw = parseJson(String(row['raw']));
  return table === undefined || !isJsonObject(raw)
    ? undefined
    : { table, receivedAt: timeOf(raw), events: 1 };
}

function isWithin(at = Number.NaN, from: number, to: number): boolean {
  return at >= from && at < to;
}

function events(count: number): string {
  return count === 1 ? '1 event' : `${count} events`;
}
