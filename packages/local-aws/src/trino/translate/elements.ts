import { caseEnd, operandEnd } from './dateArithmetic.ts';
import type { TokenList, TokenRange } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/**
 * The operands of `||` that are elements of the array beside them: DuckDB only joins arrays. In `a || b || c`, the left
 * operand of the second `||` is `a || b`, which may be one, too.
 * https://trino.io/docs/current/functions/array.html#concatenation-operator
 *
 * @param elements An offset in each of them. For an operand that is joined itself, the offset of its last `||`.
 */
export function elementRanges(list: TokenList, elements: ReadonlySet<number>): readonly TokenRange[] {
  const pairs = list.tokens.flatMap(({ raw }, index) => {
    const to = raw === '||' ? rightEnd(list, index + 1) : undefined;
    if (to === undefined) return [];
    const left = { from: leftStart(list, index), to: index };
    return [...(operators(list, left) > 0 ? [] : [left]), { from: index + 1, to }];
  });
  return [...elements].flatMap((offset) => {
    const joined = list.tokens.findIndex(({ start, raw }) => start === offset && raw === '||');
    const end = joined < 0 ? undefined : rightEnd(list, joined + 1);
    if (end !== undefined && list.symbol(end) === '||') return [{ from: leftStart(list, joined), to: end }];
    const around = pairs.filter(
      ({ from, to }) => list.offset(from) <= offset && offset < (list.at(to - 1)?.end ?? 0),
    );
    const [inner] = around.sort((one, other) => one.to - one.from - (other.to - other.from));
    return inner === undefined ? [] : [inner];
  });
}

/** The number of `||` in a range, without those in brackets. */
function operators(list: TokenList, { from, to }: TokenRange): number {
  let count = 0;
  for (let at = from; at < to; at += 1) {
    if (/^[([]$/.test(list.symbol(at) ?? '')) at = list.closeOf(at);
    else if (list.symbol(at) === '||') count += 1;
  }
  return count;
}

/** The end of a sum or of an operand of it. */
function rightEnd(list: TokenList, from: number): number | undefined {
  const signed = /^[-+]$/.test(list.symbol(from) ?? '') ? from + 1 : from;
  const end = operandEnd(list, signed);
  return end !== undefined && /^[-+*/%]$/.test(list.symbol(end) ?? '') ? rightEnd(list, end + 1) : end;
}

/** The start of the operands that are joined before an operator. */
function leftStart(list: TokenList, index: number): number {
  let from = 0;
  for (let at = 0; at < index; at += 1) {
    const symbol = list.symbol(at) ?? '';
    const word = list.word(at) ?? '';
    if (symbol === '(' || symbol === '[') {
      const close = list.closeOf(at);
      if (close < index) at = close;
      else from = at + 1;
    } else if (word === 'case') {
      const end = caseEnd(list, at) ?? index + 1;
      if (end <= index) at = end - 1;
      else from = at + 1;
    } else if (/^(?:,|[<>=!]+)$/.test(symbol) || (notFunctions.has(word) && !/^(?:array|null)$/.test(word)))
      from = at + 1;
  }
  return from;
}

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
