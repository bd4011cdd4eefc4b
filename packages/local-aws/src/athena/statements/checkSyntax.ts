import { isTableQuery, SqlError, TokenList, translate } from '../../trino/index.ts';
import { statementError, toStatementError } from '../engine/StatementError.ts';
import type { QueryText } from './Statement.ts';

/**
 * Loads a parser of Trino's dialect, which checks queries before they run. Loading takes about 200 ms once.
 *
 * @returns A function that throws StatementError `SYNTAX_ERROR` with the position in the statement.
 */
export async function loadSyntaxCheck(): Promise<(query: QueryText, statement: string) => void> {
  const { Dialect, parse } = await import('@polyglot-sql/sdk');
  return (query, statement) => {
    checkTranslation(query, statement);
    const list = new TokenList(query.sql);
    const known = expandTableQueries(blankLiteralTypes(query.sql), list);
    const { success, error, errorStart } = parse(known.sql, Dialect.Trino);
    if (success || error === undefined || error.includes(PARSER_LIMIT)) return;
    const plainer = inPlainerWords(known.sql);
    const again = plainer === known.sql ? undefined : parse(plainer, Dialect.Trino);
    if (again?.success === true) return;
    const start = known.offsetOf(errorStart ?? 0);
    const token = list.tokens.find(({ end }) => end > start);
    // It reports the last token where Trino reports the end of input.
    const last =
      token === undefined ||
      (token === list.tokens.at(-1) && AT_END.test(error)) ||
      (AT_END.test(again?.error ?? '') && !/\s/.test(plainer.slice(again?.errorStart ?? 0).trim()));
    throw statementError(
      'SYNTAX_ERROR',
      `mismatched input '${last ? '<EOF>' : token.raw}'. Expecting: <expression>`,
      { sql: statement, offset: query.offset + (last ? query.sql.trimEnd().length : token.start) },
    );
  };
}

/** In errors at the last token, which it reports where Trino reports the end of input. */
const AT_END = /got end of input|Unexpected token: (?!Identifier)|got /;

/** In errors of queries that are nested deeper than the parser reads. Trino has no such limit, and DuckDB parses them, too. */
const PARSER_LIMIT = 'E_GUARD_';

const AFTER_VALUES = /^(?:order|limit|offset|fetch|union|intersect|except)$/;

/**
 * Writes what the parser does not know so that it does: VALUES as a subquery, which may be ordered and limited, and no
 * `FETCH FIRST n ROWS ONLY`, which it knows only after a SELECT without brackets.
 */
function inPlainerWords(sql: string): string {
  const list = new TokenList(sql);
  const edits: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  for (const [index, { start }] of list.tokens.entries()) {
    if (list.word(index) === 'values') {
      let end = index + 1;
      for (; end < list.length; end += 1) {
        const symbol = list.symbol(end) ?? '';
        if (/^[([]$/.test(symbol)) end = list.closeOf(end);
        else if (symbol === ')' || AFTER_VALUES.test(list.word(end) ?? '')) break;
      }
      edits.push({ from: start, to: start, text: 'SELECT * FROM (' });
      edits.push({ from: list.offset(end), to: list.offset(end), text: ') ' });
    }
    const count = list.at(index + 2);
    const rows = count?.kind === 'parameter' || /^\d+$/.test(count?.raw ?? '') ? index + 3 : index + 2;
    if (
      list.word(index) === 'fetch' &&
      /^(?:first|next)$/.test(list.word(index + 1) ?? '') &&
      /^rows?$/.test(list.word(rows) ?? '') &&
      list.word(rows + 1) === 'only' &&
      list.word(rows + 2) !== 'offset'
    )
      edits.push({ from: start, to: list.offset(rows + 2), text: ' ' });
  }
  return edits
    .sort((one, other) => one.from - other.from)
    .reduceRight((text, { from, to, text: own }) => text.slice(0, from) + own + text.slice(to), sql);
}

/** Types that may precede a string literal (`BIGINT '5'`). The parser does not support all of them. */
const LITERAL_TYPES =
  /^(?:bigint|integer|int|smallint|tinyint|real|double|precision|boolean|decimal|varchar|char|varbinary|json|uuid|time|ipaddress)$/;

/** Replaces the types of literals (`BIGINT '5'`) by spaces, so that offsets do not change. */
function blankLiteralTypes(sql: string): string {
  const list = new TokenList(sql);
  let text = sql;
  for (const [index, { value, start, end }] of list.tokens.entries()) {
    const typed =
      list.word(index) !== undefined && LITERAL_TYPES.test(value) && list.at(index + 1)?.kind === 'text';
    const isPrecise = list.words(index, 'double', 'precision') && list.at(index + 2)?.kind === 'text';
    if ((typed || isPrecise) && list.word(index - 1) !== 'as')
      text = `${text.slice(0, start)}${' '.repeat(end - start)}${text.slice(end)}`;
  }
  return text;
}

const TABLE_QUERY = 'SELECT * FROM';

/** Replaces `TABLE t` by `SELECT * FROM t`. The parser supports TABLE only at the start of a query. */
function expandTableQueries(sql: string, list: TokenList) {
  const starts = list.tokens.flatMap(({ start }, index) => (isTableQuery(list, index) ? [start] : []));
  const longer = TABLE_QUERY.length - 'table'.length;
  return {
    sql: starts.reduceRight(
      (text, start) => `${text.slice(0, start)}${TABLE_QUERY}${text.slice(start + 'table'.length)}`,
      sql,
    ),
    /** Converts an offset in the new text to one in the query. */
    offsetOf: (index: number) =>
      index - longer * starts.filter((start, position) => start + longer * position < index).length,
  };
}

/** Reports syntax errors of the translation. Unknown names are reported when the query runs. */
function checkTranslation(query: QueryText, statement: string): void {
  try {
    const parameters = new TokenList(query.sql).tokens
      .filter(({ kind }) => kind === 'parameter')
      .map(() => 'NULL');
    translate(query.sql, { parameters });
  } catch (error) {
    if (error instanceof SqlError && error.code === 'SYNTAX_ERROR')
      throw toStatementError(error, statement, query.offset);
    if (!(error instanceof SqlError)) throw error;
  }
}
