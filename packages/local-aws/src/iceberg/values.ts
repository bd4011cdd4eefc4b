import { IcebergError } from './IcebergError.ts';
import type { IcebergType, IcebergValue } from './model.ts';
import { primitiveOf } from './types.ts';

/** Characters or bytes of a bound: Iceberg's `write.metadata.metrics.default` is `truncate(16)`. */
const BOUND_LENGTH = 16;

/**
 * A value in single-value serialization, whole: https://iceberg.apache.org/spec/#binary-single-value-serialization.
 * Throws `BAD_VALUE` where the value isn't of the type.
 */
export function boundBytes(type: IcebergType, value: IcebergValue): Uint8Array {
  const { name, length } = primitiveOf(type);
  switch (name) {
    case 'boolean':
      return Uint8Array.of(expect(typeof value === 'boolean' ? value : undefined, type) ? 1 : 0);
    case 'int':
    case 'date':
      return fixedWidth(4, (view) => view.setInt32(0, expectInt(value, type), true));
    case 'float':
      return fixedWidth(4, (view) => view.setFloat32(0, expectNumber(value, type), true));
    case 'double':
      return fixedWidth(8, (view) => view.setFloat64(0, expectNumber(value, type), true));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return fixedWidth(8, (view) => view.setBigInt64(0, expectLong(value, type), true));
    case 'decimal':
      return unscaledBytes(expect(typeof value === 'bigint' ? value : undefined, type));
    case 'string':
      return Buffer.from(expect(typeof value === 'string' ? value : undefined, type), 'utf8');
    case 'uuid':
      return uuidBytes(value, type);
    default: {
      const bytes = expect(value instanceof Uint8Array ? value : undefined, type);
      if (name === 'fixed' && bytes.length !== length) throw misfit(type);
      return bytes;
    }
  }
}

/** A lower bound as writers keep it: texts and binary are cut to 16 characters or bytes. */
export function lowerBoundBytes(type: IcebergType, value: IcebergValue): Uint8Array {
  if (typeof value === 'string' && type === 'string') return boundBytes(type, cutText(value, BOUND_LENGTH));
  if (value instanceof Uint8Array && type === 'binary') return value.subarray(0, BOUND_LENGTH);
  return boundBytes(type, value);
}

/**
 * An upper bound as writers keep it: texts and binary longer than 16 characters or bytes are cut there and raised by one at
 * the last place that can be. Undefined where nothing of that length is above it: then there is no bound.
 */
export function upperBoundBytes(type: IcebergType, value: IcebergValue): Uint8Array | undefined {
  if (typeof value === 'string' && type === 'string') {
    const cut = [...value].slice(0, BOUND_LENGTH + 1);
    if (cut.length <= BOUND_LENGTH) return boundBytes(type, value);
    const raised = raise(
      cut.slice(0, BOUND_LENGTH).map((character) => character.codePointAt(0) ?? 0),
      nextCharacter,
    );
    return raised && boundBytes(type, String.fromCodePoint(...raised));
  }
  if (value instanceof Uint8Array && type === 'binary') {
    if (value.length <= BOUND_LENGTH) return value;
    const raised = raise([...value.subarray(0, BOUND_LENGTH)], (byte) => (byte < 255 ? byte + 1 : undefined));
    return raised && Uint8Array.from(raised);
  }
  return boundBytes(type, value);
}

/**
 * Reads a bound. One that was written before its column was widened (4 bytes of a `long` or `double`) is read, too.
 * Throws `BAD_VALUE` where the bytes can't be of the type.
 */
export function boundValue(type: IcebergType, bytes: Uint8Array): IcebergValue {
  const { name } = primitiveOf(type);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = (expected: readonly number[]) => {
    if (!expected.includes(bytes.length)) throw misfit(type);
  };
  switch (name) {
    case 'boolean':
      width([1]);
      return bytes[0] !== 0;
    case 'int':
    case 'date':
      width([4]);
      return view.getInt32(0, true);
    case 'float':
      width([4]);
      return view.getFloat32(0, true);
    case 'double':
      width([4, 8]);
      return bytes.length === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      width([4, 8]);
      return bytes.length === 4 ? BigInt(view.getInt32(0, true)) : view.getBigInt64(0, true);
    case 'decimal':
      return unscaledValue(bytes);
    case 'string':
      return Buffer.from(bytes).toString('utf8');
    case 'uuid':
      width([16]);
      return uuidText(bytes);
    default:
      return Uint8Array.from(bytes);
  }
}

/** Compares two values of one type in Iceberg's order: texts and binary by bytes, -0 before 0, NaN last. */
export function compareValues(left: IcebergValue, right: IcebergValue): number {
  if (typeof left === 'string' && typeof right === 'string') {
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  if (Number.isNaN(left) || Number.isNaN(right))
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  if (left === 0 && right === 0) return Number(Object.is(right, -0)) - Number(Object.is(left, -0));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A text cut to a number of Unicode characters, of which one may be two UTF-16 units. */
export function cutText(text: string, characters: number): string {
  return text.length <= characters ? text : [...text.slice(0, characters * 2)].slice(0, characters).join('');
}

/** An unscaled decimal in two's complement, big-endian, in as few bytes as it needs, or exactly `length`. */
export function unscaledBytes(value: bigint, length?: number): Uint8Array {
  let bytes = length ?? 1;
  while (length === undefined && BigInt.asIntN(bytes * 8, value) !== value) bytes += 1;
  if (BigInt.asIntN(bytes * 8, value) !== value) {
    throw new IcebergError('BAD_VALUE', `A decimal does not fit into ${bytes} bytes.`);
  }
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Reads what `unscaledBytes` writes. */
export function unscaledValue(bytes: Uint8Array): bigint {
  return bytes.length === 0
    ? 0n
    : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

/** The text of a UUID's 16 bytes. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A fault of a value that isn't of its type. It doesn't say the value. */
export function misfit(type: IcebergType): IcebergError {
  return new IcebergError('BAD_VALUE', `A value is not of the type ${JSON.stringify(type)}.`);
}

function expect<T>(value: T | undefined, type: IcebergType): T {
  if (value === undefined) throw misfit(type);
  return value;
}

function expectNumber(value: IcebergValue, type: IcebergType): number {
  return expect(typeof value === 'number' ? value : undefined, type);
}

function expectInt(value: IcebergValue, type: IcebergType): number {
  const number = expectNumber(value, type);
  if ((number | 0) !== number) throw misfit(type);
  return number;
}

function expectLong(value: IcebergValue, type: IcebergType): bigint {
  const long = expect(typeof value === 'bigint' ? value : undefined, type);
  if (BigInt.asIntN(64, long) !== long) throw misfit(type);
  return long;
}

function uuidBytes(value: IcebergValue, type: IcebergType): Uint8Array {
  const text = expect(typeof value === 'string' ? value : undefined, type).replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(text)) throw misfit(type);
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

function fixedWidth(bytes: number, write: (view: DataView) => void): Uint8Array {
  const result = new Uint8Array(bytes);
  write(new DataView(result.buffer));
  return result;
}

/** Raises the last unit that has a next one, and drops what follows it. */
function raise(units: readonly number[], next: (unit: number) => number | undefined): number[] | undefined {
  for (let at = units.length - 1; at >= 0; at -= 1) {
    const raised = next(units[at] ?? 0);
    if (raised !== undefined) return [...units.slice(0, at), raised];
  }
  return undefined;
}

/** The next code point that can be written as UTF-8: surrogates can't be. */
function nextCharacter(codePoint: number): number | undefined {
  if (codePoint >= 0x10ffff) return undefined;
  return codePoint === 0xd7ff ? 0xe000 : codePoint + 1;
}
