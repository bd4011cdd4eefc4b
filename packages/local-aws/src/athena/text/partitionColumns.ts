import type { StorageDescriptor, TableEntry } from '../../glue/index.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import type { TextColumnType } from './rowReader.ts';
import { parseTypeTree, type TypeTree } from './values/typeTree.ts';

/** Where the rows of a file are described: by the table, or by one of its partitions. */
export interface FileDescriptor {
  readonly descriptor: StorageDescriptor | undefined;
  /** `ds=1`; empty for a table without partitions. */
  readonly partition: string;
}

/** Glue's columns with their types. */
export function textColumns(
  columns: NonNullable<TableEntry['input']['PartitionKeys']> = [],
): TextColumnType[] {
  return columns.map(({ Name, Type = 'string' }) => ({ name: Name, type: parseTypeTree(Type) }));
}

/** Whole numbers, each of which fits into the next. */
const WHOLE = ['tinyint', 'smallint', 'int', 'bigint'];

/**
 * The columns of a partition's files. Columns belong together by place, whatever their names are. What the partition
 * lacks is read as the table says, and a smaller whole number as the partition says.
 * https://docs.aws.amazon.com/athena/latest/ug/updates-and-partitions.html
 *
 * @param columns The table's.
 * @throws StatementError HIVE_PARTITION_SCHEMA_MISMATCH for a column of another type.
 */
export function partitionColumns(
  { databaseName, input }: TableEntry,
  columns: readonly TextColumnType[],
  { descriptor, partition }: FileDescriptor,
): readonly TextColumnType[] {
  if (partition === '') return columns;
  return columns.map((column, index) => {
    const own = descriptor?.Columns?.[index];
    const declared = input.StorageDescriptor?.Columns?.[index]?.Type ?? 'string';
    const { Name = '', Type = 'string' } = own ?? {};
    if (own === undefined || Type.toLowerCase() === declared.toLowerCase()) return column;
    const type = parseTypeTree(Type);
    const [from, to] = [WHOLE.indexOf(type.kind), WHOLE.indexOf(column.type.kind)];
    if (from >= 0 && from <= to) return { ...column, type };
    if (JSON.stringify(type).toLowerCase() === JSON.stringify(column.type).toLowerCase()) return column;
    if (mayBeCoerced(type, column.type))
      throw notEmulated(
        `The column ${column.name} of type ${declared} with partitions that have it as ${Type},`,
      );
    throw statementError(
      'HIVE_PARTITION_SCHEMA_MISMATCH',
      `There is a mismatch between the table and partition schemas. The types are incompatible and cannot be coerced. The column '${column.name}' in table '${databaseName}.${input.Name}' is declared as type '${declared}', but partition '${partition}' declared column '${Name}' as type '${Type}'.`,
    );
  });
}

/**
 * Checks the columns of a partition, which may have no files.
 *
 * @throws StatementError as {@link partitionColumns} does.
 */
export function checkPartition(entry: TableEntry, own: FileDescriptor): void {
  partitionColumns(entry, textColumns(entry.input.StorageDescriptor?.Columns), own);
}

/** Whether Athena converts some values of one type to another. */
function mayBeCoerced(from: TypeTree, to: TypeTree): boolean {
  const texts = /^(?:string|varchar|char)$/;
  const numbers = /^(?:float|double|decimal)$/;
  const nested = /^(?:array|map|struct)$/;
  if (nested.test(from.kind) || nested.test(to.kind)) return from.kind === to.kind;
  return texts.test(from.kind) || texts.test(to.kind) || numbers.test(from.kind) || numbers.test(to.kind);
}
