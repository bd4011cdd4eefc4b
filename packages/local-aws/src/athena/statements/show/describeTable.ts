import type { TableEntry } from '../../../glue/index.ts';
import { notEmulated } from '../../engine/StatementError.ts';
import type { Statement } from '../Statement.ts';
import type { StatementReader } from '../StatementReader.ts';

/** A column of a table in Glue. */
type Column = NonNullable<TableEntry['input']['PartitionKeys']>[number];

/** Hive pads the cells of a description to this width. */
const CELL = 20;

/**
 * Parses what follows DESCRIBE: the name of a table or a view.
 * https://docs.aws.amazon.com/athena/latest/ug/describe-table.html
 *
 * @throws StatementError `NOT_SUPPORTED` for details, and for a partition or a column.
 */
export function parseDescribe(reader: StatementReader): Extract<Statement, { kind: 'describe' }> {
  if (reader.peek('input') || reader.peek('output')) throw notEmulated('DESCRIBE of a prepared statement');
  if (reader.peek('extended') || reader.peek('formatted'))
    throw notEmulated(`DESCRIBE ${reader.peekWord()?.toUpperCase()}`);
  reader.take('view');
  const name = reader.tableName();
  if (!reader.atEnd) throw notEmulated('DESCRIBE of a partition or of a column');
  return { kind: 'describe', name };
}

/** The description of a table in Hive's cells: a line has three, which tabs separate. */
export function describeTable({ input }: TableEntry): string[] {
  const keys = (input.PartitionKeys ?? []).map(columnRow);
  const lines = (input.StorageDescriptor?.Columns ?? []).map(columnRow);
  if (keys.length === 0) return lines;
  const head = cells('# col_name', 'data_type', 'comment');
  return [...lines, ...keys, BLANK, '# Partition Information\t \t ', head, BLANK, ...keys];
}

/** A line of cells, each padded to its width. */
const cells = (...values: readonly string[]) => values.map((value) => value.padEnd(CELL)).join('\t');
/** A line of three empty cells. */
const BLANK = '\t \t ';

/** A line of DESCRIBE: name, type and comment of a column. */
function columnRow({ Name, Type = 'string', Comment = '' }: Column): string {
  return cells(Name, Type, Comment);
}
