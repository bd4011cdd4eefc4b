import { zoneOf } from './literals.ts';
import { notEmulated, type TokenList } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/** Functions of the local time whose result has no time zone, and EXTRACT. */
const OF_LOCAL_TIME =
  /^(?:date_format|format_datetime|date|year|quarter|month|week|day|day_of_month|day_of_week|day_of_year|hour|minute|second|last_day_of_month|extract)$/;
/** Functions of the instant. */
const OF_INSTANT = /^(?:at_timezone|to_unixtime)$/;
/** Functions that return a value with time zone from a list of such values. */
const OF_EXTREMES = /^(?:min|max)$/;
/** What stands beside an operand that is compared. AND stands behind the lower bound of BETWEEN. */
const COMPARING = /^(?:=|<>|!=|<|<=|>|>=|between|and|in)$/;
/** What stands before a whole item of a list, or a whole argument. */
const BEFORE_ITEM = /^(?:,|\(|select|distinct|by)$/;
/** What stands behind a whole item of a list, or a whole argument. */
const BEHIND_ITEM = /^(?:,|\)|as|from|asc|desc|order|limit)$/;
/** The symbols that stand before an operand, besides brackets. */
const BEFORE_OPERAND = /^(?:[-+*/%<>=!]+|\|\||,)$/;
/** The names of UTC. */
const UTC = /^(?:utc|z|gmt|[+-]00:?00|etc\/utc)$/i;

/**
 * A value with another zone than UTC. DuckDB keeps either its instant or its local time. The value may begin before
 * `at`.
 */
interface Zoned {
  /** Index of the token that tells the zone: `AT`, `TIMESTAMP` or the name of a function; or of a bracket or a call around. */
  readonly at: number;
  /** Index after the value's last token. */
  readonly to: number;
  /** Whether DuckDB keeps the instant; if not, it keeps the local time. */
  readonly isInstant: boolean;
}

/**
 * Refuses times with another zone where DuckDB's value would be a wrong one:
 *
 * - An instant (a literal, `with_timezone`) is right where it is compared or shown, and in functions of the instant.
 * - A local time (`AT TIME ZONE`, `at_timezone`, `from_unixtime`) is right where it is cast to a date or a timestamp,
 *   truncated, extracted from, formatted, grouped or ordered by, or shown. The hour that comes twice when clocks are set
 *   back is then one hour.
 *
 * @param isStored Whether other queries read the result: then no local time is shown.
 * @throws SqlError `NOT_SUPPORTED`, also for a zone that has no name.
 */
export function rejectZonedTimes(list: TokenList, isStored: boolean): void {
  for (const index of list.tokens.keys()) {
    const zoned = zonedAt(list, index);
    if (zoned !== undefined && !isRight(list, zoned, isStored))
      throw notEmulated(
        'A time of another zone outside of CAST, date_trunc, EXTRACT and formats',
        list.offset(index),
      );
  }
}

/**
 * The value with another zone whose zone is told at an index; undefined if there is none.
 *
 * @throws SqlError `NOT_SUPPORTED` for AT TIME ZONE with an offset (DuckDB has none), a column or an expression.
 */
function zonedAt(list: TokenList, at: number): Zoned | undefined {
  const textAt = (index: number) => {
    const token = list.at(index);
    return token?.kind === 'text' ? token.value : undefined;
  };
  const isUtc = (index: number) => UTC.test(textAt(index) ?? '');
  if (list.words(at, 'at', 'time', 'zone')) {
    if (/^[+-]|^$/.test(textAt(at + 3) ?? ''))
      throw notEmulated('AT TIME ZONE without the name of a zone', list.offset(at));
    return isUtc(at + 3) ? undefined : { at, to: at + 4, isInstant: false };
  }
  const word = list.word(at) ?? '';
  const literal = textAt(at + 1);
  if (word === 'timestamp' && literal !== undefined)
    return UTC.test(zoneOf(literal) ?? 'UTC') ? undefined : { at, to: at + 2, isInstant: true };
  if (!/^(?:at_timezone|with_timezone|from_unixtime)$/.test(word) || list.symbol(at + 1) !== '(')
    return undefined;
  const close = list.closeOf(at + 1);
  const [, zone] = list.split(at + 2, close);
  if (zone === undefined || isUtc(zone.from)) return undefined;
  return { at, to: close + 1, isInstant: word === 'with_timezone' };
}

/** Whether a value is right in its place although DuckDB has not kept its zone. @param isStored As of {@link rejectZonedTimes}. */
function isRight(list: TokenList, { at, to, isInstant }: Zoned, isStored: boolean): boolean {
  const beforeAt = indexBefore(list, at);
  // A text that begins with the value is an expression alone.
  const before = beforeAt < 0 ? 'select' : (keywordAt(list, beforeAt) ?? '');
  const behind = keywordAt(list, to);
  const isCompared = COMPARING.test(before) || COMPARING.test(behind ?? '');
  // A second AT TIME ZONE is of the instant, too.
  if (isInstant && (isCompared || list.words(to, 'at', 'time', 'zone'))) return true;
  const open = bracketAround(list, beforeAt, to);
  const close = list.closeOf(open);
  const call = callOf(list, open);
  const isExtracted = before === 'from' && call === 'extract';
  if (!BEFORE_ITEM.test(before) && !isExtracted) return false;
  // An alias in quotes may be behind an item, or the end of the text.
  if (behind !== undefined && !BEHIND_ITEM.test(behind)) return false;
  if (before === 'by') return true;
  if (open < 0) return isInstant || !(isStored || hasSetOperation(list));
  // The values of IN are compared.
  if (call === 'in') return isInstant;
  if (call === 'cast' || call === 'try_cast') return !isInstant && isCastToLocal(list, to, close);
  const whole = { at: open - 1, to: close + 1, isInstant };
  if (call === 'date_trunc') return !isInstant && isRight(list, whole, isStored);
  if (OF_EXTREMES.test(call)) return isRight(list, whole, isStored);
  if (call !== '' && !notFunctions.has(call)) return (isInstant ? OF_INSTANT : OF_LOCAL_TIME).test(call);
  // An item of a subquery may be compared anywhere; brackets around the value alone leave it as it is.
  return before === '(' && close === to && isRight(list, { ...whole, at: open }, isStored);
}

/** A word in lower case, or a symbol; undefined for names in quotes, texts, numbers and the end of the statement. */
function keywordAt(list: TokenList, index: number): string | undefined {
  return list.word(index) ?? list.symbol(index);
}

/**
 * The index of the token before the operand that goes on at `at`: a keyword, an operator, a comma or a bracket around the
 * operand; -1 at the start of the text.
 */
function indexBefore(list: TokenList, at: number): number {
  // The number of brackets whose ends were passed on the way back.
  let depth = 0;
  for (let index = at - 1; index >= 0; index -= 1) {
    const symbol = list.symbol(index) ?? '';
    const isOpening = symbol === '(' || symbol === '[';
    if (depth === 0 && (isOpening || BEFORE_OPERAND.test(symbol) || notFunctions.has(list.word(index) ?? '')))
      return index;
    if (isOpening) depth -= 1;
    else if (symbol === ')' || symbol === ']') depth += 1;
  }
  return -1;
}

/** The index of the innermost opening bracket at `from` or before it whose end is at `to` or behind it; -1 without one. */
function bracketAround(list: TokenList, from: number, to: number): number {
  for (let index = from; index >= 0; index -= 1)
    if (/^[([]$/.test(list.symbol(index) ?? '') && list.closeOf(index) >= to) return index;
  return -1;
}

/** The word or name before a bracket, in lower case; empty if there is none. */
function callOf(list: TokenList, open: number): string {
  const token = list.at(open - 1);
  return token?.kind === 'word' || token?.kind === 'quoted' ? token.value.toLowerCase() : '';
}

/** Whether a CAST is to a date or a time without zone. @param to Index of its AS. @param close Index of its closing bracket. */
function isCastToLocal(list: TokenList, to: number, close: number): boolean {
  const isZoned = list.words(close - 3, 'with', 'time', 'zone');
  return !isZoned && /^(?:date|timestamp)$/.test(list.word(to + 1) ?? '');
}

/** Whether the statement itself has UNION, INTERSECT or EXCEPT: its column may then also hold other times. */
function hasSetOperation(list: TokenList): boolean {
  for (let index = 0; index < list.length; index += 1) {
    if (list.symbol(index) === '(') index = list.closeOf(index);
    if (/^(?:union|intersect|except)$/.test(list.word(index) ?? '')) return true;
  }
  return false;
}
