import { parseTypedLiteral } from './literals.ts';
import type { Rendering, TokenWriter } from './Rendering.ts';
import type { TokenList } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/**
 * Writes `x + INTERVAL '1' DAY`, `x - 2 * INTERVAL '1' DAY` and `INTERVAL '1' DAY + x` so that a date remains a date,
 * where DuckDB returns a timestamp.
 *
 * @param limit The end of the range to write.
 * @returns The index after it; undefined without such an expression at the index.
 */
export function writeDateShift(
  writer: TokenWriter,
  out: Rendering,
  index: number,
  limit: number,
): number | undefined {
  const { list } = writer;
  let base = beginsOperand(list, index) ? termAt(list, index) : undefined;
  if (base === undefined) return undefined;
  const shifts: (Term & { readonly minus: boolean })[] = [];
  let end = base.to;
  if (base.isInterval) {
    const shifted = list.symbol(end) === '+' ? termAt(list, end + 1) : undefined;
    if (shifted === undefined || shifted.isInterval || shifted.to > limit) return undefined;
    shifts.push({ ...base, minus: false });
    base = shifted;
    end = base.to;
  }
  for (;;) {
    const sign = list.symbol(end);
    const term = sign === '+' || sign === '-' ? termAt(list, end + 1) : undefined;
    if (term?.isInterval !== true || term.to > limit) break;
    shifts.push({ ...term, minus: sign === '-' });
    end = term.to;
  }
  if (shifts.length === 0) return undefined;
  for (const { minus } of shifts.toReversed())
    out.add(minus ? 'trino_unshift(' : 'trino_shift(', list.offset(index));
  writer.writeOperand(out, base.from, base.to);
  for (const { from, to } of shifts) {
    out.add(',', list.offset(from));
    writer.writeOperand(out, from, to);
    out.add(')', list.offset(to - 1));
  }
  return end;
}

/** Operands joined by `*` or `/`, and whether one of them is an interval. */
interface Term {
  /** Index of its first token. */
  readonly from: number;
  /** Index after its last token. */
  readonly to: number;
  /** Whether one of the operands is an interval. */
  readonly isInterval: boolean;
}

/** The term that begins at an index; undefined if no operand begins there. */
function termAt(list: TokenList, from: number): Term | undefined {
  let to = operandEnd(list, from);
  if (to === undefined) return undefined;
  let isInterval = list.word(from) === 'interval';
  for (let symbol = list.symbol(to); symbol === '*' || symbol === '/'; symbol = list.symbol(to)) {
    const next = operandEnd(list, to + 1);
    if (next === undefined) break;
    isInterval ||= list.word(to + 1) === 'interval';
    to = next;
  }
  return { from, to, isInterval };
}

/** Whether an operand can start at an index: the token before it neither ends an operand nor binds more tightly. */
function beginsOperand(list: TokenList, index: number): boolean {
  const before = list.at(index - 1);
  if (before === undefined) return true;
  if (before.kind === 'symbol') return !/^[-*/%.)\]]$/.test(before.raw);
  return before.kind === 'word' && notFunctions.has(before.value);
}

/** The index after the `END` of the `CASE` at an index. */
export function caseEnd(list: TokenList, index: number): number | undefined {
  for (let at = index + 1; at < list.length; at += 1) {
    const symbol = list.symbol(at);
    if (symbol === '(' || symbol === '[') at = list.closeOf(at);
    else if (list.word(at) === 'end') return at + 1;
    else if (list.word(at) === 'case') at = (caseEnd(list, at) ?? list.length) - 1;
  }
  return undefined;
}

/** The index after the name, call, literal or parenthesis at an index, with its subscripts and members. */
function operandEnd(list: TokenList, index: number): number | undefined {
  const token = list.at(index);
  if (token === undefined) return undefined;
  const literal = parseTypedLiteral(list, index);
  if (literal !== undefined) return literal.next;
  let end = index + 1;
  if (token.kind === 'symbol') {
    if (token.raw !== '(') return undefined;
    end = list.closeOf(index) + 1;
  } else if (token.kind === 'word') {
    if (token.value === 'case') return caseEnd(list, index);
    if (token.value === 'array' && list.symbol(index + 1) === '[') end = list.closeOf(index + 1) + 1;
    else if (notFunctions.has(token.value)) return undefined;
  }
  for (;;) {
    const symbol = list.symbol(end);
    if (symbol === '.') end += 2;
    else if (symbol === '(' || symbol === '[') end = list.closeOf(end) + 1;
    else if (list.symbol(end - 1) !== ')' && list.word(end - 1) !== 'nulls') return end;
    else if (/^(?:over|filter)$/.test(list.word(end) ?? '') && list.symbol(end + 1) === '(')
      end = list.closeOf(end + 1) + 1;
    else if (list.word(end) === 'over' && list.at(end + 1)?.kind !== 'symbol') end += 2;
    else if (/^(?:ignore|respect)$/.test(list.word(end) ?? '') && list.word(end + 1) === 'nulls') end += 2;
    else return end;
  }
}
