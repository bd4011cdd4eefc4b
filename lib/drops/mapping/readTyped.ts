import type { DeclaredColumn } from '../../schema/mapping/tableMapping.ts';
import type { FileColumns } from './columns/FileColumns.ts';
import type { Refusal } from './columns/FoundColumn.ts';
import { type FieldSql, nullField } from './columns/findColumn.ts';
import { castColumn, inexactRefusals, readNumber, readText } from './readText.ts';
import { readDay, readTime } from './readTime.ts';

/** SQL's types of declared columns. */
const SQL_TYPES: Readonly<Record<DeclaredColumn['type'], string>> = {
  string: 'VARCHAR',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/**
 * Reads a declared column in its type. A missing value is null, as are a float's NaN and infinity. A value that is there and
 * does not fit refuses the row. Numbers become the nearest double, and times microseconds.
 *
 * @throws FieldProblem if the file lacks the column, or its type does not fit.
 */
export function readTyped(from: DeclaredColumn, fileColumns: FileColumns): FieldSql {
  const { type } = from;
  const column = fileColumns.column(from);
  if (column === null) return nullField(SQL_TYPES[type]);
  switch (type) {
    case 'string':
      // A float as a text is an ID.
      return readText(from, fileColumns, column.kind === 'float' ? 'flat' : 'nested');
    case 'double':
      return readNumber(from, fileColumns, 'missing');
    case 'boolean':
      return castColumn(column, type);
    case 'bigint': {
      const read = castColumn(column, type);
      return { ...read, refusals: [...inexactRefusals(column), ...read.refusals] };
    }
    case 'date':
    case 'timestamp': {
      const time = (type === 'date' ? readDay : readTime)(from, fileColumns);
      const isPresent = (raw: string) =>
        column.kind === 'float' ? `coalesce(isfinite(${raw}), false)` : `${raw} IS NOT NULL`;
      return { ...time, refusals: time.refusals.flatMap((refusal) => ofPresentValues(refusal, isPresent)) };
    }
  }
}

/** A refusal of values that are present. A time may be missing, and is null then. */
function ofPresentValues({ reason, when }: Refusal, isPresent: (raw: string) => string): Refusal[] {
  if (reason === 'SLUICE_INGEST_ROW_TIME_MISSING') return [];
  return [{ reason, when: (raw, value) => `${isPresent(raw)} AND (${when(raw, value)})` }];
}
