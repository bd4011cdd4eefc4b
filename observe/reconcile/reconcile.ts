import { queryableSeconds } from '../../infra/streams/streams.ts';
import { isJsonObject } from '../../lib/base/json.ts';
import { DAY_MS, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { parseRowPath } from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../deployment.ts';
import { searchBuffers } from '../facts/flow/localBuffers.ts';
import {
  failedText,
  HOUR_MS,
  NOT_STORED,
  type RequestCounts,
  readHourlyCounts,
} from '../facts/flow/requestCounts.ts';
import { readWaitingRows, type WaitingRow } from '../facts/flow/waitingRows.ts';
import { manyRefused, type RowCounts, readHourlyRows } from './hourlyRows.ts';

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
  const waiting = await readWaitingRows(deployment, (row) => isReceivedOn(row, day));
  const counts = await readHourlyCounts(deployment, start, end);
  const rows = await readHourlyRows(deployment, day, utcDay(deployment.now));
  const hours = new Set([...counts.keys(), ...tableKinds.flatMap((kind) => [...rows.tables[kind].keys()])]);
  const afterMs = queryableSeconds(deployment.config) * 1_000;
  let unread = 0;
  const reconciled: ReconciledHour[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const buffered = await countBuffered(deployment, hour);
    const isClosed = deployment.now >= hour + HOUR_MS + afterMs;
    if (isClosed && buffered?.hasMore === true) unread += 1;
    const tables = tableKinds.map((table) =>
      compareTable({
        table,
        counted: counts.get(hour)?.tables[table] ?? { landed: 0, overflowed: 0 },
        rows: rows.tables[table].get(hour) ?? { found: 0, doubles: 0, givenUp: 0 },
        waiting: waiting.rows.reduce((sum, row) => sum + eventsOf(row, table, hour), 0),
        buffered: buffered?.counts.get(table) ?? 0,
      }),
    );
    reconciled.push(judgeHour(hour, isClosed, counts.get(hour), tables));
  }
  return {
    closes: reconciled.every(({ problems }) => problems.length === 0),
    day,
    hours: reconciled,
    notes: [
      ...(waiting.unreadObjects > 0
        ? [
            `${waiting.unreadObjects} objects of landing/ were not read: too many, or damaged. Their rows seem to be missing.`,
          ]
        : []),
      ...(unread > 0
        ? [
            `The buffers have more rows of ${unread === 1 ? 'an hour' : `${unread} hours`} than were read, and the others seem to be missing. Flush, and ask again.`,
          ]
        : []),
    ],
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
  const failed = Object.entries(failedBy).map(([code, count]) => ({ code, text: failedText(code, count) }));
  const [counting, others] = [true, false].map((counts) =>
    failed
      .filter(({ code }) => NOT_STORED.includes(code) === counts)
      .map(({ text }) => text)
      .join(', '),
  );
  if (difference > 0 && counting === '')
    problems.push(
      `${at}: of ${received} received events, ${difference} are neither accepted, overflowed, quarantined nor ignored, and no answer 503 explains it.`,
    );
  else if (difference > 0)
    notes.push(
      `${at}: ${events(difference)} were not stored. Answered 503: ${counting}. SDKs send them again; the new requests count too.`,
    );
  if (others !== '')
    notes.push(
      `${at}: also answered 503: ${others}. Their events are stored, or were not counted as received.`,
    );
  if (difference < 0)
    notes.push(`${at}: ${events(-difference)} more are stored or ignored than were received.`);
  for (const { table, missing, surplus, overflowed, doubles } of tables) {
    if (missing > 0)
      problems.push(
        `${at}, ${table}: ${missing} missing: they were acknowledged or overflowed, and are neither in the table nor in landing/ or quarantine.${overflowed > 0 ? ` ${overflowed} had overflowed.` : ''}`,
      );
    if (surplus > 0)
      notes.push(
        `${at}, ${table}: ${surplus} more than were acknowledged. ${surplusReason(counted, notStored)}`,
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

function surplusReason(counted: RequestCounts | undefined, notStored: number): string {
  const reasons = [
    ...(notStored > 0
      ? [`up to ${events(notStored)} of requests answered 503 may have been stored all the same`]
      : []),
    ...((counted?.quarantined ?? 0) > 0
      ? [`up to ${events(counted?.quarantined ?? 0)} of the hour may have been redriven from quarantine`]
      : []),
  ];
  return reasons.length === 0
    ? 'A request that ended without metrics, a timeout of the function for example, can leave such rows; so can another writer.'
    : `${reasons.join('; ')}.`.replace(/^./, (first) => first.toUpperCase());
}

function compareTable({
  table,
  counted,
  rows,
  waiting,
  buffered: inStream,
}: {
  readonly table: TableKind;
  readonly counted: { readonly landed: number; readonly overflowed: number };
  readonly rows: RowCounts;
  /** Events in `landing/`. */
  readonly waiting: number;
  readonly buffered: number;
}): TableHour {
  const buffered = inStream + waiting;
  const due = counted.landed + counted.overflowed;
  const accounted = rows.found + rows.givenUp + buffered;
  return {
    table,
    ...{ landed: counted.landed, overflowed: counted.overflowed },
    ...rows,
    buffered,
    missing: Math.max(0, due - accounted),
    surplus: Math.max(0, accounted - due),
  };
}

/** Events of a table and an hour that a waiting row holds. */
function eventsOf({ kind, row }: Pick<WaitingRow, 'kind' | 'row'>, table: TableKind, hour: number): number {
  const own = ownRow(kind, row);
  const receivedAt = Date.parse(String(own?.row['received_at']));
  if (own?.kind !== table || receivedAt < hour || receivedAt >= hour + HOUR_MS) return 0;
  return table === 'quarantine' ? (manyRefused(String(own.row['detail'] ?? '')) ?? 1) : 1;
}

/** A row of quarantine that its table did not take stands for the row of another table; a row of a customer's file for none. */
function ownRow(
  kind: TableKind,
  row: Readonly<Record<string, unknown>>,
): { readonly kind: TableKind; readonly row: Readonly<Record<string, unknown>> } | undefined {
  const reason = String(row['reason']);
  if (kind !== 'quarantine' || !isRowFailure(reason))
    return reason.startsWith('SLUICE_INGEST_') ? undefined : { kind, row };
  const path = String(row['path']);
  const original = parseRowPath(path)?.kind;
  try {
    const raw: unknown = JSON.parse(String(row['raw']));
    return original === undefined || !isJsonObject(raw) ? undefined : { kind: original, row: raw };
  } catch {
    return undefined;
  }
}

function isReceivedOn(row: Readonly<Record<string, unknown>>, day: UtcDay): boolean {
  const text = JSON.stringify([row['received_at'], row['raw']]);
  return text.includes(`"${day}T`) || text.includes(`\\"${day}T`);
}

/** Rows in the streams' buffers by table, of one hour, and whether there are more; undefined for a deployment. */
async function countBuffered(
  deployment: Deployment,
  hour: number,
): Promise<{ readonly counts: ReadonlyMap<TableKind, number>; readonly hasMore: boolean } | undefined> {
  const prefix = isoTimestamp(hour).slice(0, 14);
  const found = await searchBuffers(deployment, `"received_at":"${prefix}`);
  if (found === undefined) return undefined;
  const counts = new Map<TableKind, number>();
  for (const { kind, row } of found.rows) {
    for (const table of tableKinds) {
      counts.set(table, (counts.get(table) ?? 0) + eventsOf({ kind, row }, table, hour));
    }
  }
  return { counts, hasMore: found.hasMore };
}

function events(count: number): string {
  return count === 1 ? '1 event' : `${count} events`;
}
