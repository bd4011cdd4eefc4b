import { parseCastType } from './calls/castType.ts';
import { notEmulated, SqlError, type TokenList } from './tokens.ts';
import { notFunctions } from './vocabulary.ts';

/** The day at the start of a timestamp's text. */
const DAY = /^\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}/;
/** The hour 24, which DuckDB takes for the next day, and Trino for none. */
const HOUR_24 = /\s24:/;
/** The zone at the end of a timestamp's text, without its day: an offset, a name or `Z`. */
const ZONE = /(?:Z|[+-]\d{1,2}(?::?\d\d)?|\s[A-Za-z][\w/+-]*)$/;
/** Trino allows a space before an offset or Z; DuckDB does not. */
const SPACE_BEFORE_OFFSET = /\s+(?=(?:Z|[+-]\d{1,2}(?::?\d\d)?)'$)/;
/** Trino takes an hour of one digit in an offset. */
const SHORT_OFFSET = /(:\d+(?:\.\d+)?[+-])(\d'$)/;

/** The zone in the text of a timestamp: `Z`, `+02:00`, `Europe/Berlin`; undefined without one. */
export function zoneOf(text: string): string | undefined {
  return ZONE.exec(text.replace(DAY, ''))?.[0].trim();
}

/**
 * A number as DuckDB's literal. `1.2` is a double in Athena, where Trino has had decimals since version 0.198: the
 * functional tests of dbt-athena and of AWS SDK for pandas, which run on AWS, expect `1 / 0.0` to be Infinity.
 * Athena's documentation asks for `DECIMAL '0.12'` where a decimal is wanted.
 * https://docs.aws.amazon.com/athena/latest/ug/data-types-considerations.html
 */
export function numberLiteral(raw: string): string {
  return /^\d*\.\d*$/.test(raw) ? `${raw}e0` : raw;
}

/** Words before a text that are neither types nor in `notFunctions`. */
const BEFORE_TEXT = /^(?:zone|both|leading|trailing|end|null|true|false)$/;

/** Translates a literal to DuckDB's SQL; undefined if its text is not a valid value of the type. */
const LITERALS: ReadonlyMap<string, (text: string, raw: string) => string | undefined> = new Map([
  ['decimal', decimalLiteral],
  ['date', dateLiteral],
]);

/**
 * Translates a typed literal (`TIMESTAMP '…'`, `INTERVAL '1' DAY`) to DuckDB's SQL.
 *
 * @returns Its SQL and the index after it; undefined if there is no typed literal at the index.
 * @throws SqlError `INVALID_LITERAL` if the text is not a valid value of the type,
 *   `TYPE_NOT_FOUND` for a word that is no type, `NOT_SUPPORTED` for other types.
 */
export function parseTypedLiteral(
  list: TokenList,
  index: number,
): { readonly sql: string; readonly next: number } | undefined {
  const word = list.at(index);
  if (word?.kind !== 'word') return undefined;
  if (word.value === 'interval') return intervalLiteral(list, index);
  if (word.value === 'u' && list.symbol(index + 1) === '&' && list.at(index + 2)?.kind === 'text')
    throw notEmulated("A text U&'…'", word.start);
  const text = list.at(index + 1);
  if (text?.kind !== 'text') return undefined;
  const next = index + 2;
  if (word.value === 'timestamp') {
    if (!DAY.test(text.value) || HOUR_24.test(text.value)) throw invalid(text.value, 'TIMESTAMP', word.start);
    if (/\.\d{4}/.test(text.value)) throw notEmulated('A time with microseconds', word.start);
    return {
      sql:
        zoneOf(text.value) !== undefined
          ? `TIMESTAMPTZ ${text.raw.replace(SPACE_BEFORE_OFFSET, '').replace(SHORT_OFFSET, '$10$2')}`
          : `TIMESTAMP ${text.raw}`,
      next,
    };
  }
  const literal = LITERALS.get(word.value);
  if (literal === undefined) {
    if (notFunctions.has(word.value) || BEFORE_TEXT.test(word.value)) return undefined;
    throw notEmulated(`A literal of ${parseCastType(list.tokens, index).name}`, word.start);
  }
  const sql = literal(text.value, text.raw);
  if (sql === undefined) throw invalid(text.value, word.value.toUpperCase(), word.start);
  return { sql, next };
}

/** The error for a text that is no value of a literal's type. */
const invalid = (text: string, type: string, offset: number) =>
  new SqlError('INVALID_LITERAL', `'${text}' is not a valid ${type} literal`, offset);

/** A decimal with the digits that are written. */
function decimalLiteral(text: string): string | undefined {
  const [, wholeDigits = '', fraction = ''] = /^[+-]?(\d*)\.?(\d*)$/.exec(text) ?? [];
  if (wholeDigits + fraction === '') return undefined;
  const precision = Math.max(wholeDigits.replace(/^0+/, '').length + fraction.length, 1);
  return `CAST('${text}' AS DECIMAL(${precision}, ${fraction.length}))`;
}

/** A day, if it exists. @param raw The text in its quotes. */
function dateLiteral(text: string, raw: string): string | undefined {
  return isDate(text.trim()) ? `CAST(${raw} AS DATE)` : undefined;
}

/** A year that 400 divides. */
const CENTURY_OF_FOUR = 2000;

/** Whether a text is a day that exists, of any year. */
function isDate(text: string): boolean {
  const [, year, month, day] = /^[+-]?(\d+)-(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  const y = Number(year);
  const m = Number(month);
  const d = Number(day);
  // The calendar is the same again after 400 years, and JavaScript's years have a limit.
  const time = new Date(Date.UTC(CENTURY_OF_FOUR + (y % 400), m - 1, d));
  return year !== undefined && time.getUTCMonth() === m - 1 && time.getUTCDate() === d;
}

/**
 * `INTERVAL '1' DAY` and `INTERVAL '1-2' YEAR TO MONTH`, each with a sign before the text, in it, or both, which cancel each other.
 *
 * @returns Undefined for what is no interval.
 * @throws SqlError `INVALID_LITERAL` for a text that is no number of the unit, `NOT_SUPPORTED` for other ranges of units.
 */
function intervalLiteral(
  list: TokenList,
  index: number,
): { readonly sql: string; readonly next: number } | undefined {
  const minus = list.symbol(index + 1) === '-';
  const at = list.symbol(index + 1) === '+' || minus ? index + 2 : index + 1;
  const text = list.at(at);
  if (text?.kind !== 'text') return undefined;
  const unit = list.word(at + 1) ?? '';
  const sign = minus === text.value.startsWith('-') ? '' : '-';
  const value = text.value.replace(/^[+-]/, '');
  const failure = invalid(text.value, 'INTERVAL', list.offset(index));
  if (list.word(at + 2) === 'to') {
    const [, years, months] = /^(\d+)-(\d+)$/.exec(value) ?? [];
    if (unit !== 'year' || years === undefined)
      throw notEmulated('An INTERVAL of several units other than YEAR TO MONTH', list.offset(index));
    return { sql: `to_months(${sign}${Number(years) * 12 + Number(months)})`, next: at + 4 };
  }
  // Only seconds have a fraction.
  if (
    !/^(?:second|minute|hour|day|month|year)$/.test(unit) ||
    !(unit === 'second' ? /^\d+(?:\.\d+)?$/ : /^\d+$/).test(value)
  )
    throw failure;
  return { sql: `INTERVAL '${sign}${value}' ${unit.toUpperCase()}`, next: at + 2 };
}
