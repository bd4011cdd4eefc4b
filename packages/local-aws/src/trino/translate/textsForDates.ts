import { selectBlocks } from './selects.ts';
import { SqlError, type TokenList } from './tokens.ts';

/** The operators that compare. */
const COMPARISON = /^(?:=|<>|!=|<|<=|>|>=)$/;

/**
 * Refuses a column of dates or times that is compared with a plain text, as Athena does: `ds >= '2026-11-18'`. DuckDB would
 * take the text for a date. It is the one check of types of the local Athena.
 *
 * @param columnTypes Trino's types of the columns of tables and views, by names that have one type.
 * @throws SqlError `TYPE_MISMATCH`, with the literal that is right.
 */
export function refuseTextsForDates(list: TokenList, columnTypes: ReadonlyMap<string, string>): void {
  const renamed = namesOfOthers(list);
  const check = (column: number, operator: number, index: number) => {
    const { kind, value = '' } = list.at(column) ?? {};
    const isName = (kind === 'word' || kind === 'quoted') && !renamed.has(value.toLowerCase());
    const type = /^(?:date|timestamp)/.exec(isName ? (columnTypes.get(value.toLowerCase()) ?? '') : '')?.[0];
    let from = column;
    while (list.symbol(from - 1) === '.') from -= 2;
    if (type === undefined || !isOperand(list, from, column)) return;
    const { raw = '', value: text = '' } = list.at(index) ?? {};
    const found = `${type} ${list.at(operator)?.raw.toUpperCase()} varchar(${[...text].length})`;
    const message = `Cannot apply operator: ${found}. Write ${type} ${raw}`;
    throw new SqlError('TYPE_MISMATCH', message, list.offset(operator));
  };
  for (const [index, { kind }] of list.tokens.entries()) {
    if (kind !== 'text' || !isOperand(list, index, index)) continue;
    if (COMPARISON.test(list.symbol(index - 1) ?? '')) check(index - 2, index - 1, index);
    let end = index + 2;
    while (list.symbol(end + 1) === '.') end += 2;
    if (COMPARISON.test(list.symbol(index + 1) ?? '')) check(end, index + 1, index);
    const range = rangeOf(list, index);
    if (range !== undefined) check(range - (list.word(range - 1) === 'not' ? 2 : 1), range, index);
  }
}

/** Whether an operand of a comparison is no part of a larger expression: no operator that binds tighter is beside it. */
function isOperand(list: TokenList, from: number, last: number): boolean {
  const isTight = (index: number) => /^(?:[-+*/%.[(]|\|\|)$/.test(list.symbol(index) ?? '');
  const isInList = list.symbol(from - 1) === '(';
  return (isInList || !isTight(from - 1)) && !isTight(last + 1) && list.word(last + 1) !== 'at';
}

/** The index of the BETWEEN or IN in whose bounds or list a text is. */
function rangeOf(list: TokenList, index: number): number | undefined {
  if (list.word(index - 1) === 'between') return index - 1;
  if (list.word(index - 1) === 'and' && list.word(index - 3) === 'between') return index - 3;
  let open = index - 1;
  while (list.symbol(open) === ',' || list.at(open)?.kind === 'text') open -= 1;
  return list.symbol(open) === '(' && list.word(open - 1) === 'in' ? open - 1 : undefined;
}

/** Names that the query itself gives, in select items and in lists of columns, as of `UNNEST(…) AS t(a, b)`. */
function namesOfOthers(list: TokenList): ReadonlySet<string> {
  const names = new Set<string | undefined>();
  for (const { alias } of selectBlocks(list).flatMap(({ columns }) => columns))
    names.add(list.at(alias ?? -1)?.value.toLowerCase());
  for (const index of list.tokens.keys()) {
    const close = list.symbol(index) === '(' ? list.closeOf(index) : index;
    const isBehindAs = list.word(index - 2) === 'as' || list.symbol(index - 2) === ')';
    const isList = isBehindAs || list.word(close + 1) === 'as';
    for (let at = index + 1; isList && at < close; at += 1) names.add(list.at(at)?.value.toLowerCase());
  }
  return new Set([...names].filter((name) => name !== undefined));
}
