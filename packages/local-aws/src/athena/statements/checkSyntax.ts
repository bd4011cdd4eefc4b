import { blankVersionClauses, isTableQuery, SqlError, TokenList, translate } from '../../trino/index.ts';
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
    const known = expandTableQueries(blankVersionClauses(blankLiteralTypes(query.sql), list), list);
    const { success, error, errorStart } = parse(known.sql, Dialect.Trino);
    if (success || error === undefined || error.includes(PARSER_LIMIT)) return;
    const shorter = blankLimits(known.sql);
    if (shorter !== known.sql && parse(shorter, Dialect.Trino).success) return;
    const start = known.offsetOf(errorStart ?? 0);
    const token = list.tokens.find(({ end }) => end > start);
    // It reports the last token where Trino reports the end of input.
    const last =
      token === undefined ||
      (token === list.tokens.at(-1) && /got end of input|Unexpected token: (?!Identifier)|got /.test(error));
    throw statementError(
      'SYNTAX_ERROR',
      `mismatched input '${last ? '<EOF>' : token.raw}'. Expecting: <expression>`,
      { sql: statement, offset: query.offset + (last ? query.sql.trimEnd().length : token.start) },
    );
  };
}

/** In errors of queries that are nested deeper than the parser reads. Trino has no such limit, and DuckDB parses them, too. */
const PARSER_LIMIT = 'E_GUARD_';

/**
 * Replaces `FETCH FIRST n ROWS ONLY`, and what follows a VALUES at the start of a query, by spaces: the parser does not know
 * them after brackets and VALUES. DuckDB does.
 */
function blankLimits(sql: string): string {
  const list = new TokenList(sql);
  let text = sql;
  const blank = (from: number, to: number) => {
    const [start, end] = [list.offset(from), list.offset(to)];
    text = `${text.slice(0, start)}${' '.repeat(end - start)}${text.slice(end)}`;
  };
  for (let index = 0; index < list.length; index += 1) {
    const rows = list.at(index + 2)?.kind === 'number' ? index + 3 : index + 2;
    const isFetch = list.word(index) === 'fetch' && /^(?:first|next)$/.test(list.word(index + 1) ?? '');
    if (isFetch && /^rows?$/.test(list.word(rows) ?? '') && list.word(rows + 1) === 'only')
      blank(index, rows + 2);
    if (list.word(0) !== 'values') continue;
    if (/^[([]$/.test(list.symbol(index) ?? '')) index = list.closeOf(index);
    else if (/^(?:order|limit|offset|fetch)$/.test(list.word(index) ?? '')) {
      blank(index, list.length);
      break;
    }
  }
  return text;
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
