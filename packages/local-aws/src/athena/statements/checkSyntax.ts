import { isTableQuery, SqlError, TokenList, translate } from '../../trino/index.ts';
import { statementError, toStatementError } from '../engine/StatementError.ts';
import type { QueryText } from './Statement.ts';

/**
 * Loads a parser of Trino's dialect, for refusing a query before it is run: some 200 ms, once.
 *
 * @returns What throws StatementError `SYNTAX_ERROR` for a query that can't be read, with its place in the statement.
 */
export async function loadSyntaxCheck(): Promise<(query: QueryText, statement: string) => void> {
  const { Dialect, parse } = await import('@polyglot-sql/sdk');
  return (query, statement) => {
    checkTranslation(query, statement);
    const list = new TokenList(query.sql);
    const known = expandTableQueries(blankLiteralTypes(query.sql), list);
    const { success, error, errorStart } = parse(known.sql, Dialect.Trino);
    if (success || error === undefined) return;
    const start = known.offsetOf(errorStart ?? 0);
    const token = list.tokens.find(({ end }) => end > start);
    // It tells of the last token where Trino tells of the end.
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

/** Types that a text may follow as a value of theirs, which the parser doesn't know of all. */
const LITERAL_TYPES =
  /^(?:bigint|integer|int|smallint|tinyint|real|double|boolean|decimal|varchar|char|json|uuid|time)$/;

/** The query with spaces for the types of its literals (`BIGINT '5'`), so that all places stay. */
function blankLiteralTypes(sql: string): string {
  const list = new TokenList(sql);
  let text = sql;
  for (const [index, { value, start, end }] of list.tokens.entries()) {
    const typed =
      list.word(index) !== undefined && LITERAL_TYPES.test(value) && list.at(index + 1)?.kind === 'text';
    if (typed && list.word(index - 1) !== 'as')
      text = `${text.slice(0, start)}${' '.repeat(end - start)}${text.slice(end)}`;
  }
  return text;
}

const TABLE_QUERY = 'SELECT * FROM';

/** The query with `SELECT * FROM t` for each `TABLE t`, which the parser knows at the beginning only. */
function expandTableQueries(sql: string, list: TokenList) {
  const starts = list.tokens.flatMap(({ start }, index) => (isTableQuery(list, index) ? [start] : []));
  const longer = TABLE_QUERY.length - 'table'.length;
  return {
    sql: starts.reduceRight(
      (text, start) => `${text.slice(0, start)}${TABLE_QUERY}${text.slice(start + 'table'.length)}`,
      sql,
    ),
    /** The character of the query behind one of the text. */
    offsetOf: (index: number) =>
      index - longer * starts.filter((start, position) => start + longer * position < index).length,
  };
}

/** What the translation knows to be no SQL. Names that aren't there are told when the query runs. */
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
