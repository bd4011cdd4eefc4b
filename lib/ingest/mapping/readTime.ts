import type { TimeField, TimeUnit } from '../../config/mappingSchema.ts';
import { quoteText } from '../../sql/quoteText.ts';
import type { ColumnKind } from './columnKind.ts';
import { FieldProblem } from './FieldProblem.ts';
import type { FileLook } from './FileLook.ts';
import type { FoundColumn } from './findColumn.ts';
import type { Reading, Refusal } from './Reading.ts';
import { textOf } from './textOf.ts';

/** How many of a unit make a second. */
const PER_SECOND = { s: 1, ms: 1_000, us: 1_000_000, ns: 1_000_000_000 } as const;
/** Epoch seconds of the years 1 and 10000: what Athena's timestamps hold, and Java's dates. */
const FIRST_SECOND = -62_135_596_800;
const END_SECOND = 253_402_300_800;

const NUMBERS = ['integer', 'decimal', 'float'];
const TEXTS = ['text', 'json', 'bytes'];

/** A date, and a time of day if there is one; DuckDB alone would take `epoch` and `infinity`, too. */
const ISO = String.raw`\d{4}-\d{2}-\d{2}([T ].*)?`;
/** A time of day with a zone behind it. */
const ZONED = String.raw`[T ]\d{2}:.*(Z|[+-]\d{2}(:?\d{2})?)$`;

/**
 * Reads a field as a TIMESTAMP in UTC, to the microsecond.
 *
 * @throws FieldProblem when the file lacks the column, or its type isn't what the unit says.
 */
export function readTime(field: TimeField, look: FileLook): Reading {
  const column = look.column(field);
  if (column === null) throw new RangeError('A time is never optional.');
  const unit = field.unit ?? defaultUnit(column);
  const sql = utc(column, unit, look.timezone);
  if (sql === null) {
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_TYPE_UNFIT',
      column.name,
      unit === null ? 'a timestamp, a date, a number or text' : EXPECTED[unit],
      column.type,
    );
  }
  return { value: sql.value, column, refusals: [MISSING, ...sql.refusals, OUT_OF_RANGE] };
}

/** The day of a UTC timestamp in a timezone. */
export function dayIn(utcTimestamp: string, timezone: string): string {
  return timezone === 'UTC'
    ? `CAST(${utcTimestamp} AS DATE)`
    : `CAST(timezone(${quoteText(timezone)}, timezone('UTC', ${utcTimestamp})) AS DATE)`;
}

const MISSING: Refusal = { reason: 'SLUICE_INGEST_ROW_TIME_MISSING', when: (raw) => `${raw} IS NULL` };
const OUT_OF_RANGE: Refusal = {
  reason: 'SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE',
  when: (_, value) =>
    `${value} IS NULL OR ${value} < TIMESTAMP '0001-01-01' OR ${value} >= TIMESTAMP '10000-01-01'`,
};

const EPOCH = 'a whole or broken number, or text that is one';
const EXPECTED: Readonly<Record<TimeUnit, string>> = {
  s: EPOCH,
  ms: EPOCH,
  us: EPOCH,
  ns: EPOCH,
  timestamp: 'a timestamp or a date',
  iso: 'text',
};

function defaultUnit({ kind }: FoundColumn): TimeUnit | null {
  if (NUMBERS.includes(kind)) return 's';
  if (TEXTS.includes(kind)) return 'iso';
  return kind === 'date' || kind === 'local' || kind === 'instant' ? 'timestamp' : null;
}

interface TimeSql {
  readonly value: string;
  /** When it is no time at all, in reach or not. */
  readonly refusals: readonly Refusal[];
}

function utc(column: FoundColumn, unit: TimeUnit | null, timezone: string): TimeSql | null {
  const { sql, kind } = column;
  switch (unit) {
    case null:
      return null;
    case 'timestamp':
      return utcOfTimestamp(column, timezone);
    case 'iso':
      return TEXTS.includes(kind) ? utcOfText(textOf(sql, kind), timezone) : null;
    default:
      if (kind === 'integer') return { value: utcOfInteger(sql, unit), refusals: [] };
      if (kind === 'decimal' || kind === 'float') {
        return { value: utcOfDouble(`CAST(${sql} AS DOUBLE)`, unit), refusals: [] };
      }
      if (!TEXTS.includes(kind)) return null;
      return {
        value: utcOfDouble(numberOf(sql, kind), unit),
        refusals: [
          {
            reason: 'SLUICE_INGEST_ROW_TIME_INVALID',
            when: (raw) => `NOT coalesce(isfinite(${numberOf(raw, kind)}), false)`,
          },
        ],
      };
  }
}

function numberOf(sql: string, kind: ColumnKind): string {
  return `TRY_CAST(${textOf(sql, kind)} AS DOUBLE)`;
}

/** Range first: no product overflows then. */
function utcOfInteger(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  const micros =
    per <= 1_000_000 ? `CAST(${sql} AS BIGINT) * ${1_000_000 / per}` : `CAST(${sql} AS BIGINT) // 1000`;
  return `CASE WHEN ${inReach(sql, per)} THEN make_timestamp(${micros}) END`;
}

/** A double holds today's seconds to a quarter of a microsecond. */
function utcOfDouble(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  return `CASE WHEN ${inReach(sql, per)} THEN make_timestamp(CAST(round(${sql} * ${1_000_000 / per}) AS BIGINT)) END`;
}

/** Nanoseconds beyond 1677 and 2262 are no BIGINT; the bounds of other units are. */
function inReach(sql: string, per: number): string {
  const bound = (seconds: number) =>
    per === PER_SECOND.ns
      ? seconds < 0
        ? '-9223372036854775807'
        : '9223372036854775807'
      : String(seconds * per);
  return `${sql} >= ${bound(FIRST_SECOND)} AND ${sql} < ${bound(END_SECOND)}`;
}

function utcOfTimestamp({ sql, kind, type }: FoundColumn, timezone: string): TimeSql | null {
  const plain = type === 'TIMESTAMP' ? sql : `TRY_CAST(${sql} AS TIMESTAMP)`;
  switch (kind) {
    case 'instant':
      return { value: type === 'TIMESTAMP WITH TIME ZONE' ? ofInstant(sql) : plain, refusals: [] };
    case 'local':
    case 'date':
      return { value: timezone === 'UTC' ? plain : ofInstant(zoned(plain, timezone)), refusals: [] };
    default:
      return null;
  }
}

function utcOfText(text: string, timezone: string): TimeSql {
  // RFC 3339 allows t and z.
  const upper = `upper(${text})`;
  const value = `CASE WHEN regexp_matches(${upper}, '${ZONED}') THEN TRY_CAST(${upper} AS TIMESTAMPTZ) ELSE ${zoned(`TRY_CAST(${upper} AS TIMESTAMP)`, timezone)} END`;
  return {
    value: `CASE WHEN regexp_full_match(${upper}, '${ISO}') THEN ${ofInstant(value)} END`,
    refusals: [{ reason: 'SLUICE_INGEST_ROW_TIME_INVALID', when: (_, read) => `${read} IS NULL` }],
  };
}

/** A time without a zone in one: TIMESTAMPTZ. */
function zoned(timestamp: string, timezone: string): string {
  return `timezone(${quoteText(timezone)}, ${timestamp})`;
}

/** A TIMESTAMPTZ as a TIMESTAMP in UTC; no session's zone takes part. */
function ofInstant(sql: string): string {
  return `timezone('UTC', ${sql})`;
}
