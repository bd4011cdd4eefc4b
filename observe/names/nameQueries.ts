import { type QueryRow, quoteText } from '../../lib/base/sql.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { NUMBER } from '../../lib/views/productEvents.ts';
import { inEnvironment, qualifiedName } from '../../lib/views/View.ts';
import { SDK_EVENTS } from '../../lib/wire/readEvent.ts';

/** Event names that one answer is made from, those with the most rows. */
export const MOST_EVENTS = 2_000;
/** Characters of a name that are read. Longer names are values that somebody used as names. */
const NAME_CHARACTERS = 256;
/** Properties of an event in a list, and of an event alone: those in the most rows. */
export const MOST_PROPERTIES = { listed: 100, alone: 1_000 } as const;
/** Rows of {@link propertiesQuery}: below what `askAthena` reads. */
const MOST_ROWS = 9_000;

/** The types of JSON; `none` is an event without a value. */
const nameTypes = ['string', 'number', 'boolean', 'array', 'object', 'null', 'none'] as const;

/** The type of a property, or of an event's value. */
export type NameType = (typeof nameTypes)[number];

/** The part of the configuration that the queries use. */
type NamesConfig = Pick<Config, 'database' | 'tables'>;

/** Which rows are read. */
export interface NameRows {
  readonly environment: string;
  /** The first day. */
  readonly from: UtcDay;
  /** Only one event. */
  readonly event?: string | undefined;
}

const EVENT = `substr("event_name", 1, ${NAME_CHARACTERS})`;

/** Rows that applications sent: without the SDKs' own telemetry. */
function rowsOf(config: NamesConfig, { environment, from, event }: NameRows): string {
  const isNamed =
    event === undefined
      ? []
      : [`${event.length < NAME_CHARACTERS ? '"event_name"' : EVENT} = ${quoteText(event)}`];
  const where = [
    `"ds" >= DATE ${quoteText(from)}`,
    inEnvironment(environment),
    `"event_name" NOT LIKE '${SDK_EVENTS}%'`,
    ...isNamed,
  ];
  return `FROM ${qualifiedName(config, config.tables.events)} WHERE ${where.join(' AND ')}`;
}

/** SQL of a number of days after the first one. */
function dayNumber({ from }: NameRows, day: string): string {
  return `date_diff('day', DATE ${quoteText(from)}, ${day})`;
}

const time = (sql: string) => `CAST(to_unixtime(${sql}) * 1000 AS bigint)`;

/**
 * A query of events: rows, first and last time, and `parts`: for each day and type of the value, `<type> <day> <rows>`,
 * separated by commas. One more than {@link MOST_EVENTS}.
 */
export function eventsQuery(config: NamesConfig, rows: NameRows): string {
  return `SELECT
  "event",
  sum("row_count") AS "row_count",
  ${time('min("first_ts")')} AS "first_at",
  ${time('max("last_ts")')} AS "last_at",
  array_join(array_agg("type" || ' ' || CAST("day" AS varchar) || ' ' || CAST("row_count" AS varchar)), ',') AS "parts"
FROM (
  SELECT
    ${EVENT} AS "event",
    ${dayNumber(rows, '"ds"')} AS "day",
    CASE
      WHEN "event_value" IS NULL THEN 'none'
      WHEN regexp_like("event_value", ${quoteText(NUMBER)}) THEN 'number'
      ELSE 'string'
    END AS "type",
    count(*) AS "row_count",
    min("timestamp") AS "first_ts",
    max("timestamp") AS "last_ts"
  ${rowsOf(config, rows)}
  GROUP BY 1, 2, 3
) AS "days"
GROUP BY "event"
ORDER BY "row_count" DESC, "event"
LIMIT ${MOST_EVENTS + 1}`;
}

const PROPERTY = `substr("key", 1, ${NAME_CHARACTERS})`;
const MEMBER_TYPE = `CASE substr(json_format("member"), 1, 1)
          WHEN '"' THEN 'string'
          WHEN 't' THEN 'boolean'
          WHEN 'f' THEN 'boolean'
          WHEN '[' THEN 'array'
          WHEN '{' THEN 'object'
          WHEN 'n' THEN 'null'
          ELSE CASE WHEN "member" IS NULL THEN 'null' ELSE 'number' END
        END`;

/** Each member of the metadata as a row. */
function membersOf(config: NamesConfig, rows: NameRows): string {
  return `FROM (
        SELECT "event_name", "timestamp", "ds", "company_metadata"
        ${rowsOf(config, rows)} AND "company_metadata" IS NOT NULL
      ) AS "events"
      CROSS JOIN UNNEST(TRY(CAST(json_parse("company_metadata") AS MAP(VARCHAR, JSON)))) AS "members" ("key", "member")`;
}

/**
 * A query of properties, those in the most rows of each event: of some events all, of the others those of several types.
 * `parts` has for each type `<type> <rows> <first day> <first time> <last time>`, separated by commas.
 *
 * @param events At least one.
 * @param most Properties of an event.
 */
export function propertiesQuery(
  config: NamesConfig,
  rows: NameRows,
  { events, most }: { readonly events: readonly string[]; readonly most: number },
): string {
  const part = ['"type"', ...['"row_count"', '"first_day"', '"first_at"', '"last_at"'].map(asText)];
  return `SELECT "event", "property", "row_count", "parts", "properties" FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY "event" ORDER BY "row_count" DESC, "property") AS "place",
    count(*) OVER (PARTITION BY "event") AS "properties"
  FROM (
    SELECT
      "event",
      "property",
      sum("row_count") AS "row_count",
      count_if("type" <> 'null') AS "types",
      array_join(array_agg(${part.join(` || ' ' || `)}), ',') AS "parts"
    FROM (
      SELECT
        ${EVENT} AS "event",
        ${PROPERTY} AS "property",
        ${MEMBER_TYPE} AS "type",
        count(*) AS "row_count",
        min(${dayNumber(rows, '"ds"')}) AS "first_day",
        ${time('min("timestamp")')} AS "first_at",
        ${time('max("timestamp")')} AS "last_at"
      ${membersOf(config, rows)}
      GROUP BY 1, 2, 3
    ) AS "types"
    GROUP BY "event", "property"
  ) AS "properties"
) AS "placed"
WHERE "place" <= ${most} AND ("types" > 1 OR "event" IN (${events.map(quoteText).join(', ')}))
ORDER BY "row_count" DESC, "event", "property"
LIMIT ${MOST_ROWS}`;
}

/** A query of the rows before the days, by those of some events; the other rows are counted where the event is null. */
export function historyQuery(
  config: NamesConfig,
  { environment, from }: NameRows,
  { events, since }: { readonly events: readonly string[]; readonly since: UtcDay },
): string {
  return `SELECT
  CASE WHEN ${EVENT} IN (${events.map(quoteText).join(', ')}) THEN ${EVENT} END AS "event",
  count(*) AS "row_count"
FROM ${qualifiedName(config, config.tables.events)}
WHERE "ds" >= DATE ${quoteText(since)} AND "ds" < DATE ${quoteText(from)} AND ${inEnvironment(environment)}
GROUP BY 1`;
}

function asText(column: string): string {
  return `CAST(${column} AS varchar)`;
}

/** Rows of an event. */
export interface EventCount {
  readonly event: string;
  readonly rows: number;
  /** Epoch milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Rows by day, counted from the first, and type of the value. */
  readonly parts: readonly { readonly type: NameType; readonly day: number; readonly rows: number }[];
}

/** Reads a row of {@link eventsQuery}. */
export function readEvent(row: QueryRow): EventCount {
  return {
    event: row['event'] ?? '',
    rows: Number(row['row_count']),
    firstAt: Number(row['first_at']),
    lastAt: Number(row['last_at']),
    parts: splitParts(row['parts']).map(([type, day, count]) => ({
      type: typeOf(type),
      day: Number(day),
      rows: Number(count),
    })),
  };
}

/** Rows with one property of one event. */
export interface PropertyCount {
  readonly event: string;
  readonly property: string;
  readonly rows: number;
  /** Properties of the event in all. */
  readonly properties: number;
  /** Most frequent first. */
  readonly types: readonly TypeCount[];
}

/** Rows with one type of a property. */
export interface TypeCount {
  readonly type: NameType;
  readonly rows: number;
  /** Counted from the first day. */
  readonly firstDay: number;
  /** Epoch milliseconds; null for the value of an event, of which only days are counted. */
  readonly firstAt: number | null;
  readonly lastAt: number | null;
}

/** Reads a row of {@link propertiesQuery}. */
export function readProperty(row: QueryRow): PropertyCount {
  return {
    event: row['event'] ?? '',
    property: row['property'] ?? '',
    rows: Number(row['row_count']),
    properties: Number(row['properties']),
    types: splitParts(row['parts'])
      .map(([type, rows, day, first, last]) => ({
        type: typeOf(type),
        rows: Number(rows),
        firstDay: Number(day),
        firstAt: Number(first),
        lastAt: Number(last),
      }))
      .sort(mostFirst),
  };
}

/** Types of an event's value, each over all days. */
export function valueTypes({ parts }: EventCount): readonly TypeCount[] {
  return [...Map.groupBy(parts, ({ type }) => type)]
    .map(([type, own]) => ({
      type,
      rows: own.reduce((sum, { rows }) => sum + rows, 0),
      firstDay: Math.min(...own.map(({ day }) => day)),
      firstAt: null,
      lastAt: null,
    }))
    .sort(mostFirst);
}

function mostFirst(one: TypeCount, other: TypeCount): number {
  return other.rows - one.rows || nameTypes.indexOf(one.type) - nameTypes.indexOf(other.type);
}

function splitParts(parts: string | null | undefined): readonly string[][] {
  return (parts ?? '').split(',').map((part) => part.split(' '));
}

function typeOf(text: string | undefined): NameType {
  return nameTypes.find((type) => type === text) ?? 'string';
}
