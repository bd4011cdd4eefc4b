import { ipAddressRefused } from './castType.ts';
import { notEmulated, SqlError, type TokenList } from './tokens.ts';

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
  uuid: (text, raw) =>
    /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) ? `CAST(${raw} AS UUID)` : undefined,
  date: (text, raw) => (isDate(text.trim()) ? `CAST(${raw} AS DATE)` : undefined),
};

/**
 * Translates a typed literal (`TIMESTAMP '…'`, `X'65'`, `INTERVAL '1' DAY`) to DuckDB's SQL.
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
    throw notEmulated("A text U&'…'", word.start);
  const at = list.words(index, 'double', 'precision') ? index + 2 : index + 1;
  const text = list.at(at);
  if (text?.kind !== 'text') return undefined;
  const next = at + 1;
  if (word.value === 'x' && text.start === word.end)
    return { sql: binaryLiteral(text.value, word.start), next };
  if (word.value === 'timestamp') {
    if (!/^\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}/.test(text.value))
      throw invalid(text.value, 'TIMESTAMP', word.start);
    if (/\.\d{4}/.test(text.value)) throw notEmulated('A time with microseconds', word.start);
    const zoned = ZONE.test(text.value.slice(10));
    return {
      sql: zoned
        ? `TIMESTAMPTZ ${text.raw.replace(SPACE_BEFORE_OFFSET, '').replace(SHORT_OFFSET, '$10$2')}`
        : `TIMESTAMP ${text.raw}`,
      next,
    };
  }
  if (word.value === 'time' || word.value === 'json')
    throw notEmulated(`A literal of ${word.value}`, word.start);
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

function isDate(text: string): boolean {
  const [, year, month, day] = /^[+-]?(\d+)-(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const time = new Date(Date.UTC(2000 + (y % 400), m - 1, d));
  return year !== undefined && time.getUTCMonth() === m - 1 && time.getUTCDate() === d;
}

function binaryLiteral(text: string, offset: number): string {
  const digits = text.replaceAll(/\s/g, '');
  if (digits.length % 2 === 1)
    throw new SqlError('SYNTAX_ERROR', 'Binary literal must contain an even number of digits', offset);
  if (!/^[\da-f]*$/i.test(digits))
    throw new SqlError('SYNTAX_ERROR', 'Binary literal can only contain hexadecimal digits', offset);
  return `unhex('${digits}')`;
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
    const [, negative = '', years, months] = /^(-?)(\d+)-(\d+)$/.exec(text.value) ?? [];
    if (unit !== 'year' || years === undefined)
      throw notEmulated('An INTERVAL of several units but YEAR TO MONTH', list.offset(index));
    return { sql: `to_months(${sign}${negative}${Number(years) * 12 + Number(months)})`, next: at + 4 };
  }
  // Only seconds have a fraction.
  if (
    !/^(?:second|minute|hour|day|month|year)$/.test(unit) ||
    !(unit === 'second' ? /^[+-]?\d+(?:\.\d+)?$/ : /^[+-]?\d+$/).test(text.value)
  )
    throw failure;
  return { sql: `INTERVAL '${sign}${text.value.replace(/^\+/, '')}' ${unit.toUpperCase()}`, next: at + 2 };
}
