import { notEmulated } from '../engine/statementFailure.ts';
import { parseCatalogStatement } from './parseCatalogStatement.ts';
import { parseShow } from './parseShow.ts';
import type { Statement } from './Statement.ts';
import { StatementReader } from './StatementReader.ts';

const STARTS =
  "'ALTER', 'CREATE', 'DEALLOCATE', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'INSERT', 'MSCK', 'PREPARE', 'SHOW', 'UNLOAD', <query>";

/** Statements that Athena knows and that aren't emulated: Iceberg's and what is done to permissions and time. */
const REFUSED = new Set([
  'delete',
  'update',
  'merge',
  'optimize',
  'vacuum',
  'analyze',
  'call',
  'grant',
  'revoke',
  'refresh',
  'truncate',
  'use',
  'set',
  'reset',
  'comment',
]);

/**
 * Reads a statement as far as it isn't a query: the queries in it stay text.
 *
 * @throws SqlError `SYNTAX_ERROR`; StatementError `NOT_SUPPORTED` for what isn't emulated.
 */
export function parseStatement(sql: string): Statement {
  const reader = new StatementReader(sql);
  const first = reader.list.tokens.find(({ raw }) => raw !== '(');
  const word = first?.kind === 'word' ? first.value : '';
  if (REFUSED.has(word)) throw notEmulated(word.toUpperCase());
  if (/^(?:select|with|values|table)$/.test(word)) return { kind: 'query', query: reader.query() };
  if (reader.take('explain')) return parseExplain(reader);
  if (reader.take('insert')) return parseInsert(reader);
  if (reader.take('unload')) return parseUnload(reader);
  if (reader.take('prepare')) {
    const name = reader.name();
    reader.expect('from');
    return { kind: 'prepare', name, sql: reader.query().sql };
  }
  if (reader.take('execute')) return parseExecute(reader);
  if (reader.take('deallocate')) {
    reader.take('prepare');
    return ended(reader, { kind: 'deallocate', name: reader.name() });
  }
  if (reader.take('show')) return ended(reader, parseShow(reader));
  if (reader.take('describe') || reader.take('desc')) {
    if (reader.take('extended') || reader.take('formatted')) throw notEmulated('DESCRIBE EXTENDED');
    if (reader.take('input') || reader.take('output')) throw notEmulated('DESCRIBE of a prepared statement');
    const view = reader.take('view');
    const name = reader.tableName();
    if (!reader.atEnd) throw notEmulated('DESCRIBE of a partition or of a column');
    return { kind: 'describe', name, view };
  }
  if (reader.take('msck')) {
    reader.expect('repair', 'table');
    const name = reader.tableName();
    if (!reader.atEnd) throw notEmulated('MSCK REPAIR TABLE with options');
    return { kind: 'repairTable', name };
  }
  const statement = parseCatalogStatement(reader);
  if (statement === undefined) throw reader.unexpected(STARTS);
  return statement;
}

function ended(reader: StatementReader, statement: Statement): Statement {
  reader.expectEnd();
  return statement;
}

function parseExplain(reader: StatementReader): Statement {
  const analyze = reader.take('analyze');
  if (reader.peek('verbose')) throw notEmulated('EXPLAIN ANALYZE VERBOSE');
  if (reader.peekSymbol('(') && /^(?:format|type)$/.test(reader.list.word(analyze ? 3 : 2) ?? '')) {
    const text = reader.bracketedQuery().sql.trim().toLowerCase();
    if (text !== 'format text') throw notEmulated(`EXPLAIN (${text.toUpperCase()})`);
  }
  if (!reader.peek('select') && !reader.peek('with') && !reader.peek('values') && !reader.peekSymbol('(')) {
    throw notEmulated('EXPLAIN of anything but a query');
  }
  return { kind: 'explain', query: reader.query(), analyze };
}

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

function parseUnload(reader: StatementReader): Statement {
  const query = reader.bracketedQuery();
  reader.expect('to');
  const location = reader.text();
  reader.expect('with');
  const properties = reader.properties();
  return ended(reader, { kind: 'unload', query, location, properties });
}

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
