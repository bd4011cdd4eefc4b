import { quoteName } from '../../../base/sql.ts';
import { TokenList } from '../../../trino/index.ts';
import { StatementError, statementError } from '../../engine/StatementError.ts';
import type { Assignment, QueryText, RowChange, TableName } from '../../statements/Statement.ts';

/** A row change as a query in Trino's SQL over its tables. Every row of the result is a change of one row, or none. */
export interface ChangeQuery {
  readonly sql: string;
  /** Contents of its columns, in order. */
  readonly columns: readonly ChangeColumn[];
  /** Converts an offset in `sql` to one in the statement. */
  offsetOf(index: number): number;
  /** The end of the last part of the statement before an offset in `sql` that is in none; undefined within a part. */
  endBefore(index: number): number | undefined;
}

/**
 * A column of a {@link ChangeQuery}. `clause` is the index of the WHEN clause that applies, 0 for DELETE and UPDATE, or -1.
 * `file` and `pos` say where the changed row is; they are null for a row to insert. `value` is what a clause assigns to a
 * column, null where another clause applies. `old` is what the row has in a column that some clause leaves as it is.
 */
export type ChangeColumn =
  | { readonly kind: 'clause' | 'file' | 'pos' }
  | { readonly kind: 'value'; readonly clause: number; readonly column: string }
  | { readonly kind: 'old'; readonly column: string };

const CLAUSE = '"$clause"';
const FILE = '"$file"';
const POS = '"$pos"';

/**
 * Composes the query of a row change.
 *
 * @param columns The names of the table's columns, in order. Without them, the columns `old` are left out, and columns
 *   of an INSERT without names have no names, which suffices to check the syntax.
 */
export function changeQuery(change: RowChange, columns: readonly string[] = []): ChangeQuery {
  const text = new Composition();
  const table = tableText(change.name);
  // DuckDB has no alias of an expression with a subquery.
  const repeats =
    change.kind === 'merge' &&
    change.clauses.some(({ condition }) => /\bselect\b/i.test(condition?.sql ?? ''));
  const found: ChangeColumn[] = [{ kind: 'clause' }, { kind: 'file' }, { kind: 'pos' }];
  const value = (clause: number, column: string, written: QueryText, guarded: boolean) => {
    const { sql, offset } = written;
    found.push({ kind: 'value', clause, column });
    text.add(guarded ? ', CASE ' : ', ', offset);
    if (guarded && repeats && change.kind === 'merge')
      addClause(text, change, quoteName(change.alias ?? change.name.table));
    if (guarded) text.add(`${repeats ? '' : CLAUSE} WHEN ${clause} THEN `, offset);
    text.copyExpression(sql, offset);
    if (guarded) text.add(' END', offset);
  };
  const old = (kept: readonly string[], qualifier: string) => {
    for (const column of kept) {
      found.push({ kind: 'old', column });
      text.add(`, ${qualifier}${quoteName(column)}`, change.offset);
    }
  };
  if (change.kind === 'merge') {
    const target = quoteName(change.alias ?? change.name.table);
    text.add('SELECT ', change.offset);
    addClause(text, change, target);
    text.add(` AS ${CLAUSE}, ${target}.${FILE}, ${target}.${POS}`, change.offset);
    for (const [index, { action }] of change.clauses.entries()) {
      if (action.kind === 'update')
        for (const { column, value: assigned } of action.assignments) value(index, column, assigned, true);
      if (action.kind === 'insert')
        for (const [place, inserted] of action.values.entries())
          value(index, (action.columns ?? columns)[place] ?? '', inserted, true);
    }
    old(keptColumns(change, columns), `${target}.`);
    const alias = change.alias === undefined ? '' : ` AS ${quoteName(change.alias)}`;
    // Without INSERT, source rows that match nothing change nothing.
    const inserts = change.clauses.some(({ action }) => action.kind === 'insert');
    text.add(' FROM ', change.name.offset);
    text.add(`${table}${alias}`, change.name.offset);
    const joined = hasJoin(change.source.sql);
    text.add(` ${inserts ? 'RIGHT ' : ''}JOIN ${joined ? '(' : ''}`, change.source.offset);
    text.copy(change.source.sql, change.source.offset);
    text.add(`${joined ? ')' : ''} ON `, change.on.offset);
    text.copyExpression(change.on.sql, change.on.offset);
  } else {
    text.add(`SELECT 0 AS ${CLAUSE}, ${FILE}, ${POS}`, change.offset);
    if (change.kind === 'update') {
      for (const { column, value: assigned } of change.assignments) value(0, column, assigned, false);
      old(keptColumns(change, columns), '');
    }
    text.add(' FROM ', change.name.offset);
    text.add(table, change.name.offset);
    if (change.where !== undefined) {
      text.add(' WHERE ', change.where.offset);
      text.copyExpression(change.where.sql, change.where.offset);
    }
  }
  return {
    sql: text.sql,
    columns: found,
    offsetOf: (index) => text.offsetOf(index),
    endBefore: (index) => text.endBefore(index),
  };
}

/** Adds the index of the first clause that applies. */
function addClause(
  text: Composition,
  { clauses, offset: start }: Extract<RowChange, { kind: 'merge' }>,
  target: string,
): void {
  text.add('CASE', start);
  for (const [index, { matched, condition, offset }] of clauses.entries()) {
    text.add(` WHEN ${target}.${POS} IS ${matched ? 'NOT ' : ''}NULL`, offset);
    if (condition !== undefined) {
      text.add(' AND (', condition.offset);
      text.copy(condition.sql, condition.offset);
      text.add(')', condition.offset + condition.sql.length);
    }
    text.add(` THEN ${index}`, offset);
  }
  text.add(' ELSE -1 END', start);
}

/** The columns that one of the updates leaves as they are. */
function keptColumns(change: RowChange, columns: readonly string[]): string[] {
  const updates = updatesOf(change).map(({ assignments }) => assignments);
  return columns.filter((name) =>
    updates.some((assignments) => assignments.every(({ column }) => column !== name)),
  );
}

/** The updates of a statement, with the index of their clause. */
export function updatesOf(
  change: RowChange,
): { readonly clause: number; readonly assignments: readonly Assignment[] }[] {
  if (change.kind === 'update') return [{ clause: 0, assignments: change.assignments }];
  if (change.kind === 'delete') return [];
  return change.clauses.flatMap(({ action }, clause) =>
    action.kind === 'update' ? [{ clause, assignments: action.assignments }] : [],
  );
}

function tableText({ catalog, database, table }: TableName): string {
  return [catalog, database, table]
    .flatMap((part) => (part === undefined ? [] : [quoteName(part)]))
    .join('.');
}

/** Whether a relation is a join, which needs parentheses to be joined. */
function hasJoin(sql: string): boolean {
  const list = new TokenList(sql);
  for (let index = 0; index < list.length; index += 1) {
    if (/^[([]$/.test(list.symbol(index) ?? '')) index = list.closeOf(index);
    else if (list.word(index) === 'join') return true;
  }
  return false;
}

/**
 * The values of the parameters in the order of the query, where parts of the statement have other places and may be
 * repeated.
 *
 * @throws StatementError `INVALID_PARAMETER_USAGE`
 */
export function changeParameters(
  query: ChangeQuery,
  statement: string,
  parameters: readonly string[],
): string[] {
  const own = parameterOffsets(statement);
  if (own.length !== parameters.length) {
    throw statementError(
      'INVALID_PARAMETER_USAGE',
      `Incorrect number of parameters: expected ${own.length} but found ${parameters.length}`,
      { sql: statement, offset: 0 },
    );
  }
  return parameterOffsets(query.sql).map((start) => parameters[own.indexOf(query.offsetOf(start))] ?? 'NULL');
}

function parameterOffsets(sql: string): number[] {
  return new TokenList(sql).tokens.flatMap(({ kind, start }) => (kind === 'parameter' ? [start] : []));
}

/** An error of a composed query as one of the statement, with the position there. */
export function changeError(error: unknown, query: ChangeQuery, statement: string): unknown {
  if (!(error instanceof StatementError) || error.place?.sql !== query.sql) return error;
  const { code, text, offset } = error.place;
  const end = query.endBefore(offset);
  if (code === 'SYNTAX_ERROR' && end !== undefined) {
    // A part ends too early: what follows it in the statement is unexpected.
    const list = new TokenList(statement);
    const next = list.tokens.findIndex(({ start }) => start >= end);
    return statementError(
      code,
      text.replace(/^mismatched input '.*?'(?=\. )/s, `mismatched input '${list.at(next)?.raw ?? '<EOF>'}'`),
      { sql: statement, offset: next < 0 ? list.offset(list.length) : list.offset(next) },
      error.cause,
    );
  }
  return statementError(code, text, { sql: statement, offset: query.offsetOf(offset) }, error.cause);
}

/** A text that is put together from parts of a statement. */
class Composition {
  sql = '';
  readonly #parts: {
    readonly start: number;
    readonly end: number;
    readonly offset: number;
    readonly copied: boolean;
  }[] = [];

  /** Adds a text of our own. @param offset What its errors are reported at. */
  add(text: string, offset: number): void {
    this.#push(text, offset, false);
  }

  /** Adds a part of the statement, which begins at an offset there. */
  copy(text: string, offset: number): void {
    this.#push(text, offset, true);
  }

  /** Adds an expression of the statement. In parentheses, nothing that it has behind it becomes part of our query. */
  copyExpression(text: string, offset: number): void {
    // They would make an expression of a query.
    const isQuery = /^\s*(?:select|with|values|table)\b/i.test(text);
    if (!isQuery) this.add('(', offset);
    this.copy(text, offset);
    if (!isQuery) this.add(')', offset + text.length);
  }

  #push(text: string, offset: number, copied: boolean): void {
    const start = this.sql.length;
    this.sql += text;
    this.#parts.push({ start, end: this.sql.length, offset, copied });
  }

  offsetOf(index: number): number {
    const part = this.#parts.findLast(({ start }) => start <= index);
    return part === undefined ? 0 : part.offset + (part.copied ? index - part.start : 0);
  }

  endBefore(index: number): number | undefined {
    const found = this.#parts.findLastIndex(({ start }) => start <= index);
    const own = this.#parts[found];
    if (own?.copied === true && index < own.end) return undefined;
    const part = this.#parts.slice(0, found + 1).findLast(({ copied }) => copied);
    return part && part.offset + part.end - part.start;
  }
}
