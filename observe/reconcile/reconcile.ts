import { queryableSeconds } from '../../infra/streams/streams.ts';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { counted } from '../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { parseRowPath } from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../deployment.ts';
import { failedText, NOT_STORED, type RequestCounts, readCounts } from '../facts/flow/requestCounts.ts';
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
  const counts = await readCounts(deployment, start, end);
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
  const { received = 0, ignored = 0 } = counted ?? {};
  const differences = isClosed ? differencesOf(counted, tables) : [];
  const lines = (isProblem: boolean) =>
    differences
      .filter((one) => PROBLEMS.has(one.is) === isProblem)
      .map((one) => `${isoTimestamp(hour).slice(0, 16)}${differenceText(one, received)}`);
  return {
    hour,
    isClosed,
    received,
    ignored,
    notStored: Math.max(0, unstored(counted)),
    tables,
    problems: lines(true),
    notes: lines(false),
  };
}

/** What differs in an hour, and by how many events or rows. */
type Difference =
  | { readonly is: 'failed'; readonly failedBy: Readonly<Record<string, number>> }
  | { readonly is: 'unexplained' | 'not_stored' | 'not_received'; readonly count: number }
  | { readonly is: 'missing' | 'surplus' | 'doubles'; readonly count: number; readonly table: TableKind };

/** Differences for which an hour does not close. The others are remarks. */
const PROBLEMS: ReadonlySet<Difference['is']> = new Set(['unexplained', 'missing']);

/** Events that were received, and neither stored nor ignored; below 0 if more were. */
function unstored(counted: RequestCounts | undefined): number {
  if (counted === undefined) return 0;
  const { received, landed, quarantined, overflowed, ignored } = counted;
  return received - landed - quarantined - overflowed - ignored;
}

function differencesOf(counted: RequestCounts | undefined, tables: readonly TableHour[]): Difference[] {
  const { failedBy = {} } = counted ?? {};
  const count = unstored(counted);
  const isExplained = NOT_STORED.some((code) => Object.hasOwn(failedBy, code));
  const ofRequests: readonly Difference[] = [
    ...(Object.keys(failedBy).length > 0 ? [{ is: 'failed', failedBy } as const] : []),
    { is: isExplained ? 'not_stored' : 'unexplained', count },
    { is: 'not_received', count: -count },
  ];
  const ofTables = tables.flatMap(({ table, missing, surplus, doubles }): Difference[] => [
    { is: 'missing', count: missing, table },
    { is: 'surplus', count: surplus, table },
    { is: 'doubles', count: doubles, table },
  ]);
  return [...ofRequests, ...ofTables].filter((one) => one.is === 'failed' || one.count > 0);
}

/** A difference in words, which follow the hour. @param received Events of the hour. */
function differenceText(difference: Difference, received: number): string {
  switch (difference.is) {
    case 'failed': {
      const failed = Object.entries(difference.failedBy).map(([code, count]) => failedText(code, count));
      return `: answered 503: ${failed.join(', ')}. SDKs send such events again; the new requests count too.`;
    }
    case 'unexplained':
      return `: of ${received} received events, ${difference.count} are neither accepted, overflowed, quarantined nor ignored, and no answer 503 explains it.`;
    case 'not_stored':
      return `: ${counted(difference.count, 'event')} were not stored.`;
    case 'not_received':
      return `: ${counted(difference.count, 'event')} more are stored or ignored than were received.`;
    case 'missing':
      return `, ${difference.table}: ${difference.count} missing: they were acknowledged or overflowed, and are neither in the table nor in landing/ or quarantine.`;
    case 'surplus':
      return `, ${difference.table}: ${difference.count} more than were acknowledged. Events of requests answered 503 may have been stored all the same; others were redriven, or are of a request that ended without metrics or of another writer.`;
    case 'doubles':
      return `, ${difference.table}: ${difference.count} rows are doubles of delivery: written twice, with the same event_id and received_at. Views count them once.`;
  }
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
    table,
    landed,
    overflowed,
    ...rows,
    buffered,
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
