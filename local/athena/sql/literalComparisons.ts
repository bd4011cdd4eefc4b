import type { TokenList } from '../../sql/TokenList.ts';
import { statementFailure } from './statementFailure.ts';
import type { SessionTable } from './tableSql.ts';

/**
 * Refuses `ds = '2026-11-20'` for a date: Trino compares no text with another type, where DuckDB converts it. Looks
 * only at columns whose name means one type in the statement.
 *
 * @throws StatementError `TYPE_MISMATCH`
 */
export function checkLiteralComparisons(
  list: TokenList,
  tables: readonly SessionTable[],
  place: { readonly sql: string; readonly shift: number },
): void {
  const types = new Map<string, string | undefined>();
  for (const { columns, keys } of tables) {
    for (const { name, trino } of [...columns, ...keys]) {
      types.set(name, types.has(name) && types.get(name) !== trino ? undefined : trino);
    }
  }
  // A name given in the statement may hide the column.
  for (let index = 0; index < list.length; index += 1) {
    const given = list.at(index + 1);
    if (list.word(index) === 'as' && given !== undefined) types.delete(given.value.toLowerCase());
  }
  for (let index = 0; index < list.length; index += 1) {
    const name = list.at(index);
    if (
      name === undefined ||
      (name.kind !== 'word' && name.kind !== 'quoted') ||
      list.symbol(index + 1) === '('
    )
      continue;
    const type = types.get(name.value.toLowerCase());
    if (type === undefined || /^(?:varchar|char|array|map|row)/.test(type)) continue;
    const found = comparedText(list, index + 1);
    if (found === undefined || (list.symbol(index - 1) === '(' && list.word(index - 2) === 'cast')) continue;
    throw statementFailure(
      'TYPE_MISMATCH',
      `Cannot apply operator: ${type} ${found.operator} varchar(${found.text.length})`,
      { sql: place.sql, offset: place.shift + list.offset(index + 1) },
    );
  }
}

/** The operator and the text that a value is compared with right there. */
function comparedText(
  list: TokenList,
  index: number,
): { readonly operator: string; readonly text: string } | undefined {
  const symbol = list.symbol(index);
  const operator = symbol !== undefined && /^(?:=|<>|!=|<|>|<=|>=)$/.test(symbol) ? symbol : undefined;
  const word = list.word(index) === 'not' ? index + 1 : index;
  const at =
    operator !== undefined || list.word(word) === 'between'
      ? operator === undefined
        ? word + 1
        : index + 1
      : undefined;
  const inside = list.word(word) === 'in' && list.symbol(word + 1) === '(' ? word + 2 : undefined;
  const text = list.at(at ?? inside ?? -1);
  if (text?.kind !== 'text') return undefined;
  return { operator: operator ?? (at === undefined ? 'IN' : 'BETWEEN'), text: text.value };
}
