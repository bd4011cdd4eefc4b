import { type Catalog, isView, readPrestoView, type TableEntry } from '../../../glue/index.ts';
import { textColumn } from '../../engine/columnTypes.ts';
import { partitionFolder } from '../../engine/dataFiles.ts';
import { assertNotIceberg } from '../../engine/QueryScope.ts';
import { statementError } from '../../engine/StatementError.ts';
import type { AthenaColumn, QueryCall } from '../../engine/StatementRunner.ts';
import { resolveDatabase, resolveTableName, type Statement } from '../Statement.ts';
import { CELL, describeTable } from './describeTable.ts';

type Show = Extract<
  Statement,
  {
    kind: 'showDatabases' | 'showTables' | 'showColumns' | 'showPartitions' | 'showCreate' | 'describe';
  }
>;

/** Answer of SHOW and DESCRIBE: lines of text. */
interface ShownLines {
  readonly columns: readonly AthenaColumn[];
  readonly lines: readonly string[];
}

/** Runs SHOW and DESCRIBE. The result is in Hive's format. */
export function runShow(
  statement: Show,
  options: {
    readonly catalog: Catalog;
    readonly database: string | undefined;
    readonly onCall: (call: QueryCall) => void;
  },
): ShownLines {
  const { catalog, database, onCall } = options;
  if (statement.kind === 'showDatabases') {
    onCall({ service: 'glue', operation: 'GetDatabases', input: {} });
    const names = catalog.databases().map(({ input }) => input.Name);
    return { columns: [textColumn('database_name')], lines: names.filter(patternMatcher(statement.pattern)) };
  }
  if (statement.kind === 'showTables') {
    const name = resolveDatabase(statement.database, database);
    onCall({ service: 'glue', operation: 'GetTables', input: { DatabaseName: name } });
    const tables = [...catalog.database(name).tables.values()];
    const names = tables.map(({ input }) => input.Name).sort();
    return {
      columns: [textColumn('tab_name')],
      lines: names.filter(patternMatcher(statement.pattern)),
    };
  }
  const target = resolveTableName(statement.name, database);
  onCall({
    service: 'glue',
    operation: 'GetTable',
    input: { DatabaseName: target.database, Name: target.name },
  });
  const table = catalog.table(target.database, target.name);
  assertNotIceberg(table);
  switch (statement.kind) {
    case 'showColumns':
      return {
        columns: [textColumn('field')],
        lines: allColumns(table).map(({ Name }) => Name.padEnd(CELL)),
      };
    case 'showPartitions': {
      onCall({
        service: 'glue',
        operation: 'GetPartitions',
        input: { DatabaseName: target.database, TableName: target.name },
      });
      const keys = (table.input.PartitionKeys ?? []).map(({ Name }) => Name);
      if (keys.length === 0)
        throw statementError('DDL', `SemanticException Table ${target.name} is not a partitioned table`);
      return {
        columns: [textColumn('partition')],
        lines: table.partitions.map(({ values }) => partitionFolder(keys, values)),
      };
    }
    case 'showCreate':
      return isView(table)
        ? { columns: [textColumn('create view')], lines: createViewLines(table) }
        : {
            columns: [textColumn('createtab_stmt')],
            lines: createTableLines(table, statement.name.database !== undefined),
          };
    case 'describe':
      return {
        columns: ['col_name', 'data_type', 'comment'].map(textColumn),
        lines: describeTable(table),
      };
  }
}

function allColumns({ input }: TableEntry) {
  return [...(input.StorageDescriptor?.Columns ?? []), ...(input.PartitionKeys ?? [])];
}

/**
 * Matches names by a Hive pattern: `*` matches anything, `|` separates alternatives. Without a pattern, all names
 * match.
 */
function patternMatcher(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const source = pattern
    .replaceAll(/[.+?^${}()[\]\\]/g, (character) => (character === '.' ? '.' : `\\${character}`))
    .replaceAll(/(?<!\.)\*/g, '.*');
  const expression = new RegExp(`^(?:${source})$`, 'i');
  return (name) => expression.test(name);
}

function createViewLines({ databaseName, input }: TableEntry): string[] {
  const sql = readPrestoView(input.ViewOriginalText ?? '')?.originalSql ?? input.ViewOriginalText ?? '';
  return [`CREATE VIEW ${databaseName}.${input.Name} AS`, ...sql.split('\n')];
}

/**
 * https://docs.aws.amazon.com/athena/latest/ug/show-create-table.html. The name has its database only if the statement
 * asks so: https://github.com/aws/aws-sdk-pandas/blob/main/tests/unit/test_athena.py, test_athena, which runs on AWS. The
 * default of `serialization.format` is left out, as in Hive.
 */
function createTableLines({ databaseName, input }: TableEntry, qualified: boolean): string[] {
  const {
    Columns = [],
    Location = '',
    InputFormat = '',
    OutputFormat = '',
    SerdeInfo = {},
  } = input.StorageDescriptor ?? {};
  const quoted = (text: string) =>
    `'${text.replaceAll(/['\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
  const columnLines = (columns: TableEntry['input']['PartitionKeys'] = []) =>
    columns.map(({ Name, Type = 'string', Comment }, index) => {
      const comment = Comment === undefined ? '' : ` COMMENT ${quoted(Comment)}`;
      return `  \`${Name}\` ${Type}${comment}${index === columns.length - 1 ? ')' : ', '}`;
    });
  const pairs = (values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(
        ([name, value], index, all) =>
          `  ${quoted(name)}=${quoted(value)}${index === all.length - 1 ? ')' : ', '}`,
      );
  const keys = columnLines(input.PartitionKeys);
  const { 'serialization.format': format = '1', ...serdeParameters } = SerdeInfo.Parameters ?? {};
  const serde = pairs({ ...serdeParameters, ...(format === '1' ? {} : { 'serialization.format': format }) });
  const { EXTERNAL: _, comment = input.Description, ...parameters } = input.Parameters ?? {};
  const properties = pairs(parameters);
  return [
    `CREATE EXTERNAL TABLE \`${qualified ? `${databaseName}.` : ''}${input.Name}\`(`,
    ...columnLines(Columns),
    ...(comment === undefined ? [] : [`COMMENT ${quoted(comment)}`]),
    ...(keys.length === 0 ? [] : ['PARTITIONED BY ( ', ...keys]),
    ...bucketLines(input.StorageDescriptor),
    'ROW FORMAT SERDE ',
    `  ${quoted(SerdeInfo.SerializationLibrary ?? '')} `,
    ...(serde.length === 0 ? [] : ['WITH SERDEPROPERTIES ( ', ...serde]),
    'STORED AS INPUTFORMAT ',
    `  ${quoted(InputFormat)} `,
    'OUTPUTFORMAT ',
    `  ${quoted(OutputFormat)}`,
    'LOCATION',
    `  ${quoted(Location)}`,
    ...(properties.length === 0 ? [] : ['TBLPROPERTIES (', ...properties]),
  ];
}

/** As Hive's ShowCreateTable. */
function bucketLines(storage: TableEntry['input']['StorageDescriptor']): string[] {
  const { BucketColumns = [], NumberOfBuckets = 0 } = storage ?? {};
  if (BucketColumns.length === 0) return [];
  const names = BucketColumns.map(
    (name, index) => `  ${name}${index < BucketColumns.length - 1 ? ', ' : ') '}`,
  );
  return ['CLUSTERED BY ( ', ...names, `INTO ${NumberOfBuckets} BUCKETS`];
}
