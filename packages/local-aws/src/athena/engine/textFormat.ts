import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { DAY_MS } from '../../base/clock.ts';
import { statementError } from './StatementError.ts';

/** Microseconds of a day. */
const MICROS_PER_DAY = 86_400_000_000n;
/** Years of four digits. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
/** The last day of such a year, epoch milliseconds. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** Formats a value of one type. */
type ToText = (value: DuckDBValue) => string;

/**
 * Formats the values of a type as in Athena's results: times with milliseconds, doubles as Java prints them,
 * varbinary as pairs of hexadecimal digits, arrays as `[a, b]`, rows and maps as `{k=v}`. NULL is null.
 */
export function textFormatter(type: DuckDBType): (value: DuckDBValue) => string | null {
  const toText = formatterFor(type);
  return (value) => (value === null ? null : toText(value));
}

/** The function that writes values of a type, other than null. */
function formatterFor(type: DuckDBType): ToText {
  if (type.typeId === DuckDBTypeId.DOUBLE) return (value) => doubleText(Number(value));
  if (type.typeId === DuckDBTypeId.HUGEINT) return (value) => bigintText(BigInt(String(value)));
  if (type.typeId === DuckDBTypeId.FLOAT) return (value) => doubleText(Math.fround(Number(value)), true);
  if (type.typeId === DuckDBTypeId.DATE) return cachedDateText();
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const item = nestedFormatter(type.valueType);
    return (value) =>
      value instanceof DuckDBListValue || value instanceof DuckDBArrayValue
        ? `[${value.items.map(item).join(', ')}]`
        : String(value);
  }
  if (type instanceof DuckDBStructType) {
    const names = type.entryNames.map((name, index) => (name === '' ? `field${index}` : name));
    const texts = type.entryTypes.map((entry) => nestedFormatter(entry));
    return (value) => {
      if (!(value instanceof DuckDBStructValue)) return String(value);
      // The values are looked up by their names: an object has members such as `2` and `1` in another order.
      const items = type.entryNames.map((name) => value.entries[name] ?? null);
      const fields = items.map((item, index) => `${names[index] ?? ''}=${texts[index]?.(item) ?? ''}`);
      return `{${fields.join(', ')}}`;
    };
  }
  if (type instanceof DuckDBMapType) {
    const key = nestedFormatter(type.keyType);
    const item = nestedFormatter(type.valueType);
    return (value) => {
      if (!(value instanceof DuckDBMapValue)) return String(value);
      const entries = value.entries.map((entry) => `${key(entry.key)}=${item(entry.value)}`);
      return `{${entries.join(', ')}}`;
    };
  }
  return (value) => plainText(value);
}

/** A sum of integers. DuckDB's result is wider than 64 bits, where Trino reports an overflow. */
function bigintText(value: bigint): string {
  if (BigInt.asIntN(64, value) !== value)
    throw statementError('NUMERIC_VALUE_OUT_OF_RANGE', `bigint addition overflow: ${value}`);
  return String(value);
}

/** As {@link formatterFor} for a value within a list, a map or a row, where null is `null`. */
function nestedFormatter(type: DuckDBType): ToText {
  const toText = formatterFor(type);
  return (value) => (value === null ? 'null' : toText(value));
}

/** A value whose text does not depend on its column's type. */
function plainText(value: DuckDBValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof DuckDBTimestampTZValue) return `${timestampText(value.micros)} UTC`;
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros);
  if (value instanceof DuckDBDateValue) return dateText(value.days);
  if (value instanceof DuckDBBlobValue) return blobText(value.bytes);
  if (value instanceof DuckDBIntervalValue) return intervalText(value);
  return String(value);
}

/** Java's `Double.toString`: decimal notation between 10^-3 and 10^7, otherwise `1.0E10`. */
function doubleText(value: number, real = false): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const magnitude = Math.abs(value);
  if (!real && magnitude >= 1e-3 && magnitude < 1e7) {
    // In this range JavaScript and Java print the same digits.
    const digits = String(value);
    return digits.includes('.') ? digits : `${digits}.0`;
  }
  const [mantissa = '', exponent = '0'] = shortestDigits(value, real).split('e');
  const size = Number(exponent);
  if (size >= -3 && size < 7) {
    const plain = Number(`${mantissa}e${size}`).toString();
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  const decimal = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return `${decimal}E${size}`;
}

/** The shortest digits that identify a 32-bit or 64-bit number. */
function shortestDigits(value: number, real: boolean): string {
  if (!real) return value.toExponential();
  for (let digits = 0; digits < 9; digits += 1) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential();
}

/** `2026-11-20 10:05:00.123`. @param micros Microseconds since 1970. */
function timestampText(micros: bigint): string {
  const ms = Number(micros / 1000n) - (micros % 1000n < 0n ? 1 : 0);
  if (ms >= FIRST_MS && ms <= LAST_MS) {
    const iso = new Date(ms).toISOString();
    return `${iso.slice(0, 10)} ${iso.slice(11, 23)}`;
  }
  const days = micros / MICROS_PER_DAY - (micros % MICROS_PER_DAY < 0n ? 1n : 0n);
  return `${dateText(Number(days))} ${timeText(micros - days * MICROS_PER_DAY)}`;
}

/** `10:05:00.123`. @param micros Microseconds since midnight. */
function timeText(micros: bigint): string {
  return new Date(Number(micros / 1000n)).toISOString().slice(11, 23);
}

/** Formats dates and caches the last one, since dates in a column often repeat, above all dates of a partition key. */
function cachedDateText(): ToText {
  let last = Number.NaN;
  let text = '';
  return (value) => {
    if (!(value instanceof DuckDBDateValue)) return plainText(value);
    if (value.days !== last) {
      text = dateText(value.days);
      last = value.days;
    }
    return text;
  };
}

/** `2026-11-20`. @param days Days since 1970. */
function dateText(days: number): string {
  const text = new Date(days * DAY_MS).toISOString();
  return text.slice(0, text.indexOf('T'));
}

/** Bytes as hexadecimal digits with spaces between. */
function blobText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Years and months as `1-2`, days and a time as `3 04:05:06.000`. */
function intervalText({ months, days, micros }: DuckDBIntervalValue): string {
  if (months !== 0) {
    const size = Math.abs(months);
    return `${months < 0 ? '-' : ''}${Math.trunc(size / 12)}-${size % 12}`;
  }
  const total = BigInt(days) * MICROS_PER_DAY + micros;
  const size = total < 0n ? -total : total;
  return `${total < 0n ? '-' : ''}${size / MICROS_PER_DAY} ${timeText(size % MICROS_PER_DAY)}`;
}
