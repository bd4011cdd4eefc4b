import type { TypeTree } from './typeTree.ts';

/**
 * Scalars of text files as Java and Hive read them. Every function returns the value as a JSON literal that DuckDB
 * converts to the column's type, or undefined for a text that is not such a value.
 * https://github.com/trinodb/trino (lib/trino-hive-formats)
 */

/** The smallest and greatest value of a whole number's type. */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  tinyint: [-128n, 127n],
  smallint: [-32_768n, 32_767n],
  int: [-2_147_483_648n, 2_147_483_647n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Longer exponents are no decimals. */
const MAX_EXPONENT = 1_000;
const MS_PER_DAY = 86_400_000;

/** Whether a type is a whole number. */
export function isInteger({ kind }: TypeTree): boolean {
  return kind in RANGES;
}

/** Whether a type is a text. */
export function isText({ kind }: TypeTree): boolean {
  return kind === 'string' || kind === 'varchar' || kind === 'char';
}

/** A text of its type's length. */
export function stringLiteral(text: string, type: TypeTree): string {
  if (type.kind !== 'varchar' && type.kind !== 'char') return JSON.stringify(text);
  const cut = text.length <= type.length ? text : [...text].slice(0, type.length).join('');
  return JSON.stringify(type.kind === 'char' ? cut.replace(/ +$/, '') : cut);
}

function inRange(value: bigint, { kind }: TypeTree): string | undefined {
  const [low, high] = RANGES[kind] ?? [0n, 0n];
  return value < low || value > high ? undefined : String(value);
}

/** Java's `Long.parseLong`. */
export function strictInteger(text: string, type: TypeTree): string | undefined {
  return /^[+-]?\d+$/.test(text) ? inRange(BigInt(text.replace(/^\+/, '')), type) : undefined;
}

/** A whole number of LazySimpleSerDe, which drops decimal places. */
export function lazyInteger(text: string, type: TypeTree): string | undefined {
  const [, sign, digits = ''] = /^([+-]?)(?=.)(\d*)(?:\.\d*)?$/s.exec(text) ?? [];
  return sign === undefined ? undefined : inRange(BigInt(`${sign === '-' ? '-' : ''}${digits || '0'}`), type);
}

/** A whole number of JSON: decimal, hexadecimal (`0x1f`), octal (`017`), or with decimal places, which are dropped. */
export function jsonInteger(text: string, type: TypeTree): string | undefined {
  if (/^0x[\da-f]+$/i.test(text)) return inRange(BigInt(text), type);
  if (/^0[0-7]+$/.test(text)) return inRange(BigInt(`0o${text.slice(1)}`), type);
  if (/^[+-]?\d+$/.test(text)) return strictInteger(text, type);
  const decimal = parseDecimal(text);
  if (decimal === undefined) return undefined;
  const { unscaled, scale } = decimal;
  return inRange(scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled * 10n ** BigInt(-scale), type);
}

/** Java's `BigDecimal`: `unscaled` × 10^-`scale`. */
function parseDecimal(text: string): { readonly unscaled: bigint; readonly scale: number } | undefined {
  const [, sign, whole = '', fraction = '', bare = '', exponent = '0'] =
    /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  if (sign === undefined || Math.abs(Number(exponent)) > MAX_EXPONENT) return undefined;
  const places = `${fraction}${bare}`;
  return {
    unscaled: BigInt(`${sign === '-' ? '-' : ''}${whole}${places}`),
    scale: places.length - Number(exponent),
  };
}

/** A decimal, rounded half up; undefined also when it has too many digits. */
export function decimalLiteral(
  text: string,
  { precision, scale: places }: { readonly precision: number; readonly scale: number },
): string | undefined {
  const decimal = parseDecimal(text);
  if (decimal === undefined) return undefined;
  const { unscaled, scale } = decimal;
  const divisor = scale > places ? 10n ** BigInt(scale - places) : 1n;
  const scaled = scale > places ? unscaled : unscaled * 10n ** BigInt(places - scale);
  const size = scaled < 0n ? -scaled : scaled;
  const rounded = (size * 2n + divisor) / (divisor * 2n);
  if (rounded >= 10n ** BigInt(precision)) return undefined;
  const digits = String(rounded).padStart(places + 1, '0');
  const point = digits.length - places;
  const sign = scaled < 0n && rounded > 0n ? '-' : '';
  return `"${sign}${digits.slice(0, point)}${places === 0 ? '' : `.${digits.slice(point)}`}"`;
}

/** Java's `Double.parseDouble` and `Float.parseFloat`, without hexadecimal ones. */
export function floatLiteral(text: string, { kind }: TypeTree): string | undefined {
  const [, digits] =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: Java trims control characters.
    /^[\u0000- ]*([+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?=[fFdD]?[\u0000- ]*$)))[fFdD]?[\u0000- ]*$/.exec(
      text,
    ) ?? [];
  if (digits === undefined) return undefined;
  if (digits.endsWith('NaN')) return '"NaN"';
  const value = Number(digits);
  const stored = kind === 'float' ? Math.fround(value) : value;
  if (!Number.isFinite(stored)) return stored > 0 ? '"Infinity"' : '"-Infinity"';
  return Object.is(stored, -0) ? '-0.0' : String(value);
}

/** Hive's dates: `2026-1-5`, also with a time, which is dropped. Months and days beyond their end count on. */
export function dateLiteral(text: string): string | undefined {
  const day = text.trim().split(' ')[0] ?? '';
  const [, year, month, date] = /^([+-]?\d{1,10})-(\d{1,2})-(\d{1,2})$/.exec(day) ?? [];
  if (year === undefined) return undefined;
  return literalOf(utc(Number(year), Number(month), Number(date)), dayText);
}

/** Hive's timestamps, `2026-01-05[ 10:11:12[.123]]` or ISO's with `T` and without a zone, in milliseconds. */
export function timestampLiteral(text: string): string | undefined {
  const [, year, month, day, t, hour = '0', minute = '0', second = '0', fraction = ''] =
    /^([+-]?\d{1,10})-(\d{1,2})-(\d{1,2})(?:([ T])(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?$/i.exec(
      text.trim(),
    ) ?? [];
  if (year === undefined) return undefined;
  // Only ISO's form may omit the seconds.
  if (t === ' ' && !/:\d{1,2}:/.test(text)) return undefined;
  const start = utc(Number(year), Number(month), Number(day));
  const ms = Math.round(Number(`0.${fraction || '0'}`) * 1_000);
  return millisLiteral(start + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + ms);
}

/** A timestamp of epoch milliseconds. */
export function millisLiteral(ms: number): string | undefined {
  return literalOf(ms, (at) => `${dayText(at)}`, true);
}

/** A date of days since 1970. */
export function daysLiteral(days: number): string | undefined {
  return literalOf(days * MS_PER_DAY, dayText);
}

/** Epoch milliseconds of a day, whose month and day may be beyond their end. */
function utc(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

function literalOf(ms: number, toDay: (at: Date) => string, withTime = false): string | undefined {
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return undefined;
  const time = withTime ? ` ${at.toISOString().split('T')[1]?.slice(0, -1) ?? ''}` : '';
  const before = at.getUTCFullYear() < 1 ? ' (BC)' : '';
  return `"${toDay(at)}${time}${before}"`;
}

/** The day as DuckDB reads it. There the year 0 is 1 BC. */
function dayText(at: Date): string {
  const year = at.getUTCFullYear();
  const parts = [at.getUTCMonth() + 1, at.getUTCDate()].map((part) => String(part).padStart(2, '0'));
  return [String(year < 1 ? 1 - year : year).padStart(4, '0'), ...parts].join('-');
}

/** Bytes as DuckDB reads a BLOB of a text. */
export function binaryLiteral(bytes: Uint8Array): string {
  return `"${Array.from(bytes, (byte) => `\\\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
}
