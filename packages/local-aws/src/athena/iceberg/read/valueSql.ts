import { quoteText } from '../../../base/sql.ts';
import type { IcebergType, IcebergValue } from '../../../iceberg/index.ts';
import { duckDbTypeOf } from '../types.ts';

const MICROS_PER_SECOND = 1_000_000n;

/** A value of partitions and bounds in DuckDB's SQL, with its column's type. */
export function valueSql(type: IcebergType, value: IcebergValue | null): string {
  return `CAST(${value === null || typeof type !== 'string' ? 'NULL' : literal(type, value)} AS ${duckDbTypeOf(type)})`;
}

function literal(type: string, value: IcebergValue): string {
  if (value instanceof Uint8Array) return `unhex('${Buffer.from(value).toString('hex')}')`;
  const scale = /^decimal\(\d+,\s*(\d+)\)$/.exec(type)?.[1];
  if (scale !== undefined) return quoteText(decimalText(BigInt(value), Number(scale)));
  if (type === 'date') return `DATE '1970-01-01' + INTERVAL (${Number(value)}) DAY`;
  if (type === 'timestamp') return `make_timestamp(${BigInt(value)})`;
  if (type === 'timestamptz') return `make_timestamptz(${BigInt(value)})`;
  if (type === 'time') return quoteText(timeOfDay(BigInt(value)));
  // DuckDB reads the text of a statement up to its first NUL.
  if (typeof value === 'string')
    return value.includes('\0') ? `decode(unhex('${Buffer.from(value).toString('hex')}'))` : quoteText(value);
  // NaN and infinities are texts in SQL.
  return typeof value === 'number' && !Number.isInteger(value) ? `'${value}'` : String(value);
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

/** A time as `10:00:00.000000`. @param micros Since midnight. */
function timeOfDay(micros: bigint): string {
  const seconds = micros / MICROS_PER_SECOND;
  const parts = [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}.${String(micros % MICROS_PER_SECOND).padStart(6, '0')}`;
}

/** A value as Iceberg shows it to people: toHumanString of Transforms in https://github.com/apache/iceberg. */
export function humanValue(type: string, value: IcebergValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  const scale = /^decimal\(\d+,\s*(\d+)\)$/.exec(type)?.[1];
  if (scale !== undefined) return decimalText(BigInt(value), Number(scale));
  if (type === 'date') return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
  if (type === 'time') return withoutZeros(timeOfDay(BigInt(value)));
  if (type !== 'timestamp' && type !== 'timestamptz') return String(value);
  const micros = BigInt(value);
  const within = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  const day = new Date(Number((micros - within) / 1_000n)).toISOString().slice(0, 10);
  return `${day}T${withoutZeros(timeOfDay(within))}${type === 'timestamptz' ? '+00:00' : ''}`;
}

const MICROS_PER_DAY = 86_400n * MICROS_PER_SECOND;

/** A time as Java prints it: with three or six digits of a second, or none. */
function withoutZeros(time: string): string {
  return time.replace(/\.?(?:000){1,2}$/, '');
}
