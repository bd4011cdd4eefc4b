import type { TimeField, TimeUnit } from '../../schema/mapping/fieldSource.ts';
import type { FileColumns } from './columns/FileColumns.ts';
import type { FoundColumn, Refusal } from './columns/FoundColumn.ts';
import { FieldProblem, type FieldSql } from './columns/findColumn.ts';
import {
  dayInZone,
  isOfAnyUnit,
  isOfUnit,
  isOutOfRange,
  timeOfColumn,
  timeOfFormat,
  timeOfNumber,
  timeOfText,
} from './timeSql.ts';
import { type ColumnKind, doubleSql, textSql } from './valueSql.ts';

/** The SQL that reads a time, and the conditions for values that are not a time. */
type TimeSql = Pick<FieldSql, 'value' | 'refusals'>;

/** Kinds of columns that hold numbers. */
const NUMBERS: readonly ColumnKind[] = ['integer', 'decimal', 'float'];
/** Kinds of columns that hold texts. */
const TEXTS: readonly ColumnKind[] = ['text', 'json', 'bytes'];

/**
 * Reads a field as a TIMESTAMP in UTC.
 *
 * @throws FieldProblem if the file lacks the column, or its type does not fit the unit; RangeError for a field that
 *   is optional.
 */
export function readTime(field: TimeField, fileColumns: FileColumns): FieldSql {
  const column = fileColumns.column(field);
  if (column === null) throw new RangeError('A time is never optional.');
  const { timezone } = fileColumns;
  const sql = utcSql(column, field, timezone);
  if (sql === null)
    throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', column.name, expectedOf(field), column.type);
  return { value: sql.value, column, refusals: [MISSING, ...sql.refusals, OUT_OF_RANGE] };
}

/** Reads a field as the day of a time in the dataset's timezone. The day must be one of the years 1 to 9999, too. */
export function readDay(field: TimeField, fileColumns: FileColumns): FieldSql {
  const time = readTime(field, fileColumns);
  return { ...time, value: dayInZone(time.value, fileColumns.timezone) };
}

/** Refuses texts that are not a time. */
const UNREAD: Refusal = { reason: 'SLUICE_INGEST_ROW_TIME_INVALID', when: (_, read) => `${read} IS NULL` };
/** Refuses a row without a time. */
const MISSING: Refusal = { reason: 'SLUICE_INGEST_ROW_TIME_MISSING', when: (raw) => `${raw} IS NULL` };
/** Refuses a row whose time no calendar of four digits has. */
const OUT_OF_RANGE: Refusal = {
  reason: 'SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE',
  when: (_, value) => `${value} IS NULL OR ${isOutOfRange(value)}`,
};

/** Reasons of numbers that are times of another unit than the mapping reads, the larger units first. */
const OTHER_UNITS = [
  { unit: 'ms', reason: 'SLUICE_INGEST_ROW_TIME_MILLISECONDS' },
  { unit: 'us', reason: 'SLUICE_INGEST_ROW_TIME_MICROSECONDS' },
  { unit: 'ns', reason: 'SLUICE_INGEST_ROW_TIME_NANOSECONDS' },
] as const;

/**
 * Refuses numbers that no calendar of four digits has in a unit, and that are times of this century in another.
 *
 * @param number SQL of a DOUBLE.
 */
function otherUnits(number: (raw: string) => string): readonly Refusal[] {
  return OTHER_UNITS.map(({ unit, reason }) => ({
    reason,
    when: (raw, value) => `(${OUT_OF_RANGE.when(raw, value)}) AND ${isOfUnit(number(raw), unit)}`,
  }));
}

/** What is expected of a number since 1970. */
const EPOCH = 'a whole or broken number, or text that is one';
/** What is expected of a column, by the unit of its times. */
const EXPECTED: Readonly<Record<TimeUnit, string>> = {
  s: EPOCH,
  ms: EPOCH,
  us: EPOCH,
  ns: EPOCH,
  timestamp: 'a timestamp or a date',
  iso: 'text',
};

/** Types that a field can be read from, in words. Without a unit it is read from each of its kinds by the kind's own. */
function expectedOf({ unit, format }: TimeField): string {
  if (format !== undefined) return 'text, or a whole number, as `format` reads it';
  return unit === undefined ? 'a timestamp, a date, a number or text' : EXPECTED[unit];
}

/** The unit of a column for which the mapping names none; null for a type that has no times. */
function defaultUnit({ kind }: FoundColumn): TimeUnit | null {
  if (NUMBERS.includes(kind)) return 's';
  if (TEXTS.includes(kind)) return 'iso';
  return kind === 'date' || kind === 'local' || kind === 'instant' ? 'timestamp' : null;
}

/** The SQL that reads a column as a field says; null if its type does not fit. */
function utcSql(column: FoundColumn, field: TimeField, timezone: string): TimeSql | null {
  if (column.kind === 'empty') return { value: 'CAST(NULL AS TIMESTAMP)', refusals: [] };
  if (field.format !== undefined) return utcOfFormat(column, field.format, timezone);
  const unit = field.unit ?? defaultUnit(column);
  return unit === null ? null : utcOfUnit(column, unit, timezone);
}

/** The SQL that reads a column in a unit; null if its type does not fit. */
function utcOfUnit(column: FoundColumn, unit: TimeUnit, timezone: string): TimeSql | null {
  const { sql, kind, type } = column;
  switch (unit) {
    case 'timestamp': {
      const value = timeOfColumn(column, timezone);
      return value === null ? null : { value, refusals: [] };
    }
    case 'iso': {
      if (!TEXTS.includes(kind)) return null;
      const refusal: Refusal = {
        reason: 'SLUICE_INGEST_ROW_TIME_NUMBER',
        when: (raw, read) => `${read} IS NULL AND (${isOfAnyUnit(numberOfText(raw, column))})`,
      };
      return { value: timeOfText(textSql(sql, kind, type), timezone), refusals: [refusal, UNREAD] };
    }
    default: {
      const asDouble = (raw: string) => `CAST(${raw} AS DOUBLE)`;
      if (NUMBERS.includes(kind))
        return { value: timeOfNumber(sql, kind, unit), refusals: otherUnits(asDouble) };
      if (!TEXTS.includes(kind)) return null;
      const number = (text: string) => numberOfText(text, column);
      const isNone = (raw: string) => `NOT coalesce(isfinite(${number(raw)}), false)`;
      return {
        value: timeOfNumber(number(sql), 'float', unit),
        refusals: [
          {
            reason: 'SLUICE_INGEST_ROW_TIME_TEXT',
            when: (raw) => `${isNone(raw)} AND ${timeOfText(textSql(raw, kind, type), timezone)} IS NOT NULL`,
          },
          { reason: 'SLUICE_INGEST_ROW_TIME_INVALID', when: isNone },
          ...otherUnits(number),
        ],
      };
    }
  }
}

/** The number that a column of texts holds, as a DOUBLE; NULL for other texts. */
function numberOfText(text: string, { kind, type }: FoundColumn): string {
  return doubleSql(textSql(text, kind, type), 'text');
}

/** The SQL that reads a text, or an integer of digits, in a format; null for another type. */
function utcOfFormat({ sql, kind, type }: FoundColumn, format: string, timezone: string): TimeSql | null {
  if (!TEXTS.includes(kind) && kind !== 'integer') return null;
  const text = `lower(${textSql(sql, kind, type)})`;
  return { value: timeOfFormat(text, { format, timezone }), refusals: [UNREAD] };
}
