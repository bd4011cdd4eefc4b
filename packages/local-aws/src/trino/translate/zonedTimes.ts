import { notEmulated, type TokenList } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/** Functions that use the local time and return a value without time zone. */
const OF_CLOCK =
  /^(?:date_format|format_datetime|date|year|quarter|month|week|day|day_of_month|day_of_week|day_of_year|hour|minute|second|last_day_of_month|extract|min|max)$/;
/** Functions of the instant. */
const OF_INSTANT = /^(?:at_timezone|to_unixtime)$/;
/** What stands beside an operand that is compared. */
const COMPARING = /^(?:=|<>|!=|<|<=|>|>=|between|and)$/;
/** What stands before an item of a list. */
const ITEM_START = /^(?:,|\(|select|distinct|by)$/;
/** What stands behind an item of a list. */
const ITEM_END = /^(?:,|\)|as|from|asc|desc|order|limit)$/;
/** What stands before an operand. */
const OPERAND_END =
  /^(?:[-+*/%<>=!]+|\|\||,|select|distinct|by|where|on|having|and|or|not|when|then|else|between|from)$/;
/** The names of UTC. */
const UTC = /^(?:utc|z|gmt|[+-]00:?00|etc\/utc)$/i;
/** The zone at the end of a timestamp's text: an offset, a name or `Z`. */
const ZONE = /(?:\s*[+-]\d{1,2}(?::?\d\d)?|\s[A-Za-z][\w/+-]*|Z)$/;

/**
 * A value with another zone than UTC. DuckDB keeps either its instant or its local time. The value may begin before
 * `at`.
 */
interface Zoned {
  /** Index of the token that tells the zone: `AT`, `TIMESTAMP` or the name of a function. */
  readonly at: number;
  /** Index after the value's last token. */
  readonly to: number;
  /** Whether DuckDB keeps the instant; if not, it keeps the local time. */
  readonly isInstant: boolean;
}

/**
 * Refuses times with another zone but where they are right without it: cast to dates and times, truncated, extracted from,
 * formatted, shown; and compared if they are literals or of `with_timezone`.
 *
 * @throws SqlError `NOT_SUPPORTED`
 */
export function rejectZonedTimes(list: TokenList): void {
  for (const index of list.tokens.keys()) {
    const zoned = zonedAt(list, index);
    if (zoned !== undefined && !isRight(list, zoned))
      throw notEmulated(
        'A time of another zone but in CAST, date_trunc, EXTRACT and formats',
        list.offset(index),
      );
  }
}

/** The value with another zone whose zone is told at an index; undefined if there is none. */
function zonedAt(list: TokenList, at: number): Zoned | undefined {
  const isUtc = (index: number) => UTC.test(list.at(index)?.value ?? '');
  if (list.words(at, 'at', 'time', 'zone')) {
    const zone = list.at(at + 3);
    if (zone?.kind !== 'text' || /^[+-]/.test(zone.value))
      throw notEmulated('AT TIME ZONE but by name', list.offset(at));
    return isUtc(at + 3) ? undefined : { at, to: at + 4, isInstant: false };
  }
  const word = list.word(at);
  if (word === 'timestamp' && list.at(at + 1)?.kind === 'text') {
    const zone = ZONE.exec(list.at(at + 1)?.value.slice(10) ?? '')?.[0].trim() ?? 'UTC';
    return UTC.test(zone) ? undefined : { at, to: at + 2, isInstant: true };
  }
  if (!/^(?:at_timezone|with_timezone|from_unixtime)$/.test(word ?? '') || list.symbol(at + 1) !== '(')
    return undefined;
  const close = list.closeOf(at + 1);
  const [, zone] = list.split(at + 2, close);
  if (zone === undefined || isUtc(zone.from)) return undefined;
  return { at, to: close + 1, isInstant: word === 'with_timezone' };
}

/** Whether a value is right in its place although DuckDB has not kept its zone. */
function isRight(list: TokenList, { at, to, isInstant }: Zoned): boolean {
  let left = at - 1;
  for (let depth = 0; left >= 0; left -= 1) {
    const symbol = list.symbol(left) ?? '';
    if (/^[([]$/.test(symbol)) depth -= 1;
    else if (/^[)\]]$/.test(symbol)) depth += 1;
    if (depth < 0 || (depth === 0 && OPERAND_END.test(list.at(left)?.value ?? ''))) break;
  }
  const before = list.at(left)?.value ?? 'select';
  const after = list.at(to);
  const isExtract = before === 'from' && list.word(left - 3) === 'extract';
  if (isInstant && [before, after?.value ?? ''].some((value) => COMPARING.test(value))) return true;
  if (isInstant && list.words(to, 'at', 'time', 'zone')) return true;
  if (!(ITEM_START.test(before) || isExtract)) return false;
  if (after?.kind === 'symbol' || after?.kind === 'word') if (!ITEM_END.test(after.value)) return false;
  let open = left;
  while (open >= 0 && !(/^[([]$/.test(list.symbol(open) ?? '') && list.closeOf(open) >= to)) open -= 1;
  const call = list.word(open - 1) ?? '';
  const whole = { at: open, to: list.closeOf(open) + 1, isInstant };
  if (call === 'cast' || call === 'try_cast') {
    const isZone = list.words(whole.to - 4, 'with', 'time', 'zone');
    return !isInstant && !isZone && /^(?:date|timestamp)$/.test(list.word(to + 1) ?? '');
  }
  if (call === 'date_trunc') return !isInstant && isRight(list, { ...whole, at: open - 1 });
  if (open >= 0 && call !== '' && !notFunctions.has(call))
    return (isInstant ? OF_INSTANT : OF_CLOCK).test(call);
  if (before === '(' && whole.to === to + 1) return isRight(list, whole);
  // An item of a subquery may be compared anywhere.
  return open < 0 || before === 'by';
}
