import { caseEnd } from './dateArithmetic.ts';
import type { TokenList } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/**
 * The opening brackets of the subscripts (`x[i].y[j]`) of the operand that starts at an index.
 * https://trino.io/docs/current/functions/array.html#subscript-operator
 */
export function subscriptsAt(list: TokenList, index: number): readonly number[] {
  const brackets: number[] = [];
  let end = operandStartEnd(list, index);
  while (end !== undefined) {
    const symbol = list.symbol(end);
    const word = list.word(end) ?? '';
    if (symbol === '[') brackets.push(end);
    if (symbol === '.') end += 2;
    else if (symbol === '(' || symbol === '[') end = list.closeOf(end) + 1;
    else if (/^(?:over|filter)$/.test(word) && list.symbol(end + 1) === '(') end = list.closeOf(end + 1) + 1;
    else return brackets;
  }
  return brackets;
}

/** The clauses of a call that have brackets of their own. */
const AFTER_CALL = /^(?:over|filter|group)$/;

/** The end of the first part of an operand: of a name, an array, a CASE or brackets. */
function operandStartEnd(list: TokenList, index: number): number | undefined {
  const token = list.at(index);
  const before = list.at(index - 1);
  if (token === undefined || before?.raw === '.') return undefined;
  if (token.kind === 'quoted' || token.kind === 'text') return index + 1;
  if (token.kind === 'word') {
    if (token.value === 'array' && list.symbol(index + 1) === '[') return list.closeOf(index + 1) + 1;
    if (token.value === 'case') return caseEnd(list, index);
    return notFunctions.has(token.value) ? undefined : index + 1;
  }
  const isCall =
    before?.kind === 'quoted' ||
    (before?.kind === 'word' && (!notFunctions.has(before.value) || AFTER_CALL.test(before.value))) ||
    /^[)\]]$/.test(before?.raw ?? '');
  return token.raw === '(' && token.kind === 'symbol' && !isCall ? list.closeOf(index) + 1 : undefined;
}
