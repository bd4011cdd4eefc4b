import { quoteText } from '../../base/sql.ts';
import type { TimeField, TimeUnit } from '../../schema/mappings.ts';
import { parseTimeFormat, type TimePart, type TimeVariant } from '../../schema/timeFormat.ts';
import type { FileColumns } from './FileColumns.ts';
import { FieldProblem, type FieldSql, type FoundColumn, type Refusal } from './findColumn.ts';
import { type ColumnKind, textSql } from './valueSql.ts';

/** How many of a unit make a second. */
const PER_SECOND = { s: 1, ms: 1_000, us: 1_000_000, ns: 1_000_000_000 } as const;
/** Epoch seconds of the years 1 and 10000: what Athena's timestamps hold, and Java's dates. */
const FIRST_SECOND = -62_135_596_800;
const END_SECOND = 253_402_300_800;

/** As texts begin with them, in lower case. */
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const NUMBERS = ['integer', 'decimal', 'float'];
const TEXTS = ['text', 'json', 'bytes'];

const DAY = String.raw`\d{4}-\d{2}-\d{2}`;
/** DuckDB alone would take `epoch` and `infinity`, too, and leave out a zone that it does not know. */
const LOCAL = `${DAY}([T ][0-9:.]*)? *`;
/** No zone on earth is further from UTC than 14 hours, and none that Java or ISO 8601 writes further than 18. */
const OFFSET = String.raw`[+-](0\d|1[0-7])(:?[0-5]\d)?|[+-]18(:?00)?`;
const MINUTE = String.raw`${DAY}[T ]\d{1,2}:\d{2}`;
const ZONED = `${MINUTE}:[0-9.]+(Z| ?UTC|${OFFSET}) *`;
/** Ruby leaves a space before an offset; DuckDB takes none but before `UTC`. */
const ZONED_APART = `${MINUTE}:[0-9.]+ (Z|${OFFSET}) *`;
/** Java leaves out seconds that are none; DuckDB wants them before a zone. */
const ZONED_MINUTE = `${MINUTE} ?(Z|UTC|${OFFSET}) *`;

/** The least number of nanoseconds, as DuckDB makes a time with a zone of it: what writers leave for none. */
const LEAST_NANOSECOND = "TIMESTAMPTZ '1677-09-21 00:12:43.145225+00'";
/** What neither a zone's clock nor the calendar of any engine knows; times just beyond 1 and 9999 are judged in UTC. */
const FIRST_LOCAL = "TIMESTAMP '0002-01-01 (BC)'";
const END_LOCAL = "TIMESTAMP '10001-01-01'";

/**
 * Reads a field as a TIMESTAMP in UTC, to the microsecond.
 *
 * @throws FieldProblem when the file lacks the column, or its type isn't what the unit says.
 */
export function readTime(field: TimeField, fileColumns: FileColumns): FieldSql {
  const column = fileColumns.column(field);
  if (column === null) throw new RangeError('A time is never optional.');
  const unit = field.unit ?? defaultUnit(column);
  const { format } = field;
  const sql =
    format === undefined
      ? utcSql(column, unit, fileColumns.timezone)
      : utcOfFormat(column, format, fileColumns.timezone);
  if (sql === null) {
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_TYPE_UNFIT',
      column.name,
      format !== undefined
        ? 'text, or a whole number, as `format` reads it'
        : unit === null
          ? 'a timestamp, a date, a number or text'
          : EXPECTED[unit],
      column.type,
    );
  }
  return { value: sql.value, column, refusals: [MISSING, ...sql.refusals, OUT_OF_RANGE] };
}

/** The day of a UTC timestamp in a timezone. */
export function dayInZoneSql(utcTimestamp: string, timezone: string): string {
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

function utcSql(column: FoundColumn, unit: TimeUnit | null, timezone: string): TimeSql | null {
  const { sql, kind, type } = column;
  switch (unit) {
    case null:
      return null;
    case 'timestamp':
      return utcOfTimestamp(column, timezone);
    case 'iso':
      return TEXTS.includes(kind) ? utcOfText(textSql(sql, kind, type), timezone) : null;
    default:
      if (kind === 'integer') return { value: utcOfInteger(sql, unit), refusals: [] };
      if (kind === 'decimal' || kind === 'float') {
        return { value: utcOfDouble(`CAST(${sql} AS DOUBLE)`, unit), refusals: [] };
      }
      if (!TEXTS.includes(kind)) return null;
      return {
        value: utcOfDouble(numberSql(sql, kind, type), unit),
        refusals: [
          {
            reason: 'SLUICE_INGEST_ROW_TIME_INVALID',
            when: (raw) => `NOT coalesce(isfinite(${numberSql(raw, kind, type)}), false)`,
          },
        ],
      };
  }
}

function numberSql(sql: string, kind: ColumnKind, type: string): string {
  return `TRY_CAST(${textSql(sql, kind, type)} AS DOUBLE)`;
}

/** Range first: no product overflows then. */
function utcOfInteger(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  const micros =
    per <= 1_000_000
      ? `CAST(${sql} AS BIGINT) * ${1_000_000 / per}`
      : `CAST(${sql} AS BIGINT) // 1000 - CAST(${sql} % 1000 < 0 AS BIGINT)`;
  return `CASE WHEN ${inRangeSql(sql, per)} THEN make_timestamp(${micros}) END`;
}

/** A double holds today's seconds to a quarter of a microsecond. */
function utcOfDouble(sql: string, unit: keyof typeof PER_SECOND): string {
  const per = PER_SECOND[unit];
  return `CASE WHEN ${inRangeSql(sql, per)} THEN make_timestamp(CAST(round(${sql} * ${1_000_000 / per}) AS BIGINT)) END`;
}

/** Nanoseconds beyond 1677 and 2262 are no BIGINT; the bounds of other units are. */
function inRangeSql(sql: string, per: number): string {
  const bound = (seconds: number) =>
    per === PER_SECOND.ns
      ? seconds < 0
        ? '-9223372036854775807'
        : '9223372036854775807'
      : String(seconds * per);
  return `${sql} >= ${bound(FIRST_SECOND)} AND ${sql} < ${bound(END_SECOND)}`;
}

function utcOfTimestamp(column: FoundColumn, timezone: string): TimeSql | null {
  const { sql, kind, type, nanoseconds } = column;
  switch (kind) {
    case 'instant':
      if (type !== 'TIMESTAMP WITH TIME ZONE') return { value: sql, refusals: [] };
      return { value: ofInstant(sql, nanoseconds ? LEAST_NANOSECOND : null), refusals: [] };
    case 'local':
    case 'date': {
      const plain =
        type === 'TIMESTAMP' ? sql : nanoseconds ? ofNanoseconds(sql) : `TRY_CAST(${sql} AS TIMESTAMP)`;
      return { value: timezone === 'UTC' ? plain : utcOfLocal(plain, timezone), refusals: [] };
    }
    default:
      return null;
  }
}

/** To the microsecond before; none of the least number, which is not infinite to DuckDB. */
function ofNanoseconds(sql: string): string {
  const ns = `epoch_ns(${sql})`;
  return `CASE WHEN isfinite(${sql}) AND ${ns} > -9223372036854775807 THEN make_timestamp(${ns} // 1000 - CAST(${ns} % 1000 < 0 AS BIGINT)) END`;
}

function utcOfText(raw: string, timezone: string): TimeSql {
  // RFC 3339 allows t and z.
  const text = `upper(${raw})`;
  const matches = (pattern: string) => `regexp_full_match(${text}, '${pattern}')`;
  const local = `TRY_CAST(${text} AS TIMESTAMP)`;
  const instant = (zoned: string) => `timezone('UTC', TRY_CAST(${zoned} AS TIMESTAMPTZ))`;
  const joined = (apart: string) => String.raw`regexp_replace(${apart}, ' ([Z+-])', '\1')`;
  const withSeconds = String.raw`regexp_replace(${text}, '[T ]\d{1,2}:\d{2}', '\0:00')`;
  return {
    value: `CASE WHEN ${matches(ZONED)} THEN ${instant(text)}
      WHEN ${matches(LOCAL)} THEN ${timezone === 'UTC' ? local : zonedSql(local, timezone)}
      WHEN ${matches(ZONED_APART)} THEN ${instant(joined(text))}
      WHEN ${matches(ZONED_MINUTE)} THEN ${instant(joined(withSeconds))} END`,
    refusals: [{ reason: 'SLUICE_INGEST_ROW_TIME_INVALID', when: (_, read) => `${read} IS NULL` }],
  };
}

/**
 * Reads texts as a format says: its parts are put together as ISO 8601, which knows how long months are. With an offset they
 * are instants, without one local times of the timezone.
 */
function utcOfFormat({ sql, kind, type }: FoundColumn, format: string, timezone: string): TimeSql | null {
  if (!TEXTS.includes(kind) && kind !== 'integer') return null;
  const variants = parseTimeFormat(format);
  if (typeof variants === 'string') throw new RangeError(`A format was let through: expected ${variants}.`);
  const text = `lower(${textSql(sql, kind, type)})`;
  const ways = variants.map((variant) => {
    // With its ends: to replace is to find first, and `1` of `10` would be found.
    const whole = quoteText(`^${variant.pattern} *$`);
    return `WHEN regexp_matches(${text}, ${whole}) THEN ${utcOfVariant(text, whole, variant, timezone)}`;
  });
  return {
    value: `CASE ${ways.join(' ')} END`,
    refusals: [{ reason: 'SLUICE_INGEST_ROW_TIME_INVALID', when: (_, read) => `${read} IS NULL` }],
  };
}

/** The same of a text that is written in one of the ways. One pass over it, or one more for each part that is no number. */
function utcOfVariant(text: string, whole: string, { parts }: TimeVariant, timezone: string): string {
  const only = (part: TimePart) => `regexp_replace(${text}, ${whole}, '${groupOf(part)}')`;
  const groupOf = (part: TimePart) => `\\${parts.findIndex((one) => one.part === part) + 1}`;
  const lettersOf = (part: TimePart) => parts.find((one) => one.part === part)?.letters ?? '';
  const digits = (part: TimePart) => (lettersOf(part) === '' ? '0' : groupOf(part));
  const isNamed = lettersOf('month').length > 2;
  const isHalf = lettersOf('half') !== '';
  const year = `${lettersOf('year').length === 2 ? '20' : ''}${groupOf('year')}`;
  const day = `${year}-${isNamed ? '<month>' : groupOf('month')}-${groupOf('day')}`;
  const time = `${isHalf ? '<hour>' : digits('hour')}:${digits('minute').padStart(2, '0')}:${digits('second').padStart(2, '0')}`;
  const fraction = lettersOf('fraction') === '' ? '' : `.${groupOf('fraction')}`;
  let local = `regexp_replace(${text}, ${whole}, '${day} ${time}${fraction}')`;
  if (isNamed) {
    const month = `list_position([${MONTHS.map(quoteText).join(', ')}], left(${only('month')}, 3))`;
    local = `replace(${local}, '<month>', CAST(${month} AS VARCHAR))`;
  }
  if (isHalf) {
    const hour = `CAST(${only('hour')} AS INTEGER) % 12 + CASE ${only('half')} WHEN 'pm' THEN 12 ELSE 0 END`;
    local = `replace(${local}, '<hour>', CAST(${hour} AS VARCHAR))`;
  }
  if (lettersOf('offset') !== '') {
    const offset = `replace(replace(${only('offset')}, 'utc', 'z'), 'gmt', 'z')`;
    return `timezone('UTC', TRY_CAST(${local} || upper(${offset}) AS TIMESTAMPTZ))`;
  }
  const timestamp = `TRY_CAST(${local} AS TIMESTAMP)`;
  return timezone === 'UTC' ? timestamp : utcOfLocal(timestamp, timezone);
}

/** A time without a zone in one, as a TIMESTAMP in UTC. */
function zonedSql(timestamp: string, timezone: string): string {
  return `timezone('UTC', timezone(${quoteText(timezone)}, ${timestamp}))`;
}

/** The same of any TIMESTAMP; null far beyond what counts as a time, on which DuckDB would stop. */
function utcOfLocal(timestamp: string, timezone: string): string {
  return `CASE WHEN ${timestamp} >= ${FIRST_LOCAL} AND ${timestamp} < ${END_LOCAL} THEN ${zonedSql(timestamp, timezone)} END`;
}

/** A TIMESTAMPTZ as a TIMESTAMP in UTC, null out of reach; no session's zone takes part. @param after It must lie after it. */
function ofInstant(sql: string, after: string | null): string {
  const begins = after === null ? `>= TIMESTAMPTZ '0001-01-01 00:00:00+00'` : `> ${after}`;
  return `CASE WHEN ${sql} ${begins} AND ${sql} < TIMESTAMPTZ '10000-01-01 00:00:00+00' THEN timezone('UTC', ${sql}) END`;
}
