import { BEGINS_QUERY } from '../../trino/index.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import { parseExplain } from './parseExplain.ts';
import type { ColumnDefinition, PartitionSpec, Statement } from './Statement.ts';
import { StatementReader } from './StatementReader.ts';
import { StorageClauses } from './StorageClauses.ts';
import { parseDescribe } from './show/describeTable.ts';

/** What a statement can begin with, in Trino's words. */
const STARTS = "'ALTER', 'CREATE', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'INSERT', 'SHOW', <query>";

/** Statements of Athena that are not emulated. */
const REFUSED = new Set([
  'analyze',
  'call',
  'delete',
  'update',
  'merge',
  'optimize',
  'vacuum',
  'msck',
  'prepare',
  'deallocate',
  'grant',
  'revoke',
  'refresh',
  'truncate',
  'use',
  'set',
  'reset',
  'comment',
  'unload',
]);

/**
 * Parses a statement. The queries within it remain text.
 *
 * @throws SqlError `SYNTAX_ERROR`; StatementError `NOT_SUPPORTED` for statements that are not emulated.
 */
export function parseStatement(sql: string): Statement {
  const reader = new StatementReader(sql);
  const first = reader.list.tokens.find(({ raw }) => raw !== '(');
  const word = first?.kind === 'word' ? first.value : '';
  if (REFUSED.has(word)) throw notEmulated(word.toUpperCase());
  if (BEGINS_QUERY.test(word)) return { kind: 'query', query: reader.query() };
  if (reader.take('explain')) return parseExplain(reader, parseStatement);
  if (reader.take('insert')) return parseInsert(reader);
  if (reader.take('execute')) return parseExecute(reader);
  if (reader.take('show')) return ended(reader, parseShow(reader));
  if (reader.take('describe') || reader.take('desc')) return parseDescribe(reader);
  const statement = parseCatalogStatement(reader);
  if (statement === undefined) throw reader.unexpected(STARTS);
  return statement;
}

/** A statement after which nothing may follow. @throws SqlError */
function ended(reader: StatementReader, statement: Statement): Statement {
  reader.expectEnd();
  return statement;
}

/** INSERT INTO, behind its first word. */
function parseInsert(reader: StatementReader): Statement {
  if (reader.take('overwrite')) throw notEmulated('INSERT OVERWRITE');
  reader.expect('into');
  const name = reader.tableName();
  let columns: string[] | undefined;
  const listed = reader.peekSymbol('(') && !reader.peekQuery();
  if (listed) {
    columns = [];
    reader.expectSymbol('(');
    do columns.push(reader.name().toLowerCase());
    while (reader.takeSymbol(','));
    reader.expectSymbol(')');
  }
  if (reader.atEnd) throw reader.unexpected('<query>');
  return { kind: 'insert', name, columns, query: reader.query() };
}

/** EXECUTE … USING, behind its first word. */
function parseExecute(reader: StatementReader): Statement {
  const name = reader.name();
  const parameters: string[] = [];
  if (reader.take('using')) {
    const { sql, offset } = reader.query();
    const from = reader.list.tokens.findIndex(({ start }) => start >= offset);
    for (const part of reader.list.split(from, reader.list.length))
      parameters.push(reader.list.text(part.from, part.to));
    if (sql.trim() === '') throw reader.unexpected('<expression>');
  }
  return ended(reader, { kind: 'execute', name, parameters });
}

/**
 * Parses CREATE, DROP and ALTER; undefined for other statements.
 * https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html
 */
function parseCatalogStatement(reader: StatementReader): Statement | undefined {
  if (reader.take('create')) return parseCreate(reader);
  if (reader.take('drop')) return parseDrop(reader);
  if (!reader.take('alter')) return undefined;
  if (!reader.take('table')) throw notEmulated(`ALTER ${reader.next().raw.toUpperCase()}`);
  const name = reader.tableName();
  if (reader.take('add')) {
    if (reader.take('columns')) throw notEmulated('ALTER TABLE ADD COLUMNS');
    const ifNotExists = reader.take('if', 'not', 'exists');
    return ended(reader, { kind: 'addPartitions', name, ifNotExists, partitions: partitions(reader) });
  }
  if (reader.take('drop')) {
    const ifExists = reader.take('if', 'exists');
    if (!reader.peek('partition')) throw notEmulated('ALTER TABLE DROP of anything but partitions');
    return ended(reader, { kind: 'dropPartitions', name, ifExists, partitions: partitions(reader) });
  }
  if (reader.take('set', 'tblproperties'))
    return ended(reader, { kind: 'setProperties', name, properties: reader.textProperties() });
  throw notEmulated(`ALTER TABLE ${reader.atEnd ? '' : reader.next().raw.toUpperCase()}`);
}

/** The partitions of ALTER TABLE up to the end: ADD has spaces between them, DROP commas. */
function partitions(reader: StatementReader): PartitionSpec[] {
  const specs = [reader.partition()];
  while (!reader.atEnd) {
    reader.takeSymbol(',');
    specs.push(reader.partition());
  }
  return specs;
}

/** CREATE of a database, a table or a view, behind its first word. */
function parseCreate(reader: StatementReader): Statement {
  if (reader.take('database') || reader.take('schema')) {
    const ifNotExists = reader.take('if', 'not', 'exists');
    const name = reader.name();
    const comment = reader.take('comment') ? reader.text() : undefined;
    const location = reader.take('location') ? reader.text() : undefined;
    if (reader.peek('with')) throw notEmulated('WITH DBPROPERTIES');
    return ended(reader, { kind: 'createDatabase', name, ifNotExists, comment, location });
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
  if (!reader.peek('with') && !reader.peek('as')) throw notEmulated('CREATE TABLE of an Iceberg table');
  const properties = reader.take('with') ? reader.properties() : new Map<string, string>();
  reader.expect('as');
  const query = reader.query();
  if (/\bWITH\s+NO\s+DATA\s*$/i.test(query.sql)) throw notEmulated('WITH NO DATA');
  const sql = query.sql.replace(/\bWITH\s+DATA\s*$/i, '');
  return { kind: 'createTableAs', name, ifNotExists, properties, query: { ...query, sql } };
}

/** CREATE EXTERNAL TABLE: https://docs.aws.amazon.com/athena/latest/ug/create-table.html */
function parseCreateTable(reader: StatementReader): Statement {
  const ifNotExists = reader.take('if', 'not', 'exists');
  const name = reader.tableName();
  const columns = reader.columns();
  let partitionKeys: readonly ColumnDefinition[] = [];
  let comment: string | undefined;
  let location: string | undefined;
  const clauses = new StorageClauses();
  let properties: ReadonlyMap<string, string> = new Map();
  while (!reader.atEnd) {
    if (reader.take('comment')) comment = reader.text();
    else if (reader.take('partitioned', 'by')) partitionKeys = reader.columns();
    else if (reader.take('location')) location = reader.text();
    else if (reader.take('tblproperties')) properties = reader.textProperties();
    else if (reader.take('with', 'serdeproperties')) throw notEmulated('WITH SERDEPROPERTIES');
    else if (reader.take('clustered', 'by')) throw notEmulated('CLUSTERED BY');
    else if (!clauses.read(reader))
      throw reader.unexpected("'COMMENT', 'LOCATION', 'PARTITIONED', 'ROW', 'STORED', 'TBLPROPERTIES'");
  }
  if (properties.get('table_type')?.toLowerCase() === 'iceberg')
    throw notEmulated('CREATE TABLE of an Iceberg table');
  if (location === undefined) throw statementError('DDL', 'SemanticException table location is required');
  const storage = clauses.storage();
  return {
    kind: 'createTable',
    name,
    ifNotExists,
    columns,
    partitionKeys,
    comment,
    location,
    properties,
    storage,
  };
}

/** DROP of a table or a view, behind its first word. */
function parseDrop(reader: StatementReader): Statement {
  if (reader.peek('database') || reader.peek('schema')) throw notEmulated('DROP DATABASE');
  const view = reader.take('view');
  if (!view) reader.expect('table');
  const ifExists = reader.take('if', 'exists');
  const name = reader.tableName();
  return ended(reader, view ? { kind: 'dropView', name, ifExists } : { kind: 'dropTable', name, ifExists });
}

/** Parses the rest of a SHOW statement. https://docs.aws.amazon.com/athena/latest/ug/show-tables.html */
function parseShow(reader: StatementReader): Statement {
  if (reader.take('databases') || reader.take('schemas'))
    return { kind: 'showDatabases', pattern: pattern(reader) };
  if (reader.take('tables')) {
    const database = reader.take('in') || reader.take('from') ? databaseName(reader) : undefined;
    return { kind: 'showTables', database, pattern: pattern(reader) };
  }
  if (reader.take('partitions')) return { kind: 'showPartitions', name: reader.tableName() };
  if (
    /^(?:columns|create|functions|catalogs|session|stats|tblproperties|views)$/.test(reader.peekWord() ?? '')
  )
    throw notEmulated(`SHOW ${reader.next().raw.toUpperCase()}`);
  throw reader.unexpected("'DATABASES', 'PARTITIONS', 'SCHEMAS', 'TABLES'");
}

/** The name of a database, which may stand in quotes. */
function databaseName(reader: StatementReader): string {
  const { table } = reader.tableName();
  return table;
}

/** A Hive pattern in single quotes: `*` matches anything, `|` separates alternatives. */
function pattern(reader: StatementReader): string | undefined {
  reader.take('like');
  return reader.atEnd ? undefined : reader.text();
}
