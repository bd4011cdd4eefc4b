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

/**
 * Rows by event and property. `parts` has for each type `<type> <rows> <first day> <last day> <first time> <last time>`,
 * separated by commas; days are counted from the first one, times are epoch milliseconds.
 */
function countTypes(
  { from }: NameRows,
  of: { readonly property: string; readonly type: string; readonly rows: string },
): string {
  const day = `date_diff('day', DATE ${quoteText(from)}, "ds")`;
  const time = (sql: string) => `CAST(to_unixtime(${sql}) * 1000 AS bigint)`;
  const part = ['row_count', 'first_day', 'last_day', 'first_at', 'last_at'].map(
    (column) => `CAST("${column}" AS varchar)`,
  );
  return `SELECT
    "event",
    "property",
    sum("row_count") AS "row_count",
    count_if("type" <> 'null') AS "types",
    array_join(array_agg(${['"type"', ...part].join(` || ' ' || `)}), ',') AS "parts"
  FROM (
    SELECT
      ${EVENT} AS "event",
      ${of.property} AS "property",
      ${of.type} AS "type",
      count(*) AS "row_count",
      min(${day}) AS "first_day",
      max(${day}) AS "last_day",
      ${time('min("timestamp")')} AS "first_at",
      ${time('max("timestamp")')} AS "last_at"
    ${of.rows}
    GROUP BY 1, 2, 3
  ) AS "counted"
  GROUP BY "event", "property"`;
}

/** A query of events by the types of their values, those with the most rows first. One more than {@link MOST_EVENTS}. */
export function eventsQuery(config: NamesConfig, rows: NameRows): string {
  const type = `CASE
        WHEN "event_value" IS NULL THEN 'none'
        WHEN regexp_like("event_value", ${quoteText(NUMBER)}) THEN 'number'
        ELSE 'string'
      END`;
  return `${countTypes(rows, { property: 'CAST(NULL AS varchar)', type, rows: rowsOf(config, rows) })}
ORDER BY "row_count" DESC, "event"
LIMIT ${MOST_EVENTS + 1}`;
}

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
 *
 * @param events At least one.
 * @param most Properties of an event.
 */
export function propertiesQuery(
  config: NamesConfig,
  rows: NameRows,
  { events, most }: { readonly events: readonly string[]; readonly most: number },
): string {
  const property = `substr("key", 1, ${NAME_CHARACTERS})`;
  return `SELECT * FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY "event" ORDER BY "row_count" DESC, "property") AS "place",
    count(*) OVER (PARTITION BY "event") AS "properties"
  FROM (${countTypes(rows, { property, type: MEMBER_TYPE, rows: membersOf(config, rows) })}) AS "properties"
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

/** Rows with one type. */
export interface TypeCount {
  /** Of JSON; `none` is an event without a value. */
  readonly type: string;
  readonly rows: number;
  /** Counted from the first day. */
  readonly firstDay: number;
  readonly lastDay: number;
}

/** Rows of an event, by the types of its value, or with one property of its metadata. */
export interface NameCount {
  readonly event: string;
  /** Null of the event itself. */
  readonly property: string | null;
  readonly rows: number;
  /** Properties of the event in all; 0 of the event itself. */
  readonly properties: number;
  /** Epoch milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Most frequent first. */
  readonly types: readonly TypeCount[];
}

/** Reads a row of {@link eventsQuery} or {@link propertiesQuery}. */
export function readName(row: QueryRow): NameCount {
  const parts = (row['parts'] ?? '').split(',').map((part) => {
    const [type = '', ...numbers] = part.split(' ');
    const [rows = 0, firstDay = 0, lastDay = 0, firstAt = 0, lastAt = 0] = numbers.map(Number);
    return { type, rows, firstDay, lastDay, firstAt, lastAt };
  });
  return {
    event: row['event'] ?? '',
    property: row['property'] ?? null,
    rows: Number(row['row_count']),
    properties: Number(row['properties'] ?? 0),
    firstAt: Math.min(...parts.map(({ firstAt }) => firstAt)),
    lastAt: Math.max(...parts.map(({ lastAt }) => lastAt)),
    types: parts
      .map(({ type, rows, firstDay, lastDay }) => ({ type, rows, firstDay, lastDay }))
      .sort((one, other) => other.rows - one.rows || (one.type < other.type ? -1 : 1)),
  };
}
