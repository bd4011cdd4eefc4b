import { IcebergError } from './IcebergError.ts';
import type { IcebergSchema, IcebergType, IcebergValue, PartitionSpec, PartitionValue } from './model.ts';
import { fieldById, primitiveOf } from './types.ts';
import { boundBytes, cutText, misfit } from './values.ts';

/** A transform's name and its number, taken apart. */
interface Transform {
  readonly name: string;
  /** Buckets or width; 0 where it has none. */
  readonly parameter: number;
}

const DAY_MS = 86_400_000;
const LONGS = ['long', 'time', 'timestamp', 'timestamptz'];
const DATES = ['date', 'timestamp', 'timestamptz'];
/** Which types each transform takes: https://iceberg.apache.org/spec/#partition-transforms. Others take any. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  bucket: ['int', 'date', ...LONGS, 'decimal', 'string', 'uuid', 'fixed', 'binary'],
  truncate: ['int', 'long', 'decimal', 'string', 'binary'],
  year: DATES,
  month: DATES,
  day: DATES,
  hour: ['timestamp', 'timestamptz'],
};

/** Applies a partition transform to a value of a column's type. Throws `BAD_VALUE`, and `INVALID_SCHEMA` for a wrong pair. */
export function transformValue(
  transform: string,
  type: IcebergType,
  value: IcebergValue | null,
): PartitionValue {
  transformedType(transform, type);
  const { name, parameter } = parseTransform(transform);
  if (value === null || name === 'void') return null;
  switch (name) {
    case 'bucket':
      return (murmur3(hashedBytes(type, value)) & 0x7fffffff) % parameter;
    case 'truncate':
      return truncate(type, value, parameter);
    case 'identity':
      // A value that isn't of the type would break the manifest.
      boundBytes(type, value);
      return value;
    default:
      return ordinal(name, type, value);
  }
}

/**
 * The type of what a transform gives: `int`, `date` of `day`, else the column's. Throws `INVALID_SCHEMA` where it can't be
 * applied to the type, `UNSUPPORTED` for a transform that version 2 doesn't have.
 */
export function transformedType(transform: string, type: IcebergType): string {
  const { name } = parseTransform(transform);
  if (typeof type !== 'string' || (SOURCES[name] && !SOURCES[name].includes(primitiveOf(type).name))) {
    const kind = typeof type === 'string' ? type : type.type;
    throw new IcebergError(
      'INVALID_SCHEMA',
      `The transform ${transform} can't be applied to the type ${kind}.`,
    );
  }
  if (name === 'day') return 'date';
  return ['bucket', 'year', 'month', 'hour'].includes(name) ? 'int' : type;
}

/**
 * A partition as in the paths of data files, `day=2026-11-20/kind=a%2Fb`: the part of `data/<here>/<file>`. Empty without
 * partition fields. Names and values are as Java's `PartitionSpec.partitionToPath` writes them.
 */
export function humanPartition(
  spec: PartitionSpec,
  schema: IcebergSchema,
  partition: ReadonlyMap<number, PartitionValue>,
): string {
  return spec.fields
    .map((field) => {
      const source = fieldById(schema, field['source-id']);
      const value = partition.get(field['field-id']) ?? null;
      return `${escapePath(field.name)}=${escapePath(humanValue(field.transform, source?.type ?? 'string', value))}`;
    })
    .join('/');
}

function parseTransform(transform: string): Transform {
  if (/^(identity|void|year|month|day|hour)$/.test(transform)) return { name: transform, parameter: 0 };
  const [, name = '', digits = ''] = /^(bucket|truncate)\[(\d{1,10})\]$/.exec(transform) ?? [];
  const parameter = Number(digits);
  if (parameter < 1 || parameter > 0x7fffffff) {
    throw new IcebergError(
      'UNSUPPORTED',
      `The partition transform ${transform} is not one of Iceberg's version 2.`,
    );
  }
  return { name, parameter };
}

function truncate(type: IcebergType, value: IcebergValue, width: number): PartitionValue {
  boundBytes(type, value);
  if (typeof value === 'number') return (value - (((value % width) + width) % width)) | 0;
  if (typeof value === 'bigint') {
    const wide = BigInt(width);
    const cut = value - (((value % wide) + wide) % wide);
    return type === 'long' ? BigInt.asIntN(64, cut) : cut;
  }
  if (typeof value === 'string') return cutText(value, width);
  if (value instanceof Uint8Array) return value.slice(0, width);
  throw misfit(type);
}

/** Years, months, days or hours since 1970, negative before. */
function ordinal(unit: string, type: IcebergType, value: IcebergValue): number {
  const milliseconds = epochMs(type, value);
  if (unit === 'hour') return Math.floor(milliseconds / 3_600_000);
  if (unit === 'day') return Math.floor(milliseconds / DAY_MS);
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) {
    throw new IcebergError(
      'BAD_VALUE',
      `A ${JSON.stringify(type)} is beyond the years that dates have here.`,
    );
  }
  const years = date.getUTCFullYear() - 1970;
  return unit === 'year' ? years : years * 12 + date.getUTCMonth();
}

function epochMs(type: IcebergType, value: IcebergValue): number {
  boundBytes(type, value);
  if (typeof value === 'number') return value * DAY_MS;
  if (typeof value !== 'bigint') throw misfit(type);
  // Down, also before 1970.
  return Number((value - (((value % 1000n) + 1000n) % 1000n)) / 1000n);
}

/** Bytes that the bucket transform hashes: https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements. */
function hashedBytes(type: IcebergType, value: IcebergValue): Uint8Array {
  // An int is hashed as a long, so that a column that was widened keeps its buckets.
  return type === 'int' || type === 'date'
    ? boundBytes('long', typeof value === 'number' ? BigInt(value) : value)
    : boundBytes(type, value);
}

/** 32-bit Murmur3, x86 variant, seed 0. */
function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scramble = (block: number) => {
    const multiplied = Math.imul(block, 0xcc9e2d51);
    return Math.imul((multiplied << 15) | (multiplied >>> 17), 0x1b873593);
  };
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash ^= scramble(view.getUint32(at, true));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = bytes.length - 1; at >= whole; at -= 1) rest = (rest << 8) | (bytes[at] ?? 0);
  if (bytes.length > whole) hash ^= scramble(rest);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function humanValue(transform: string, type: IcebergType, value: PartitionValue): string {
  if (value === null) return 'null';
  if (typeof value === 'number') {
    const { name } = parseTransform(transform);
    if (name === 'year') return String(1970 + value).padStart(4, '0');
    if (name === 'month') return isoOf(Date.UTC(1970, value, 1), 7);
    if (name === 'hour') return isoOf(value * 3_600_000, 13).replace('T', '-');
    if (name === 'day' || (type === 'date' && name !== 'bucket')) return isoOf(value * DAY_MS, 10);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'bigint') return String(value);
  const { name, scale } = primitiveOf(type);
  if (name === 'decimal') return decimalText(value, scale);
  return name === 'long' ? String(value) : humanTime(name, value);
}

/** As Java prints it. */
function humanTime(name: string, micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const iso = new Date(Number((micros - fraction) / 1000n)).toISOString();
  const seconds = iso.slice(iso.indexOf('T') + 1, -5);
  const digits = String(fraction).padStart(6, '0');
  if (name === 'time') {
    // LocalTime.toString
    return fraction > 0n ? `${seconds}.${digits.replace(/000$/, '')}` : seconds.replace(/:00$/, '');
  }
  // DateTimeFormatter.ISO_LOCAL_DATE_TIME
  const shown = fraction > 0n ? `${seconds}.${digits.replace(/0+$/, '')}` : seconds;
  return `${iso.slice(0, iso.indexOf('T'))}T${shown}${name === 'timestamptz' ? '+00:00' : ''}`;
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
}

function isoOf(milliseconds: number, length: number): string {
  const iso = new Date(milliseconds).toISOString();
  // Years above 9999 have a sign and six digits.
  return iso.slice(0, length + (iso.indexOf('-', 1) - 4));
}

/** Java's URLEncoder. */
function escapePath(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
