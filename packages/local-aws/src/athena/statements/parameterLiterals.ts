import { typedLiteral } from '../../trino/translate/literals.ts';
import { SqlError } from '../../trino/translate/SqlError.ts';
import { TokenList } from '../../trino/translate/TokenList.ts';
import { translate } from '../../trino/translate/translate.ts';
import { statementFailure } from '../engine/statementFailure.ts';

/**
 * The values of a statement's `?` in DuckDB's words. Only literals are taken: a number, a text in quotes, TRUE,
 * FALSE, NULL, `DATE '…'` and the like.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
 *
 * @throws StatementError `INVALID_PARAMETER_USAGE`
 */
export function parameterLiterals(parameters: readonly string[]): string[] {
  return parameters.map((text) => {
    if (!isLiteral(text)) {
      throw statementFailure(
        'INVALID_PARAMETER_USAGE',
        `Execution parameter ${text} is not a literal: texts need quotes`,
      );
    }
    return `(${translate(`SELECT ${text}`).sql.slice('SELECT '.length)})`;
  });
}

function isLiteral(text: string): boolean {
  try {
    const list = new TokenList(text);
    const signed = list.symbol(0) === '-' || list.symbol(0) === '+' ? 1 : 0;
    const token = list.at(signed);
    if (token?.kind === 'number') return list.length === signed + 1;
    if (signed > 0) return false;
    if (token?.kind === 'text' || /^(?:true|false|null)$/.test(list.word(0) ?? '')) return list.length === 1;
    return typedLiteral(list, 0)?.next === list.length;
  } catch (error) {
    if (error instanceof SqlError) return false;
    throw error;
  }
}
