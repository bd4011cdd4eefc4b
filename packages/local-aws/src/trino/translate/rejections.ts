import { operandEnd } from './dateArithmetic.ts';
import { parseTypedLiteral } from './literals.ts';
import { mismatched, notEmulated, SqlError, type Token, type TokenList } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/** Words that end an item of a list. */
const AFTER_LIST =
  /^(?:from|where|group|having|order|union|intersect|except|limit|offset|fetch|window|on|using|join|inner|left|right|full|cross)$/;

/** Joins that DuckDB has and Trino does not. */
const JOINS = /^(?:asof|positional|semi|anti)$/;

const LARGEST = 2n ** 63n - 1n;

/**
 * Rejects syntax that DuckDB has and Trino does not, as Trino's parser does.
 * https://github.com/trinodb/trino/blob/435/core/trino-parser/src/main/antlr4/io/trino/sql/parser/SqlBase.g4
 *
 * @throws SqlError `SYNTAX_ERROR`, `NOT_SUPPORTED` for NATURAL JOIN, `COLUMN_NOT_FOUND` for GROUP BY ALL.
 */
export function rejectForeignSyntax(list: TokenList): void {
  for (const [index, token] of list.tokens.entries()) {
    if (token.kind === 'symbol') rejectComma(list, index, token);
    else if (token.kind === 'number') rejectNumber(token, list.at(index + 1));
    else if (token.kind === 'word' && list.symbol(index - 1) !== '.') rejectWord(list, index, token);
  }
}

function rejectComma(list: TokenList, index: number, { raw, value }: Token): void {
  const next = list.at(index + 1);
  if (raw === ',') {
    if (next === undefined) throw unexpectedEnd(list);
    const over =
      next.kind === 'symbol'
        ? /^[)\],]$/.test(next.raw)
        : next.kind === 'word' && AFTER_LIST.test(next.value);
    // Some of these words may be names: `SELECT a, offset FROM t`.
    const name = /^(?:limit|offset|fetch|window)$/.test(next.value) && !isCount(list.at(index + 2));
    if (over && !name && list.symbol(index + 2) !== '(') throw mismatched(next);
  }
  if (value === '*' && /^(?:exclude|replace|rename)$/.test(list.word(index + 1) ?? '') && next !== undefined)
    if (list.symbol(index + 2) === '(') throw mismatched(next, "',', 'FROM'");
}

function rejectNumber({ raw, start, end }: Token, next: Token | undefined): void {
  // DuckDB takes the rest of `1a` for an alias.
  if (next?.kind === 'word' && next.start === end)
    throw new SqlError(
      'SYNTAX_ERROR',
      'identifiers must not start with a digit; surround the identifier with double quotes',
      start,
    );
  const digits = raw.replaceAll('_', '');
  const isWhole = /^(?:\d+|0[xbo][\da-f]+)$/i.test(digits);
  if (/^0[xbo]$/i.test(digits) || (isWhole && BigInt(digits) > LARGEST))
    throw new SqlError('SYNTAX_ERROR', `Invalid numeric literal: ${raw}`, start);
}

function rejectWord(list: TokenList, index: number, token: Token): void {
  const next = list.at(index + 1);
  const word = token.value;
  const behind = list.at(index - 1);
  const operand = behind !== undefined && (behind.kind !== 'symbol' || /^[)\]]$/.test(behind.raw));
  if (next === undefined) return;
  if (operand && list.word(index - 1) !== 'as') {
    if (/^(?:ilike|glob)$/.test(word) && beginsOperand(next)) throw mismatched(next, '<EOF>');
    if (word === 'similar' && next.value === 'to') throw mismatched(next, '<EOF>');
    if (word === 'is' && /^(?:true|false|unknown)$/.test(afterNot(list, index + 1)?.value ?? ''))
      throw mismatched(afterNot(list, index + 1) ?? next, "'DISTINCT', 'NOT', 'NULL'");
    if (JOINS.test(word) && next.value === 'join') throw mismatched(token, "'JOIN'");
  }
  if (word === 'limit' && isCount(next) && list.word(index + 2) === 'offset')
    throw mismatched(list.at(index + 2) ?? next, '<EOF>');
  if (word === 'for' && /^(?:timestamp|version)$/.test(next.value) && list.words(index + 2, 'as', 'of'))
    throw notEmulated('Time travel (FOR TIMESTAMP or VERSION AS OF)', token.start);
  if (word === 'natural' && /^(?:join|inner|left|right|full)$/.test(next.value))
    throw new SqlError('NOT_SUPPORTED', 'Natural join not supported', token.start);
  if (word === 'distinct' && next.value === 'on' && list.symbol(index + 2) === '(') throw mismatched(next);
  if (
    word === 'union' &&
    /^(?:by)$/.test(list.word(list.word(index + 1) === 'all' ? index + 2 : index + 1) ?? '')
  )
    throw mismatched(next, "'SELECT', 'VALUES'");
  if (word === 'using' && next.value === 'sample') throw mismatched(next, "'('");
  if (word === 'as' && next.kind === 'text') throw mismatched(next, '<identifier>');
  if (word === 'by' && next.value === 'all' && endsList(list, index + 2))
    throw new SqlError(
      'COLUMN_NOT_FOUND',
      "Column 'all' cannot be resolved or requester is not authorized to access requested resources",
      next.start,
    );
}

function afterNot(list: TokenList, index: number): Token | undefined {
  return list.word(index) === 'not' ? list.at(index + 1) : list.at(index);
}

function endsList(list: TokenList, index: number): boolean {
  const next = list.at(index);
  return (
    next === undefined ||
    next.raw === ')' ||
    next.raw === ',' ||
    AFTER_LIST.test(next.value) ||
    /^(?:asc|desc)$/.test(next.value)
  );
}

function isCount(token: Token | undefined): boolean {
  return token?.kind === 'number' || token?.kind === 'parameter' || token?.value === 'all';
}

function beginsOperand({ kind, raw, value }: Token): boolean {
  if (kind === 'symbol') return raw === '(' || raw === '-';
  return (
    kind !== 'word' || !(AFTER_LIST.test(value) || /^(?:and|or|end|then|else|when|as|asc|desc)$/.test(value))
  );
}

function unexpectedEnd(list: TokenList): SqlError {
  return new SqlError(
    'SYNTAX_ERROR',
    "mismatched input '<EOF>'. Expecting: <expression>",
    list.offset(list.length),
  );
}

/** An expression whose value has a time zone other than UTC. DuckDB keeps either its local time or its instant. */
interface Zoned {
  readonly from: number;
  readonly to: number;
  readonly keeps: 'clock' | 'instant';
}

/** Functions that use the local time and return a value without time zone. */
const CLOCK_FUNCTIONS =
  /^(?:date_format|format_datetime|date|year|quarter|month|week|week_of_year|year_of_week|yow|day|day_of_month|day_of_week|dow|day_of_year|doy|hour|minute|second|millisecond|last_day_of_month|extract|count|approx_distinct)$/;

/** Functions whose result has the time zone of their argument. */
const ZONE_KEEPING = /^(?:min|max|try|arbitrary|any_value)$/;
const CLOCK_KEEPING = /^(?:date_trunc|date_add)$/;

const UTC = /^(?:utc|z|gmt|[+-]00:?00|etc\/utc)$/i;
const ZONE = /(?:\s*[+-]\d{1,2}(?::?\d\d)?|\s[A-Za-z][\w/+-]*|Z)$/;

/**
 * Rejects times with another time zone wherever the result would differ from Trino's: DuckDB has no type with both an
 * instant and a time zone. Selecting, formatting, extracting, truncating and casting such times is supported.
 *
 * @throws SqlError `NOT_SUPPORTED`
 */
export function rejectZonedTimes(list: TokenList): void {
  for (const [index] of list.tokens.entries()) {
    const zoned = zonedAt(list, index);
    if (zoned !== undefined && !isSupportedUse(list, zoned)) {
      throw notEmulated(
        'A time of another zone that is compared, converted or selected in a subquery (CAST(… AS timestamp) keeps its clock)',
        list.offset(zoned.from),
      );
    }
  }
}

function zonedAt(list: TokenList, index: number): Zoned | undefined {
  if (list.symbol(index - 1) === '.') return undefined;
  if (list.words(index, 'at', 'time', 'zone')) {
    const zone = list.at(index + 3);
    if (zone?.kind === 'text' && UTC.test(zone.value)) return undefined;
    if (zone?.value === 'interval' || (zone?.kind === 'text' && /^[+-]/.test(zone.value)))
      throw notEmulated('AT TIME ZONE with an offset', list.offset(index));
    const to = zone?.kind === 'text' ? index + 4 : (operandEnd(list, index + 3) ?? index + 4);
    return { from: operandStart(list, index), to, keeps: 'clock' };
  }
  const word = list.word(index);
  const literal = word === 'timestamp' ? list.at(index + 1) : undefined;
  if (literal?.kind === 'text') {
    const zone = ZONE.exec(literal.value.slice(10))?.[0].trim();
    return zone === undefined || UTC.test(zone)
      ? undefined
      : { from: index, to: index + 2, keeps: 'instant' };
  }
  if (list.symbol(index + 1) !== '(') return undefined;
  const close = list.closeOf(index + 1);
  const [, second] = list.split(index + 2, close);
  const zoneArgument = list.at(second?.from ?? -1);
  if (second === undefined || (zoneArgument?.kind === 'text' && UTC.test(zoneArgument.value)))
    return undefined;
  if (word === 'at_timezone' || word === 'from_unixtime')
    return { from: index, to: close + 1, keeps: 'clock' };
  return word === 'with_timezone' ? { from: index, to: close + 1, keeps: 'instant' } : undefined;
}

/** Whether the value's use gives the correct result although its time zone is lost. */
function isSupportedUse(list: TokenList, { from, to, keeps }: Zoned): boolean {
  const clock = keeps === 'clock';
  const before = list.symbol(from - 1);
  const after = list.symbol(to);
  if (list.words(to, 'at', 'time', 'zone')) return !clock;
  if ((after === '+' || after === '-') && list.word(to + 1) === 'interval') {
    const next = parseTypedLiteral(list, to + 1)?.next;
    return next !== undefined && isSupportedUse(list, { from, to: next, keeps });
  }
  if ((after !== undefined && !/^[,)]$/.test(after)) || (before !== undefined && !/^[,(]$/.test(before)))
    return !clock;
  if (/^(?:between|in|not|like|and|or|when|then|end)$/.test(list.word(to) ?? '')) return !clock;
  if (list.words(to, 'is', 'distinct') || list.words(to, 'is', 'not', 'distinct')) return !clock;
  if (/^(?:between|and|or|not|case|when|then|else)$/.test(list.word(from - 1) ?? '')) return !clock;
  const open = enclosingBracket(list, from, to);
  const close = open === undefined ? to : list.closeOf(open);
  const call = open === undefined || list.symbol(open) === '[' ? undefined : list.word(open - 1);
  if (open !== undefined && list.symbol(open) === '[') return !clock;
  if (open !== undefined && call !== undefined && !notFunctions.has(call))
    return isSupportedArgument(list, { from: open - 1, to: close + 1, keeps }, call, to);
  if (open === from - 1 && close === to) return isSupportedUse(list, { from: open, to: close + 1, keeps });
  // The outer query may compare a subquery's column anywhere.
  return !clock || open === undefined || list.word(from - 1) === 'by' || !isSelectItem(list, from, open);
}

function isSupportedArgument(list: TokenList, whole: Zoned, call: string, end: number): boolean {
  const clock = whole.keeps === 'clock';
  if (call === 'cast' || call === 'try_cast') {
    const zone = list.word(end + 1) === 'timestamp' && list.word(list.closeOf(whole.from + 1) - 1) === 'zone';
    return clock ? !zone && /^(?:date|time|timestamp)$/.test(list.word(end + 1) ?? '') : zone;
  }
  if (CLOCK_FUNCTIONS.test(call)) return clock || /^(?:count|approx_distinct)$/.test(call);
  if (ZONE_KEEPING.test(call) || (clock && CLOCK_KEEPING.test(call))) return isSupportedUse(list, whole);
  return !clock && !CLOCK_KEEPING.test(call) && call !== 'to_iso8601';
}

/** Whether an index is in the select list of a subquery, and not in its later clauses. */
function isSelectItem(list: TokenList, index: number, open: number): boolean {
  let clause: string | undefined;
  for (let at = open + 1; at < index; at += 1) {
    if (list.symbol(at) === '(' || list.symbol(at) === '[') at = list.closeOf(at);
    else if (/^(?:select|from|where|group|order)$/.test(list.word(at) ?? '')) clause = list.word(at);
  }
  return clause !== 'group' && clause !== 'order';
}

/** The innermost bracket that encloses a range. */
function enclosingBracket(list: TokenList, from: number, to: number): number | undefined {
  for (let open = from - 1; open >= 0; open -= 1)
    if (/^[([]$/.test(list.symbol(open) ?? '') && list.closeOf(open) >= to) return open;
  return undefined;
}

/** The index of the first token of the operand that ends before an index. */
function operandStart(list: TokenList, end: number): number {
  let start = end - 1;
  for (;;) {
    if (list.symbol(start) === ')' || list.symbol(start) === ']') {
      const close = start;
      while (start > 0 && list.closeOf(start) !== close) start -= 1;
      const called = list.word(start - 1);
      const subscript = list.symbol(start) === '[';
      if (subscript || (called !== undefined && !notFunctions.has(called))) start -= 1;
      if (subscript) continue;
    } else if (list.at(start)?.kind === 'text' && list.word(start - 1) !== undefined) start -= 1;
    if (list.symbol(start - 1) !== '.') return start;
    start -= 2;
  }
}
