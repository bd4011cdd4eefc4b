import { caseEnd, operandEnd } from './dateShift.ts';
import type { TokenList, TokenRange } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/**
 * The operands of `||` that are elements of the array beside them: DuckDB only joins arrays. Of `a || b || c`, whose left
 * operand is `a || b`, also that one. https://trino.io/docs/current/functions/array.html#concatenation-operator
 *
 * @param elements An offset in each of them: of an operand that is joined itself, that of its last `||`.
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
  // The word ARRAY is no name.
  const isArray = list.word(signed) === 'array' && list.symbol(signed + 1) === '[';
  const end = isArray ? list.closeOf(signed + 1) + 1 : operandEnd(list, signed);
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
