import { quoteName } from '../../../../../lib/sql/quoteName.ts';
import { quoteText } from '../../../../../lib/sql/quoteText.ts';
import { jsonOptions } from '../../athena/engine/tableSql.ts';
import { duckType } from './duckType.ts';

/** A registered partition: its values in the order of the partition keys, and the files at its location. */
export interface PartitionFiles {
  readonly values: readonly string[];
  readonly files: readonly string[];
}

/** A table as the catalog has it. */
export interface QueryTable {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly QueryColumn[];
  readonly partitionKeys: readonly QueryColumn[];
  /** A table without partition keys has one: its own location. */
  readonly partitions: readonly PartitionFiles[];
  /** How its files are read. */
  readonly format: 'parquet' | 'json';
}

interface QueryColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * The view that shows a table as Athena would: only registered partitions, columns by name, a column that an
 * old file lacks as null, and the partition keys from the catalog (they are not in the files). Filters on a
 * partition key are constants to DuckDB, so other partitions are not read.
 */
export function tableView(table: QueryTable): string {
  const all = [...table.columns, ...table.partitionKeys];
  const empty = all
    .map(({ name, type }) => `CAST(NULL AS ${duckType(type) ?? 'VARCHAR'}) AS ${quoteName(name)}`)
    .join(', ');
  const types = table.columns.map(({ name, type }) => ({ name, type: duckType(type) ?? 'VARCHAR' }));
  const options = table.format === 'json' ? jsonOptions(types) : ['union_by_name = true'];
  const branches = table.partitions
    .filter(({ files }) => files.length > 0)
    .map(({ values, files }) => {
      const keys = table.partitionKeys.map(
        ({ name, type }, index) =>
          `CAST(${quoteText(values[index] ?? '')} AS ${duckType(type) ?? 'VARCHAR'}) AS ${quoteName(name)}`,
      );
      const list = files.map(quoteText).join(', ');
      return `SELECT ${['*', ...keys].join(', ')} FROM read_${table.format}([${list}], ${options.join(', ')}, hive_partitioning = false)`;
    });
  const rows = [`SELECT ${empty} WHERE false`, ...branches].join('\nUNION ALL BY NAME\n');
  const columns = all.map(({ name }) => quoteName(name)).join(', ');
  return `CREATE VIEW ${quoteName(table.database)}.${quoteName(table.name)} AS SELECT ${columns} FROM (\n${rows}\n)`;
}
