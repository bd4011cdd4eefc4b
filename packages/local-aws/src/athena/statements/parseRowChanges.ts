import { SqlError, TokenList } from '../../trino/index.ts';
import type { Assignment, MergeClause, QueryText, RowChange } from './Statement.ts';
import type { StatementReader } from './StatementReader.ts';

/**
 * Parses DELETE, UPDATE and MERGE by Trino's grammar; undefined for other statements. The expressions within remain text.
 * https://github.com/trinodb/trino/blob/435/core/trino-parser/src/main/antlr4/io/trino/sql/parser/SqlBase.g4
 */
export function parseRowChange(reader: StatementReader): RowChange | undefined {
  const { offset } = reader;
  if (reader.take('delete')) return parseDelete(reader, offset);
  if (reader.take('update')) return parseUpdate(reader, offset);
  if (reader.take('merge')) return parseMerge(reader, offset);
  return undefined;
}

function parseDelete(reader: StatementReader, offset: number): RowChange {
  reader.expect('from');
  const name = reader.tableName();
  return { kind: 'delete', name, offset, where: parseWhere(reader, "'.', 'WHERE', <EOF>") };
}

function parseUpdate(reader: StatementReader, offset: number): RowChange {
  const name = reader.tableName();
  if (!reader.take('set')) throw reader.unexpected("'.', 'SET'");
  const assignments = parseAssignments(reader, [',', 'where']);
  return { kind: 'update', name, offset, assignments, where: parseWhere(reader, "',', 'WHERE', <EOF>") };
}

/** Reads the rest of the statement: nothing, or WHERE. */
function parseWhere(reader: StatementReader, expecting: string): QueryText | undefined {
  if (reader.atEnd) return undefined;
  if (!reader.take('where')) throw reader.unexpected(expecting);
  return reader.part([]);
}

function parseAssignments(reader: StatementReader, ends: readonly string[]): Assignment[] {
  const assignments: Assignment[] = [];
  do {
    const { offset } = reader;
    // Reserved words that `name` takes: a comma before them is one too many.
    if (reader.peek('where') || reader.peek('when')) throw reader.unexpected('<identifier>');
    const column = reader.name().toLowerCase();
    reader.expectSymbol('=');
    assignments.push({ column, offset, value: parseValue(reader, ends) });
  } while (reader.takeSymbol(','));
  return assignments;
}

/** An expression, which `*` is not: in a query it would be several columns. */
function parseValue(reader: StatementReader, ends: readonly string[]): QueryText {
  const value = reader.part(ends);
  const star = /^[\s(]*\*/.test(value.sql) ? value.sql.indexOf('*') : value.sql.search(/(?<=\.\s*)\*[\s)]*$/);
  if (star < 0) return value;
  throw new SqlError('SYNTAX_ERROR', "mismatched input '*'. Expecting: <expression>", value.offset + star);
}

function parseMerge(reader: StatementReader, offset: number): RowChange {
  reader.expect('into');
  const name = reader.tableName();
  const named = reader.take('as');
  const alias = named || !reader.peek('using') ? reader.name() : undefined;
  reader.expect('using');
  const { source, on } = splitAtOn(reader.part(['when'], '<relation>'));
  if (reader.atEnd) throw reader.unexpected("'WHEN'");
  const clauses: MergeClause[] = [];
  while (!reader.atEnd) clauses.push(parseClause(reader));
  return { kind: 'merge', name, offset, alias, source, on, clauses };
}

/** Splits `source ON condition`. The source may be a join, which has an ON of its own: the last one is MERGE's. */
function splitAtOn({ sql, offset }: QueryText): { readonly source: QueryText; readonly on: QueryText } {
  const list = new TokenList(sql);
  let found = -1;
  for (let index = 0; index < list.length; index += 1) {
    if (/^[([]$/.test(list.symbol(index) ?? '')) index = list.closeOf(index);
    else if (list.word(index) === 'on') found = index;
  }
  if (found < 1 || found === list.length - 1) {
    throw new SqlError(
      'SYNTAX_ERROR',
      `mismatched input '<EOF>'. Expecting: ${found < 0 ? "'ON'" : '<expression>'}`,
      offset + sql.length,
    );
  }
  return {
    source: { sql: list.text(0, found), offset },
    on: { sql: list.text(found + 1, list.length), offset: offset + list.offset(found + 1) },
  };
}

function parseClause(reader: StatementReader): MergeClause {
  const { offset } = reader;
  reader.expect('when');
  const matched = !reader.take('not');
  reader.expect('matched');
  const condition = reader.take('and') ? reader.part(['then']) : undefined;
  if (!reader.take('then')) throw reader.unexpected(condition === undefined ? "'AND', 'THEN'" : "'THEN'");
  return { matched, condition, offset, action: matched ? parseMatched(reader) : parseInsert(reader) };
}

function parseMatched(reader: StatementReader): MergeClause['action'] {
  if (reader.take('delete')) {
    if (!reader.atEnd && !reader.peek('when')) throw reader.unexpected("'WHEN', <EOF>");
    return { kind: 'delete' };
  }
  if (!reader.take('update')) throw reader.unexpected("'DELETE', 'UPDATE'");
  reader.expect('set');
  return { kind: 'update', assignments: parseAssignments(reader, [',', 'when']) };
}

function parseInsert(reader: StatementReader): MergeClause['action'] {
  reader.expect('insert');
  let columns: string[] | undefined;
  if (reader.takeSymbol('(')) {
    columns = [];
    do columns.push(reader.name().toLowerCase());
    while (reader.takeSymbol(','));
    reader.expectSymbol(')');
  }
  if (!reader.take('values')) throw reader.unexpected(columns === undefined ? "'(', 'VALUES'" : "'VALUES'");
  reader.expectSymbol('(');
  const values: QueryText[] = [];
  do values.push(parseValue(reader, [',', ')']));
  while (reader.takeSymbol(','));
  reader.expectSymbol(')');
  if (!reader.atEnd && !reader.peek('when')) throw reader.unexpected("'WHEN', <EOF>");
  return { kind: 'insert', columns, values };
}
