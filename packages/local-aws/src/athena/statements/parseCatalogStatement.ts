import { notEmulated, statementFailure } from '../engine/statementFailure.ts';
import type { ColumnDefinition, PartitionSpec, Statement } from './Statement.ts';
import type { StatementReader } from './StatementReader.ts';

/** Reads CREATE, DROP and ALTER; undefined when it is none of them. https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html */
export function parseCatalogStatement(reader: StatementReader): Statement | undefined {
  if (reader.take('create')) return parseCreate(reader);
  if (reader.take('drop')) return parseDrop(reader);
  if (!reader.take('alter')) return undefined;
  if (!reader.take('table')) throw notEmulated(`ALTER ${reader.next().raw.toUpperCase()}`);
  const name = reader.tableName();
  if (reader.take('add')) {
    if (reader.take('columns')) return end(reader, { kind: 'addColumns', name, columns: reader.columns() });
    const ifNotExists = reader.take('if', 'not', 'exists');
    return end(reader, { kind: 'addPartitions', name, ifNotExists, partitions: partitions(reader) });
  }
  if (reader.take('drop')) {
    const ifExists = reader.take('if', 'exists');
    if (!reader.peek('partition')) throw notEmulated('ALTER TABLE DROP of anything but partitions');
    return end(reader, { kind: 'dropPartitions', name, ifExists, partitions: partitions(reader) });
  }
  throw notEmulated(`ALTER TABLE ${reader.atEnd ? '' : reader.next().raw.toUpperCase()}`);
}

function end(reader: StatementReader, statement: Statement): Statement {
  reader.expectEnd();
  return statement;
}

function partitions(reader: StatementReader): PartitionSpec[] {
  const specs = [reader.partition()];
  while (!reader.atEnd) {
    reader.takeSymbol(',');
    specs.push(reader.partition());
  }
  return specs;
}

function parseCreate(reader: StatementReader): Statement {
  if (reader.take('database') || reader.take('schema')) {
    const ifNotExists = reader.take('if', 'not', 'exists');
    const name = reader.name();
    const comment = reader.take('comment') ? reader.text() : undefined;
    const location = reader.take('location') ? reader.text() : undefined;
    const properties = reader.take('with', 'dbproperties')
      ? reader.textProperties()
      : new Map<string, string>();
    return end(reader, { kind: 'createDatabase', name, ifNotExists, comment, location, properties });
  }
  const replace = reader.take('or', 'replace');
  if (reader.take('view')) {
    const name = reader.tableName();
    if (reader.take('comment')) throw notEmulated('CREATE VIEW with a comment');
    reader.expect('as');
    return { kind: 'createView', name, replace, query: reader.query() };
  }
  if (replace) throw reader.unexpected("'VIEW'");
  if (reader.take('external', 'table')) return parseCreateTable(reader);
  if (!reader.take('table'))
    throw notEmulated(`CREATE ${reader.atEnd ? '' : reader.next().raw.toUpperCase()}`);
  const ifNotExists = reader.take('if', 'not', 'exists');
  const name = reader.tableName();
  if (reader.peekSymbol('(')) {
    // Without EXTERNAL a table of columns is Iceberg's.
    throw notEmulated('CREATE TABLE without EXTERNAL (Iceberg)');
  }
  if (reader.take('comment')) throw notEmulated('CREATE TABLE AS with a comment');
  const properties = reader.take('with') ? reader.properties() : new Map<string, string>();
  reader.expect('as');
  const query = reader.query();
  const without = /\bWITH\s+NO\s+DATA\s*$/i.exec(query.sql);
  const sql = query.sql.replace(/\bWITH\s+(?:NO\s+)?DATA\s*$/i, '');
  return {
    kind: 'createTableAs',
    name,
    ifNotExists,
    properties,
    query: { ...query, sql },
    withData: without === null,
  };
}

/** https://docs.aws.amazon.com/athena/latest/ug/create-table.html */
function parseCreateTable(reader: StatementReader): Statement {
  const ifNotExists = reader.take('if', 'not', 'exists');
  const name = reader.tableName();
  const columns = reader.columns();
  let partitionKeys: readonly ColumnDefinition[] = [];
  let comment: string | undefined;
  let location: string | undefined;
  let format: string | undefined;
  let properties = new Map<string, string>();
  while (!reader.atEnd) {
    if (reader.take('comment')) comment = reader.text();
    else if (reader.take('partitioned', 'by')) partitionKeys = reader.columns();
    else if (reader.take('location')) location = reader.text();
    else if (reader.take('tblproperties')) properties = reader.textProperties();
    else if (reader.take('stored', 'as')) format = storedAs(reader);
    else if (reader.take('row', 'format')) {
      if (!reader.take('serde')) throw notEmulated('ROW FORMAT DELIMITED');
      const serde = reader.text();
      if (!serde.endsWith('ParquetHiveSerDe')) throw notEmulated(`The SerDe ${serde}`);
      format = 'parquet';
      if (reader.take('with', 'serdeproperties')) reader.textProperties();
    } else if (reader.peek('clustered')) throw notEmulated('CLUSTERED BY');
    else throw reader.unexpected("'COMMENT', 'LOCATION', 'PARTITIONED', 'ROW', 'STORED', 'TBLPROPERTIES'");
  }
  if (properties.get('table_type')?.toLowerCase() === 'iceberg') throw notEmulated('Iceberg tables');
  for (const key of properties.keys())
    if (key.startsWith('projection.')) throw notEmulated('Partition projection');
  if (location === undefined) throw statementFailure('DDL', 'SemanticException table location is required');
  if (format !== 'parquet') throw notEmulated('CREATE EXTERNAL TABLE in a format other than Parquet');
  return { kind: 'createTable', name, ifNotExists, columns, partitionKeys, comment, location, properties };
}

function storedAs(reader: StatementReader): string {
  if (reader.take('inputformat')) {
    const input = reader.text();
    reader.expect('outputformat');
    reader.text();
    if (!input.endsWith('MapredParquetInputFormat')) throw notEmulated(`The input format ${input}`);
    return 'parquet';
  }
  const format = reader.name().toLowerCase();
  if (format !== 'parquet') throw notEmulated(`STORED AS ${format.toUpperCase()}`);
  return format;
}

function parseDrop(reader: StatementReader): Statement {
  if (reader.take('database') || reader.take('schema')) {
    const ifExists = reader.take('if', 'exists');
    const name = reader.name();
    const cascade = reader.take('cascade');
    if (!cascade) reader.take('restrict');
    return end(reader, { kind: 'dropDatabase', name, ifExists, cascade });
  }
  const view = reader.take('view');
  if (!view) reader.expect('table');
  const ifExists = reader.take('if', 'exists');
  const name = reader.tableName();
  return end(reader, view ? { kind: 'dropView', name, ifExists } : { kind: 'dropTable', name, ifExists });
}
