import { THRIFT, type ThriftField, type ThriftStruct } from '../../../../lib/parquet/format/thriftCompact.ts';

// Writes Thrift's compact protocol, for footers that no writer of Parquet makes.

/** A list. */
interface ThriftList {
  /** One of THRIFT, for all items. */
  readonly type: number;
  /** The encoded items, in their order. */
  readonly items: readonly Buffer[];
}

/** A field of a list. */
export function listField({ type, items }: ThriftList): ThriftField {
  const head = items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(items.length)];
  return { type: THRIFT.list, bytes: Buffer.concat([Buffer.from(head), ...items]) };
}

/** A field of a 32-bit integer. */
export function intField(value: number): ThriftField {
  return { type: THRIFT.i32, bytes: Buffer.from(varint(value < 0 ? -2 * value - 1 : 2 * value)) };
}

/** A field of a 64-bit integer that fits a double. */
export function longField(value: number): ThriftField {
  return { ...intField(value), type: THRIFT.i64 };
}

/** A field of a text. */
export function textField(text: string): ThriftField {
  const bytes = Buffer.from(text);
  return { type: THRIFT.binary, bytes: Buffer.concat([Buffer.from(varint(bytes.length)), bytes]) };
}

/** The bytes of a struct, its end included. */
export function writeStruct(fields: ThriftStruct): Buffer {
  const parts: Buffer[] = [];
  let last = 0;
  for (const [id, { type, bytes }] of fields) {
    const delta = id - last;
    const head = delta > 0 && delta < 16 ? [(delta << 4) | type] : [type, ...varint(2 * id)];
    parts.push(Buffer.from(head), bytes);
    last = id;
  }
  return Buffer.concat([...parts, Buffer.of(0)]);
}

/** The bytes of an integer from 0 on, seven bits each, the lowest first. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

/** The fields of a struct, by ID. */
export type Fields = Readonly<Record<number, ThriftField | undefined>>;

/** A struct of the fields that are defined. */
export const fieldsOf = (fields: Fields): ThriftStruct =>
  new Map(
    Object.entries(fields).flatMap(([id, field]) => (field === undefined ? [] : [[Number(id), field]])),
  );

/** A field of a list of structs. */
export const structsField = (...items: Fields[]) =>
  listField({ type: THRIFT.struct, items: items.map((item) => writeStruct(fieldsOf(item))) });
