import { notFunctions } from './keywords.ts';
import { typedLiteral } from './literals.ts';
import type { Rendering } from './Rendering.ts';
import type { TokenList } from './TokenList.ts';
import type { Translator } from './Translator.ts';

/**
 * Writes `x + INTERVAL '1' DAY` so that a date stays a date: DuckDB makes a timestamp of it.
 *
 * @param limit The end of the range that is being written.
 * @returns The index after it; undefined where none begins.
 */
export function dateShift(
  translator: Translator,
  out: Rendering,
  index: number,
  limit: number,
): number | undefined {
  const { list } = translator;
  const left = beginsOperand(list, index) ? operandEnd(list, index) : undefined;
  if (left === undefined) return undefined;
  const shifts: { readonly minus: boolean; readonly from: number; readonly to: number }[] = [];
  for (let end = left; ; ) {
    const sign = list.symbol(end);
    const interval = list.word(end + 1) === 'interval' ? typedLiteral(list, end + 1) : undefined;
    if ((sign !== '+' && sign !== '-') || interval === undefined || end >= limit) break;
    let to = interval.next;
    for (let next = to; list.symbol(next) === '*' || list.symbol(next) === '/'; to = next) {
      next = operandEnd(list, next + 1) ?? next;
      if (next === to) break;
    }
    shifts.push({ minus: sign === '-', from: end + 1, to });
    end = to;
  }
  for (const { minus } of shifts.toReversed())
    out.add(minus ? 'trino_unshift(' : 'trino_shift(', list.offset(index));
  if (shifts.length === 0) return undefined;
  translator.writeOperand(out, index, left);
  for (const { from, to } of shifts) {
    out.add(',', list.offset(from));
    translator.writeOperand(out, from, to);
    out.add(')', list.offset(to - 1));
  }
  return shifts.at(-1)?.to;
}

/** Whether what stands before an index can't be the end of an operand itself. */
function beginsOperand(list: TokenList, index: number): boolean {
  const before = list.at(index - 1);
  if (before === undefined) return true;
  if (before.kind === 'symbol') return !/^[.)\]]$/.test(before.raw);
  return before.kind === 'word' && notFunctions.has(before.value);
}

/** Index after the name, call, literal or bracket at an index, subscripts and members included. */
function operandEnd(list: TokenList, index: number): number | undefined {
  const token = list.at(index);
  if (token === undefined) return undefined;
  const literal = typedLiteral(list, index);
  if (literal !== undefined) return literal.next;
  let end = index + 1;
  if (token.kind === 'symbol') {
    if (token.raw !== '(') return undefined;
    end = list.closeOf(index) + 1;
  } else if (token.kind === 'word') {
    if (notFunctions.has(token.value)) return undefined;
  }
  for (;;) {
    const symbol = list.symbol(end);
    if (symbol === '.') end += 2;
    else if (symbol === '(' || symbol === '[') end = list.closeOf(end) + 1;
    else if ((list.word(end) === 'over' || list.word(end) === 'filter') && list.symbol(end + 1) === '(')
      end = list.closeOf(end + 1) + 1;
    else return end;
  }
}
