import { quoteText } from '../../base/sql.ts';
import { parseCastType, parseTypedLiteral, SqlError, TokenList, translate } from '../../trino/index.ts';
import { statementError } from '../engine/StatementError.ts';

/** A word or several, as `Washington` or `New York`. */
const BARE_TEXT = /^\p{L}[\p{L}\p{N}_]*(?: [\p{L}\p{N}_]+)*$/u;

/**
 * The `ExecutionParameters` of a request as SQL. Bare words are a text, although the documentation asks for quotes: the
 * tests of AWS SDK for pandas, which run on AWS, send `Washington` for a string.
 * https://github.com/aws/aws-sdk-pandas/blob/main/tests/unit/test_athena.py, test_athena_paramstyle_qmark_parameters
 */
export function executionParameters(parameters: readonly string[]): string[] {
  return parameters.map((text) => {
    const bare = text.trim();
    return BARE_TEXT.test(bare) && !isLiteral(bare) ? quoteText(bare) : text;
  });
}

/**
 * The values of a statement's `?` parameters in DuckDB's SQL. Only literals are accepted: numbers, quoted strings,
 * TRUE, FALSE, NULL, typed literals such as `DATE '…'`, and casts of these.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
 *
 * @throws StatementError `INVALID_PARAMETER_USAGE`
 */
export function parameterLiterals(parameters: readonly string[]): string[] {
  return parameters.map((text) => {
    if (!isLiteral(text)) {
      throw statementError(
        'INVALID_PARAMETER_USAGE',
        `Execution parameter ${text} is not a literal: texts need quotes`,
      );
    }
    const query = translate(`SELECT ${text}`).sql.slice('SELECT '.length);
    return `(${query})`;
  });
}

/** Whether a text is one literal of SQL: a number, a string, a date, or a cast of one. */
function isLiteral(text: string): boolean {
  try {
    const list = new TokenList(text);
    const signed = list.symbol(0) === '-' || list.symbol(0) === '+' ? 1 : 0;
    const token = list.at(signed);
    if (token?.kind === 'number') return list.length === signed + 1;
    if (signed > 0) return false;
    if (/^(?:try_)?cast$/.test(list.word(0) ?? '')) return isCastLiteral(list);
    if (token?.kind === 'text' || /^(?:true|false|null)$/.test(list.word(0) ?? '')) return list.length === 1;
    return parseTypedLiteral(list, 0)?.next === list.length;
  } catch (error) {
    if (error instanceof SqlError) return false;
    throw error;
  }
}

/** Whether all of a text is `CAST(… AS type)` of a literal. */
function isCastLiteral(list: TokenList): boolean {
  if (list.symbol(1) !== '(' || list.closeOf(1) !== list.length - 1) return false;
  const as = list.tokens.findLastIndex(({ kind, value }) => kind === 'word' && value === 'as');
  return as > 2 && isLiteral(list.text(2, as)) && parseCastType(list.tokens, as + 1).next === list.length - 1;
}
