import { type QueryRow, qualifiedName, quoteName, quoteText } from '../../../lib/base/sql.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { ForwardedKind, TableKind } from '../../../lib/schema/kinds.ts';
import { groupedExposures, HAS_EVALUATIONS, namesClause } from '../../../lib/views/assignments.ts';
import { productionOnly } from '../../../lib/views/View.ts';
import { SDK_EVENTS } from '../../../lib/wire/readEvent.ts';
import { askAthena, type Deployment, type QueryAnswer } from '../../deployment.ts';

/** The target of a search: rows of one event, of one unit, or of the requests that were received at one time. */
export type TraceFilter =
  | { readonly event: string }
  | { readonly unit: string }
  /** Epoch milliseconds. */
  | { readonly receivedAt: number };

/** Which rows are looked for, and where. */
interface Search {
  /** Which rows. */
  readonly filter: TraceFilter;
  /** The days of their partitions, both included. */
  readonly days: { readonly from: UtcDay; readonly to: UtcDay };
  /** The most rows of each answer: of both forwarded tables together, and of quarantine. */
  readonly most: number;
}

/** A row of a forwarded table. */
export interface TracedRow {
  /** The table that it is in. */
  readonly kind: ForwardedKind;
  /** Its `event_id`; empty if it has none, as rows that others wrote. */
  readonly eventId: string;
  /** Name of the event, or of the experiment, gate or config. */
  readonly name: string;
  /** Time at which it was received, epoch milliseconds; null where the file lacks Sluice's column, as files of others. */
  readonly receivedAt: number | null;
  /** Time of the event, epoch milliseconds; null likewise. */
  readonly timestamp: number | null;
  /** The day of its partition. */
  readonly day: UtcDay;
  /** Type and version of the SDK, as far as the row has them. */
  readonly sdk: string;
  /** The file that it is in: `s3://…`. */
  readonly file: string;
  /** Why views do not show it, apart from earlier copies; empty if they do. */
  readonly reasons: readonly string[];
  /** Whether secondary_exposures shows its evaluations, apart from earlier copies. */
  readonly hasSecondary: boolean;
}

/** A row of quarantine. */
export interface TracedRefusal {
  /** Time at which it was received, epoch milliseconds; null if the row has none. */
  readonly receivedAt: number | null;
  /** Code of the reason. */
  readonly reason: string;
  /** What was wrong of it, in words; empty if the code says it all. */
  readonly detail: string;
  /** The day of its partition. */
  readonly day: UtcDay;
  /** Path of the request, or key of the customer's file; empty if neither is known. */
  readonly path: string;
  /** The file that it is in: `s3://…`. */
  readonly file: string;
}

/** Rows that were found in the tables. */
interface TracedTables {
  /** Rows of forwarded tables, newest first. */
  readonly rows: readonly TracedRow[];
  /** Rows of quarantine, newest first. */
  readonly refusals: readonly TracedRefusal[];
  /** Whether there are more rows than these. */
  readonly hasMore: boolean;
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/** The parts of a deployment by which Athena is asked. */
type Asked = Pick<Deployment, 'athena' | 'config' | 'clock' | 'wait' | 'random' | 'signal'>;

/**
 * Finds rows in the forwarded tables and in quarantine, newest first.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export async function readTracedTables(deployment: Asked, search: Search): Promise<TracedTables> {
  const { config } = deployment;
  const { most } = search;
  const exposures = await askAthena(deployment, exposuresSql(config, search));
  const events = await askAthena(deployment, eventsSql(config, search));
  const refusals = await askAthena(deployment, quarantineSql(config, search));
  const rows = [
    ...exposures.rows.map((row) => tracedRow('exposures', row)),
    ...events.rows.map((row) => tracedRow('events', row)),
  ].sort(newestFirst);
  return {
    rows: rows.slice(0, most),
    refusals: refusals.rows.slice(0, most).map(tracedRefusal),
    hasMore: rows.length > most || refusals.rows.length > most,
    scannedBytes: exposures.scannedBytes + events.scannedBytes + refusals.scannedBytes,
  };
}

/** A row of {@link quarantineSql}. */
function tracedRefusal(row: QueryRow): TracedRefusal {
  return {
    receivedAt: knownTime(readTime(row['received_at'])),
    reason: row['reason'] ?? '',
    detail: row['detail'] ?? '',
    day: row['ds'] ?? '',
    path: row['path'] ?? '',
    file: row['file'] ?? '',
  };
}

/** A row of {@link exposuresSql} or {@link eventsSql}. */
function tracedRow(kind: ForwardedKind, row: QueryRow): TracedRow {
  return {
    kind,
    eventId: row['event_id'] ?? '',
    name: row['name'] ?? '',
    receivedAt: knownTime(readTime(row['received_at'])),
    timestamp: knownTime(readTime(row['timestamp'])),
    day: row['ds'] ?? '',
    sdk: [row['sdk_type'], row['sdk_version']].filter((part) => part !== null).join(' '),
    file: row['file'] ?? '',
    reasons: reasonsOf(kind, row),
    hasSecondary: row['has_secondary'] === 'true',
  };
}

/** The conditions of the views, those on exposures in the order of groupedExposures, and what it means when one does not hold. */
function reasonsOf(kind: ForwardedKind, row: QueryRow): string[] {
  const [rule, reason] = [row['rule_id'], row['reason']].map((value) => JSON.stringify(value ?? ''));
  const { environment = null } = row;
  const place = environment === null ? 'it has no environment' : `its environment is ${environment}`;
  const meanings: readonly (readonly [fails: boolean, text: string])[] = [
    [environment !== 'production', `${place}, and views show production`],
    [kind === 'events' && row['name']?.startsWith(SDK_EVENTS) === true, "it is the SDK's own telemetry"],
    [row['condition_1'] === 'false', `its rule ${rule} is not an experiment group in Statsig's specs`],
    [row['condition_2'] === 'false', `it is not an assignment: rule ${rule}, reason ${reason}`],
    [row['condition_3'] === 'false', `the rule ${rule} is never a group`],
  ];
  return meanings.flatMap(([fails, text]) => (fails ? [text] : []));
}

/** Rows of one request have one time: each look shows the same. */
const NEWEST_FIRST = '"received_at" DESC, "event_id", "file"';

/** The columns that both queries of forwarded tables select. */
const SHARED = `"event_id",
  CAST("received_at" AS varchar) AS "received_at",
  CAST("timestamp" AS varchar) AS "timestamp",
  CAST("ds" AS varchar) AS "ds",
  "environment",
  "sdk_type",
  "sdk_version",
  "traced_file" AS "file"`;

/** The query of exposures, with the conditions of the views. */
function exposuresSql(config: Config, search: Search): string {
  // Joined here, not withRealNames: that reads the table twice.
  const rows = `(
  SELECT
    "rows".*,
    CASE WHEN "exposure_type" = 'layer' THEN COALESCE("real_name", "experiment_id") ELSE "experiment_id" END AS "real_id"
  FROM ${rowsSql(config, 'exposures', search)} AS "rows"
  LEFT JOIN "real_names" ON "hash" = "experiment_id"
)`;
  const { from, where } = groupedExposures(config, rows);
  const conditions = where.map((condition, i) => `(${condition}) AS "condition_${i}"`);
  return `${namesClause(config)}SELECT
  ${SHARED},
  "real_id" AS "name",
  "rule_id",
  "reason",
  (${productionOnly} AND ${HAS_EVALUATIONS}) AS "has_secondary",
  ${conditions.join(',\n  ')}
FROM ${from}
ORDER BY ${NEWEST_FIRST}
LIMIT ${search.most + 1}`;
}

/** The query of events. */
function eventsSql(config: Config, search: Search): string {
  return `SELECT
  ${SHARED},
  "event_name" AS "name"
FROM ${rowsSql(config, 'events', search)} AS "rows"
ORDER BY ${NEWEST_FIRST}
LIMIT ${search.most + 1}`;
}

/** The rows of a forwarded table that are looked for, with the file of each. */
function rowsSql(config: Config, kind: ForwardedKind, { filter, days }: Search): string {
  return `(
  SELECT *, "$path" AS "traced_file"
  FROM ${qualifiedName(config, config.tables[kind])}
  WHERE ${daysCondition(days)} AND ${rowCondition(config, kind, filter)}
)`;
}

/** What an event or a unit is found by. */
interface TracePlaces {
  /** Its ID. */
  readonly value: string;
  /** Columns of forwarded tables that have it. */
  readonly columns: readonly string[];
  /** Members of the JSON of a refused event that have it. */
  readonly members: readonly string[];
  /** Columns of quarantine that have it. */
  readonly refusedAs: readonly string[];
}

/** Where an event or a unit is looked for. @param unitIds As configured. */
function placesOf(
  filter: Exclude<TraceFilter, { readonly receivedAt: number }>,
  unitIds: Config['unitIds'],
): TracePlaces {
  return 'event' in filter
    ? { value: filter.event, columns: ['event_id'], members: ['event_id'], refusedAs: ['quarantine_id'] }
    : {
        value: filter.unit,
        columns: ['user_id', 'stable_id', ...Object.values(unitIds)],
        // Of an event as it was sent, and of a row.
        members: [
          'userID',
          'stableID',
          ...Object.keys(unitIds),
          'user_id',
          'stable_id',
          ...Object.values(unitIds),
        ],
        refusedAs: [],
      };
}

/** The texts of which compact JSON has one if it has a member of this name and value: an ID may be a number, too. */
function memberTexts(name: string, value: string): readonly string[] {
  const text = `"${name}":${JSON.stringify(value)}`;
  return /^-?\d+$/.test(value) ? [text, `"${name}":${value},`, `"${name}":${value}}`] : [text];
}

/** The condition of SQL for rows that a filter takes. */
function rowCondition(config: Pick<Config, 'unitIds'>, kind: TableKind, filter: TraceFilter): string {
  if ('receivedAt' in filter) return `"received_at" = ${timestampText(filter.receivedAt)}`;
  const { value, columns, members, refusedAs } = placesOf(filter, config.unitIds);
  const texts = members.flatMap((name) => memberTexts(name, value));
  const inRaw = texts.map((text) => `strpos("raw", ${quoteText(text)}) > 0`);
  const isEqual = (column: string) => `${quoteName(column)} = ${quoteText(value)}`;
  const conditions = kind === 'quarantine' ? [...refusedAs.map(isEqual), ...inRaw] : columns.map(isEqual);
  return `(${conditions.join(' OR ')})`;
}

/** The query of quarantine. */
function quarantineSql(config: Config, { filter, days, most }: Search): string {
  return `SELECT
  CAST("received_at" AS varchar) AS "received_at",
  "reason",
  "detail",
  CAST("ds" AS varchar) AS "ds",
  "path",
  "$path" AS "file"
FROM ${qualifiedName(config, config.tables.quarantine)}
WHERE ${daysCondition(days)} AND ${rowCondition(config, 'quarantine', filter)}
ORDER BY 1 DESC, "quarantine_id", "file"
LIMIT ${most + 1}`;
}

/**
 * All columns of the row of an event, or of a refused one, in its partition.
 *
 * @throws ObserveError; what Athena's client throws.
 */
export function readWholeRow(
  deployment: Asked,
  { kind, day, id }: { readonly kind: TableKind; readonly day: UtcDay; readonly id: string },
): Promise<QueryAnswer> {
  const { config } = deployment;
  const table = qualifiedName(config, config.tables[kind]);
  const column = kind === 'quarantine' ? 'quarantine_id' : 'event_id';
  return askAthena(
    deployment,
    `SELECT * FROM ${table} WHERE "ds" = DATE '${day}' AND "${column}" = ${quoteText(id)} LIMIT 1`,
  );
}

/** The condition of SQL for days of partitions. */
function daysCondition({ from, to }: Search['days']): string {
  return `"ds" BETWEEN DATE '${from}' AND DATE '${to}'`;
}

/** A timestamp of Athena's SQL, UTC. */
export function timestampText(epochMs: number): string {
  return `TIMESTAMP '${new Date(epochMs).toISOString().replace('T', ' ').replace('Z', '')}'`;
}

/** Epoch milliseconds of Athena's text of a timestamp, UTC: `2026-11-20 07:32:00.123`. NaN for null and any other text. */
export function readTime(text: string | null | undefined): number {
  return Date.parse(`${(text ?? '').slice(0, 23).replace(' ', 'T')}Z`);
}

/** A time, epoch milliseconds; null if it is not a number. */
function knownTime(at: number): number | null {
  return Number.isNaN(at) ? null : at;
}

/** What was received at a time. */
interface Received {
  /** Epoch milliseconds; null if it is not known. */
  readonly receivedAt: number | null;
}

/** Orders what was received, the newest first, and last what has no time. */
export function newestFirst(a: Received, b: Received): number {
  return (b.receivedAt ?? 0) - (a.receivedAt ?? 0);
}

/** Whether a row of a table, or what a row of quarantine has in `raw`, is about what is looked for. @param unitIds As configured. */
export function isAbout(
  row: Readonly<Record<string, unknown>>,
  filter: TraceFilter,
  unitIds: Config['unitIds'],
): boolean {
  if ('receivedAt' in filter) return timeOf(row) === filter.receivedAt;
  const { value, columns, members, refusedAs } = placesOf(filter, unitIds);
  const raw = typeof row['raw'] === 'string' ? row['raw'] : '';
  return (
    [...columns, ...refusedAs].some((column) => row[column] === value) ||
    members.flatMap((name) => memberTexts(name, value)).some((text) => raw.includes(text))
  );
}

/** Time at which a row was received that waits, by its ISO 8601 text, epoch milliseconds; null if it has none. */
export function timeOf(row: Readonly<Record<string, unknown>>): number | null {
  return knownTime(Date.parse(String(row['received_at'])));
}
