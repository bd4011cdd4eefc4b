import type { TimeField, TimeUnit } from '../../schema/mappings.ts';
import type { Dialect, FoundColumn, Refusal } from './Dialect.ts';
import type { FileColumns } from './FileColumns.ts';
import { FieldProblem, type FieldSql } from './findColumn.ts';

/** The SQL that reads a time, and the conditions for values that are not a time. */
type TimeSql = Pick<FieldSql, 'value' | 'refusals'>;

const NUMBERS = ['integer', 'decimal', 'float'];
const TEXTS = ['text', 'json', 'bytes'];

/**
 * Reads a field as a TIMESTAMP in UTC.
 *
 * @throws FieldProblem if the file lacks the column, or its type does not fit the unit.
 */
export function readTime(field: TimeField, fileColumns: FileColumns): FieldSql {
  const column = fileColumns.column(field);
  if (column === null) throw new RangeError('A time is never optional.');
  const { dialect, timezone } = fileColumns;
  const unit = field.unit ?? defaultUnit(column);
  const { format } = field;
  const sql =
    column.kind === 'empty'
      ? { value: 'CAST(NULL AS TIMESTAMP)', refusals: [] }
      : format === undefined
        ? utcSql(dialect, column, unit, timezone)
        : utcOfFormat(dialect, column, format, timezone);
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
  return { value: sql.value, column, refusals: [MISSING, ...sql.refusals, outOfRange(dialect)] };
}

/** Reads a field as the day of a time in the dataset's timezone. The day must be one of the years 1 to 9999, too. */
export function readDay(field: TimeField, fileColumns: FileColumns): FieldSql {
  const time = readTime(field, fileColumns);
  return { ...time, value: fileColumns.dialect.dayInZone(time.value, fileColumns.timezone) };
}

/** Refuses texts that are not a time. */
const UNREAD: Refusal = { reason: 'SLUICE_INGEST_ROW_TIME_INVALID', when: (_, read) => `${read} IS NULL` };
const MISSING: Refusal = { reason: 'SLUICE_INGEST_ROW_TIME_MISSING', when: (raw) => `${raw} IS NULL` };
const outOfRange = (dialect: Dialect): Refusal => ({
  reason: 'SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE',
  when: (_, value) => `${value} IS NULL OR ${dialect.isOutOfRange(value)}`,
});

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

function utcSql(
  dialect: Dialect,
  column: FoundColumn,
  unit: TimeUnit | null,
  timezone: string,
): TimeSql | null {
  const { sql, kind, type } = column;
  switch (unit) {
    case null:
      return null;
    case 'timestamp': {
      const value = dialect.timeOfColumn(column, timezone);
      return value === null ? null : { value, refusals: [] };
    }
    case 'iso':
      return TEXTS.includes(kind)
        ? { value: dialect.timeOfText(dialect.text(sql, kind, type), timezone), refusals: [UNREAD] }
        : null;
    default: {
      if (NUMBERS.includes(kind)) return { value: dialect.timeOfNumber(sql, kind, unit), refusals: [] };
      if (!TEXTS.includes(kind)) return null;
      const number = (text: string) => dialect.double(dialect.text(text, kind, type), 'text');
      return {
        value: dialect.timeOfNumber(number(sql), 'float', unit),
        refusals: [
          {
            reason: 'SLUICE_INGEST_ROW_TIME_INVALID',
            when: (raw) => `NOT coalesce(${dialect.isFinite(number(raw))}, false)`,
          },
        ],
      };
    }
  }
}

function utcOfFormat(
  dialect: Dialect,
  { sql, kind, type }: FoundColumn,
  format: string,
  timezone: string,
): TimeSql | null {
  if (!TEXTS.includes(kind) && kind !== 'integer') return null;
  const text = `lower(${dialect.text(sql, kind, type)})`;
  return { value: dialect.timeOfFormat(text, format, timezone), refusals: [UNREAD] };
}
