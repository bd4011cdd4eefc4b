import { ipAddressRefused } from './castType.ts';
import { SqlError, type TokenList } from './tokens.ts';

const ZONE = /(?:Z|[+-]\d{1,2}(?::?\d\d)?|\s[A-Za-z][\w/+-]*)$/;
/** Trino allows a space before an offset or Z; DuckDB does not. */
const SPACE_BEFORE_OFFSET = /\s+(?=(?:Z|[+-]\d{1,2}(?::?\d\d)?)'$)/;
/** Trino takes an hour of one digit in an offset. */
const SHORT_OFFSET = /(:\d+(?:\.\d+)?[+-])(\d'$)/;

/**
 * A number as DuckDB's literal. `1.2` is a double in Athena, where Trino has had decimals since version 0.198: the
 * functional tests of dbt-athena and of AWS SDK for pandas, which run on AWS, expect `1 / 0.0` to be Infinity.
 * Athena's documentation asks for `DECIMAL '0.12'` where a decimal is wanted.
 * https://docs.aws.amazon.com/athena/latest/ug/data-types-considerations.html
 */
export function numberLiteral(raw: string): string {
  const digits = raw.replaceAll('_', '');
  if (/^0[xbo]/i.test(digits)) return String(BigInt(digits));
  return /^\d*\.\d*$/.test(digits) ? `${digits}e0` : digits;
}

/** Types of DuckDB that Trino does not have: it takes their names before a text for a literal. */
const FOREIGN =
  /^(?:numeric|dec|float|float4|float8|int1|int2|int4|int8|int64|int128|short|long|signed|hugeint|uhugeint|utinyint|usmallint|uinteger|ubigint|bool|logical|bit|bitstring|blob|bytea|binary|string|text|bpchar|nvarchar|guid|datetime|timestamptz|timestamp_s|timestamp_ms|timestamp_us|timestamp_ns|timetz|inet|bignum|hyperloglog)$/;

/** How the text of a typed literal is checked before it is a cast, by the name of its type. */
const WHOLE: Readonly<Record<string, bigint>> = {
  tinyint: 7n,
  smallint: 15n,
  integer: 31n,
  int: 31n,
  bigint: 63n,
};

/** Translates a literal to DuckDB's SQL; undefined if its text is not a valid value of the type. */
const LITERALS: Readonly<Record<string, (text: string, raw: string) => string | undefined>> = {
  ...Object.fromEntries(
    Object.entries(WHOLE).map(([type, bits]) => [
      type,
      (text: string) => {
        const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
        if (value === undefined || value >= 2n ** bits || value < -(2n ** bits)) return undefined;
        return `CAST('${value}' AS ${type})`;
      },
    ]),
  ),
  decimal: decimalLiteral,
  double: (text) => fractionLiteral(text, 'DOUBLE'),
  real: (text) => fractionLiteral(text, 'FLOAT'),
  boolean: (text, raw) => (/^(?:true|false|t|f|1|0)$/i.test(text) ? `CAST(${raw} AS BOOLEAN)` : undefined),
  varchar: (_, raw) => `CAST(${raw} AS VARCHAR)`,
  char: (text, raw) => `rpad(trino_to_varchar(${raw}), ${Math.max([...text].length, 1)}, ' ')`,
  varbinary: (_, raw) => `encode(${raw})`,
  json: jsonLiteral,
  uuid: (text, raw) =>
    /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) ? `CAST(${raw} AS UUID)` : undefined,
  date: (text, raw) => (isDate(text.trim()) ? `CAST(${raw} AS DATE)` : undefined),
  time: timeLiteral,
};

/**
 * Translates a typed literal (`TIMESTAMP '…'`, `X'65'`, `INTERVAL '1' DAY`, `U&'\2603'`) to DuckDB's SQL.
 *
 * @returns Its SQL and the index after it; undefined if there is no typed literal at the index.
 * @throws SqlError `INVALID_LITERAL` if the text is not a valid value of the type,
 *   `TYPE_NOT_FOUND` for a type of DuckDB only.
 */
export function parseTypedLiteral(
  list: TokenList,
  index: number,
): { readonly sql: string; readonly next: number } | undefined {
  const word = list.at(index);
  if (word?.kind !== 'word') return undefined;
  if (word.value === 'interval') return intervalLiteral(list, index);
  if (word.value === 'u' && list.symbol(index + 1) === '&' && list.at(index + 2)?.kind === 'text')
    return unicodeLiteral(list, index);
  const at = list.words(index, 'double', 'precision') ? index + 2 : index + 1;
  const text = list.at(at);
  if (text?.kind !== 'text') return undefined;
  const next = at + 1;
  if (word.value === 'x' && text.start === word.end)
    return { sql: binaryLiteral(text.value, word.start), next };
  if (word.value === 'timestamp') {
    if (!/^\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}/.test(text.value))
      throw invalid(text.value, 'TIMESTAMP', word.start);
    const zoned = ZONE.test(text.value.slice(10));
    return {
      sql: zoned
        ? `TIMESTAMPTZ ${text.raw.replace(SPACE_BEFORE_OFFSET, '').replace(SHORT_OFFSET, '$10$2')}`
        : `TIMESTAMP ${text.raw}`,
      next,
    };
  }
  if (FOREIGN.test(word.value)) throw new SqlError('TYPE_NOT_FOUND', `Unknown type: ${word.raw}`, word.start);
  if (word.value === 'ipaddress') throw ipAddressRefused(word.start);
  const literal = LITERALS[word.value];
  if (literal === undefined) return undefined;
  const sql = literal(text.value, text.raw);
  if (sql === undefined)
    throw invalid(text.value, word.value === 'int' ? 'INTEGER' : word.value.toUpperCase(), word.start);
  return { sql, next };
}

const invalid = (text: string, type: string, offset: number) =>
  new SqlError('INVALID_LITERAL', `'${text}' is not a valid ${type} literal`, offset);

function decimalLiteral(text: string): string | undefined {
  const [, whole = '', fraction = ''] = /^[+-]?(\d*)\.?(\d*)$/.exec(text) ?? [];
  if (whole + fraction === '') return undefined;
  const precision = Math.max(whole.replace(/^0+/, '').length + fraction.length, 1);
  return `CAST('${text}' AS DECIMAL(${precision}, ${fraction.length}))`;
}

function fractionLiteral(text: string, type: string): string | undefined {
  // Java's Double.parseDouble, which ignores spaces and suffixes.
  const number = /^\s*([+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))[fFdD]?\s*$/.exec(
    text,
  )?.[1];
  return number === undefined ? undefined : `CAST('${number}' AS ${type})`;
}

/** JSON without spaces and with sorted keys, as Trino keeps it; as written if it has numbers beyond JavaScript's. */
function jsonLiteral(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const canonical = /\d{16}|\d[eE]/.test(text) ? text : JSON.stringify(value, sortKeys);
    return `CAST('${canonical.replaceAll("'", "''")}' AS JSON)`;
  } catch {
    return undefined;
  }
}

function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^[+-]?(\d+)-(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const time = new Date(Date.UTC(2000 + (y % 400), m - 1, d));
  return year !== undefined && time.getUTCMonth() === m - 1 && time.getUTCDate() === d;
}

/**
 * `TIME '13:24:11'` and `TIME '12:34:56.789 -00:30'`. The macros' names give the type of the result: see
 * `textTypes.ts`. https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/type/DateTimes.java
 */
function timeLiteral(text: string): string | undefined {
  const parts = /^\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,12}))?)?(?:\s*([+-])(\d\d):(\d\d))?\s*$/.exec(
    text,
  );
  if (parts === null) return undefined;
  const [, hour = '', minute = '', second = '0', fraction = '', sign, hours = '0', minutes = '0'] = parts;
  const isValid = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  if (!isValid || Number(hours) * 60 + Number(minutes) > 14 * 60 || Number(minutes) > 59) return undefined;
  const time = [hour, minute, second].map((part) => part.padStart(2, '0')).join(':');
  // DuckDB keeps microseconds.
  const kept = `${time}${fraction === '' ? '' : `.${fraction.slice(0, 6)}`}`;
  if (sign !== undefined) return `CAST('${kept}${sign}${hours}:${minutes}' AS TIME WITH TIME ZONE)`;
  return `trino_time_literal('${kept}')`;
}

function binaryLiteral(text: string, offset: number): string {
  const digits = text.replaceAll(/\s/g, '');
  if (digits.length % 2 === 1)
    throw new SqlError('SYNTAX_ERROR', 'Binary literal must contain an even number of digits', offset);
  if (!/^[\da-f]*$/i.test(digits))
    throw new SqlError('SYNTAX_ERROR', 'Binary literal can only contain hexadecimal digits', offset);
  return `unhex('${digits}')`;
}

/** `U&'\2603'`, also with another character to escape: https://trino.io/docs/current/language/types.html#varchar */
function unicodeLiteral(list: TokenList, index: number): { readonly sql: string; readonly next: number } {
  const text = list.at(index + 2)?.value ?? '';
  const given = list.word(index + 3) === 'uescape' ? list.at(index + 4) : undefined;
  const mark = given?.kind === 'text' ? given.value : '\\';
  const next = given?.kind === 'text' ? index + 5 : index + 3;
  const refuse = (why: string) => new SqlError('SYNTAX_ERROR', why, list.offset(index));
  if (!/^[^\da-fA-F+'"\s]$/.test(mark)) throw refuse('Invalid Unicode escape character');
  let decoded = '';
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (character !== mark || text.charAt(at + 1) === mark) {
      decoded += character;
      at += character === mark ? 2 : 1;
      continue;
    }
    const [whole, long, short] = /^(?:\+([\da-f]{6})|([\da-f]{4}))/i.exec(text.slice(at + 1)) ?? [];
    if (whole === undefined) throw refuse('Incomplete escape sequence');
    const code = Number.parseInt(long ?? short ?? '', 16);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw refuse(`Invalid escaped character: ${long ?? short}`);
    decoded += String.fromCodePoint(code);
    at += whole.length + 1;
  }
  return { sql: `'${decoded.replaceAll("'", "''")}'`, next };
}

function intervalLiteral(
  list: TokenList,
  index: number,
): { readonly sql: string; readonly next: number } | undefined {
  const minus = list.symbol(index + 1) === '-';
  const at = list.symbol(index + 1) === '+' || minus ? index + 2 : index + 1;
  const text = list.at(at);
  if (text?.kind !== 'text') return undefined;
  const unit = list.word(at + 1) ?? '';
  const sign = minus ? '-' : '';
  const failure = invalid(text.value, 'INTERVAL', list.offset(index));
  if (list.word(at + 2) === 'to') {
    const next = at + 4;
    const [, negative = '', years, months] = /^(-?)(\d+)-(\d+)$/.exec(text.value) ?? [];
    if (unit === 'year' && years !== undefined) {
      return { sql: `to_months(${sign}${negative}${Number(years) * 12 + Number(months)})`, next };
    }
    const span = spanOf(text.value.replace(/^-/, ''), unit, list.word(at + 3) ?? '');
    if (span === undefined) throw failure;
    const isNegative = (sign === '-') !== text.value.startsWith('-');
    return { sql: `(${isNegative ? '-1 * ' : ''}INTERVAL '${span}')`, next };
  }
  // Only seconds have a fraction.
  if (
    !/^(?:second|minute|hour|day|month|year)$/.test(unit) ||
    !(unit === 'second' ? /^[+-]?\d+(?:\.\d+)?$/ : /^[+-]?\d+$/).test(text.value)
  )
    throw failure;
  return { sql: `INTERVAL '${sign}${text.value.replace(/^\+/, '')}' ${unit.toUpperCase()}`, next: at + 2 };
}

const UNITS = ['day', 'hour', 'minute', 'second'];

/** `1 02:03:04.5` of `DAY TO SECOND` in DuckDB's words. Units at the end may be missing; only seconds have a fraction. */
function spanOf(text: string, from: string, to: string): string | undefined {
  const [first, last] = [UNITS.indexOf(from), UNITS.indexOf(to)];
  const parts = first === 0 ? text.split(/ |:/) : text.split(':');
  const isSpaced = first !== 0 || parts.length === 1 || /^\d+ [^ ]*$/.test(text);
  if (first < 0 || last <= first || parts.length > last - first + 1 || !isSpaced) return undefined;
  const isValid = parts.every((part, index) =>
    (first + index === 3 ? /^\d+(?:\.\d+)?$/ : /^\d+$/).test(part),
  );
  return isValid ? parts.map((part, index) => `${part} ${UNITS[first + index]}s`).join(' ') : undefined;
}
