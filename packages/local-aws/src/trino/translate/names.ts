import { isLimit, isQuantifier, isWindow } from './selects.ts';
import type { TokenList } from './tokens.ts';
import { reservedInDuckDb } from './vocabulary.ts';

/** Whether the word at an index is syntax there, and no name. */
type IsSyntax = (list: TokenList, index: number) => boolean;

/** `ANY (…)`, `LATERAL (…)`, `ARRAY[…]`. */
const isBeforeBracket: IsSyntax = (list, index) => /^[([]$/.test(list.symbol(index + 1) ?? '');

/** `TRIM(BOTH x FROM y)`. In `trim(both)` it is a name. */
const isTrimmed: IsSyntax = (list, index) =>
  list.symbol(index - 1) === '(' &&
  list.word(index - 2) === 'trim' &&
  !/^[).,[]$/.test(list.symbol(index + 1) ?? '');

/** Words behind which an operand begins. Trino reserves them. */
const BEFORE_OPERAND =
  /^(?:select|distinct|by|where|having|on|and|or|not|in|between|like|escape|when|then|else|case|from|join|as|with|using)$/;

/** `ORDER BY x DESC`: the direction follows an operand. */
const isDirection: IsSyntax = (list, index) => {
  const before = list.at(index - 1);
  if (before?.kind === 'symbol') return /^[)\]]$/.test(before.raw);
  return before !== undefined && !(before.kind === 'word' && BEFORE_OPERAND.test(before.value));
};

/** Words that DuckDB takes for no name, and that are syntax at some places of Trino's queries. */
const SYNTAX: ReadonlyMap<string, IsSyntax> = new Map([
  ['all', isQuantifier],
  ['any', isBeforeBracket],
  ['array', isBeforeBracket],
  ['asc', isDirection],
  ['at', (list: TokenList, index: number) => list.words(index + 1, 'time', 'zone')],
  ['both', isTrimmed],
  ['desc', isDirection],
  ['fetch', isLimit],
  ['lateral', isBeforeBracket],
  ['leading', isTrimmed],
  ['limit', isLimit],
  ['offset', isLimit],
  ['only', (list: TokenList, index: number) => /^rows?$/.test(list.word(index - 1) ?? '')],
  ['some', isBeforeBracket],
  ['trailing', isTrimmed],
  ['try_cast', isBeforeBracket],
  ['window', isWindow],
]);

/**
 * Whether the word at an index is a name that DuckDB takes only in quotes. Trino's `nonReserved` are names wherever they are not
 * syntax.
 * https://github.com/trinodb/trino/blob/435/core/trino-parser/src/main/antlr4/io/trino/sql/parser/SqlBase.g4
 */
export function needsQuotes(list: TokenList, index: number): boolean {
  const word = list.word(index) ?? '';
  const isSyntax = SYNTAX.get(word);
  return isSyntax === undefined ? reservedInDuckDb.has(word) : !isSyntax(list, index);
}
