import { caseEnd } from './dateArithmetic.ts';
import type { TokenList, TokenRange } from './tokens.ts';
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

/** Whether an index is a literal that is not negative, of which no check is needed. */
function isPlainIndex(list: TokenList, { from, to }: TokenRange): boolean {
  return to === from + 1 && /^(?:number|text)$/.test(list.at(from)?.kind ?? '');
}

/**
 * The tokens of an operand and its index up to which a macro may mention them more than once. Each mention multiplies the
 * size of nested ones: `split(x, ',')[1]` is short, `transform(ARRAY[y], z -> …)[1]`, which names a value, is long.
 */
const SHORT = 8;

/** The macro of `x[i]`. */
export function subscriptMacro(list: TokenList, operand: TokenRange, index: TokenRange): string {
  if (index.to - operand.from > SHORT) return 'trino_subscript_once';
  return isPlainIndex(list, index) ? 'trino_subscript' : 'trino_subscript_of';
}

/** The macro of `element_at(x, i)`, which counts from the end for negative numbers and fails for zero alone. */
export function elementAtMacro(list: TokenList, operand: TokenRange, index: TokenRange): string {
  const from = list.symbol(index.from) === '-' ? index.from + 1 : index.from;
  const literal = index.to === from + 1 ? list.at(from) : undefined;
  if (literal?.kind === 'text' || (literal?.kind === 'number' && /^[1-9]/.test(literal.raw)))
    return 'trino_element_at_plain';
  return index.to - operand.from > SHORT ? 'trino_element_at_once' : 'trino_element_at';
}
