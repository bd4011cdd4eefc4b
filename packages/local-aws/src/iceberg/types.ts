import { IcebergError } from './IcebergError.ts';
import type { IcebergField, IcebergType, ListType, MapType, StructType } from './model.ts';

/** A primitive type, taken apart. `long` stands for `time`, `timestamp` and `timestamptz`, too, wherever `name` isn't asked. */
export interface Primitive {
  readonly name: string;
  /** Only for `decimal`. */
  readonly precision: number;
  readonly scale: number;
  /** Only for `fixed`, in bytes. */
  readonly length: number;
}

const PLAIN = new Set([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
  'uuid',
  'binary',
]);
/** Types of version 3: https://iceberg.apache.org/spec/#primitive-types. */
const VERSION_3 = /^(timestamp_ns|timestamptz_ns|variant|unknown|geometry\b.*|geography\b.*)$/;

/** Reads the name of a primitive type. Throws `UNSUPPORTED` for a type of version 3, `BAD_METADATA` for a nested or unknown one. */
export function primitiveOf(type: IcebergType): Primitive {
  if (typeof type !== 'string') {
    throw new IcebergError('BAD_METADATA', `The type ${type.type} is not a primitive one.`);
  }
  if (PLAIN.has(type)) return { name: type, precision: 0, scale: 0, length: 0 };
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(type);
  if (decimal) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
    if (precision >= 1 && precision <= 38 && scale <= precision) {
      return { name: 'decimal', precision, scale, length: 0 };
    }
  }
  const fixed = /^fixed\[(\d+)\]$/.exec(type);
  if (fixed) return { name: 'fixed', precision: 0, scale: 0, length: Number(fixed[1]) };
  if (VERSION_3.test(type)) {
    throw new IcebergError('UNSUPPORTED', `The type ${type} is of Iceberg's format version 3.`);
  }
  throw new IcebergError('BAD_METADATA', `Iceberg has no type ${type}.`);
}

/** How many bytes a decimal of a precision needs in Avro and Parquet's `fixed`. */
export function decimalBytes(precision: number): number {
  const bits = (10n ** BigInt(precision)).toString(2).length + 1;
  return Math.ceil(bits / 8);
}

/** The struct's, list's or map's own fields: `element`, `key` and `value` count as fields, as in Iceberg's paths. */
function fieldsOf(type: IcebergType): readonly IcebergField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields;
  if (type.type === 'list') {
    return [
      { id: type['element-id'], name: 'element', required: type['element-required'], type: type.element },
    ];
  }
  return [
    { id: type['key-id'], name: 'key', required: true, type: type.key },
    { id: type['value-id'], name: 'value', required: type['value-required'], type: type.value },
  ];
}

/** A field of a type at any depth, by its ID. */
export function fieldById(type: IcebergType, id: number): IcebergField | undefined {
  for (const field of fieldsOf(type)) {
    const found = field.id === id ? field : fieldById(field.type, id);
    if (found) return found;
  }
  return undefined;
}

/** The highest ID in a type, 0 without one. */
export function highestId(type: IcebergType): number {
  return Math.max(0, ...fieldsOf(type).flatMap((field) => [field.id, highestId(field.type)]));
}

/** A type with every ID given anew, the fields of a struct before what they hold, as Java's `AssignFreshIds` does. */
export function withFreshIds<T extends IcebergType>(type: T, nextId: () => number): T;
export function withFreshIds(type: IcebergType, nextId: () => number): IcebergType {
  if (typeof type === 'string') return type;
  const fresh = fieldsOf(type).map((field) => ({ ...field, id: nextId() }));
  return withFields(
    type,
    fresh.map((field) => ({ ...field, type: withFreshIds(field.type, nextId) })),
  );
}

/** Throws where a type has an unknown primitive type, or a struct with two fields of one name. */
export function assertType(type: IcebergType): void {
  if (typeof type === 'string') {
    primitiveOf(type);
    return;
  }
  const names = new Set<string>();
  for (const { name, type: inner } of fieldsOf(type)) {
    if (names.has(name)) throw new IcebergError('INVALID_SCHEMA', `There are two columns ${name}.`);
    names.add(name);
    assertType(inner);
  }
}

/**
 * Whether a column of one type may become another without its files being written again: the promotions of version 2 in
 * https://iceberg.apache.org/spec/#schema-evolution. A type may become itself.
 */
export function isPromotion(from: IcebergType, to: IcebergType): boolean {
  if (typeof from !== 'string' || typeof to !== 'string') return false;
  const [old, wide] = [primitiveOf(from), primitiveOf(to)];
  if (old.name === 'decimal' && wide.name === 'decimal') {
    return old.scale === wide.scale && old.precision <= wide.precision;
  }
  if (old.name === wide.name) return old.length === wide.length;
  return (old.name === 'int' && wide.name === 'long') || (old.name === 'float' && wide.name === 'double');
}

function withFields(
  type: StructType | ListType | MapType,
  fields: readonly IcebergField[],
): StructType | ListType | MapType {
  const [first, second] = fields;
  if (type.type === 'struct') return { ...type, fields };
  if (type.type === 'list') {
    return first ? { ...type, 'element-id': first.id, element: first.type } : type;
  }
  return first && second
    ? { ...type, 'key-id': first.id, key: first.type, 'value-id': second.id, value: second.type }
    : type;
}
