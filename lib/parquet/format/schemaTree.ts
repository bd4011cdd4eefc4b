import { listItems, THRIFT, ThriftReader, type ThriftStruct } from './thriftCompact.ts';

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
/** Fields of an element of the schema. */
export const ELEMENT = {
  type: 1,
  length: 2,
  repetition: 3,
  name: 4,
  children: 5,
  converted: 6,
  scale: 7,
  precision: 8,
  logical: 10,
} as const;

/** The physical types in use. */
export const PHYSICAL = { int96: 3, fixed: 7 } as const;
/** `ConvertedType`s in use. */
export const CONVERTED = { list: 3, decimal: 5, timestampMillis: 9, timestampMicros: 10 } as const;
/** The members of the union `LogicalType` in use. */
export const LOGICAL = { list: 3, decimal: 5, timestamp: 8, unknown: 11, variant: 16 } as const;

/** The most groups within each other, so that no schema exhausts the stack. Real ones have a tenth. */
const MOST_LEVELS = 100;

/** A column of the schema, or a group of them. */
export interface SchemaNode {
  /** The name of the column, or of the member of a group. */
  readonly name: string;
  /** The element as in the file. */
  readonly element: ThriftStruct;
  /** The members of a group, in their order; none for a column with values. */
  readonly children: readonly SchemaNode[];
  /** Range of its leaves among the column chunks of a row group: first and end. */
  readonly leaves: readonly [first: number, end: number];
}

/** The root of a schema. @param shape As `ParquetFooter` has it. @throws RangeError if the schema is inconsistent. */
export function readSchema(shape: string): SchemaNode {
  return treeOf(listItems(Buffer.from(shape, 'latin1')));
}

/**
 * The number of columns, members of structs included. Groups count too, beyond three for each column: a list has two, a map
 * one or two.
 *
 * @param shape As `ParquetFooter` has it.
 * @throws RangeError if it is inconsistent.
 */
export function countColumns(shape: string): number {
  const reader = new ThriftReader(Buffer.from(shape, 'latin1'));
  let leaves = 0;
  let elements = 0;
  reader.items(() => {
    let children = 0;
    reader.fields((id, type) => {
      if (id === ELEMENT.children && type === THRIFT.i32) children = reader.int();
      else reader.skip(type);
    });
    elements += 1;
    if (children === 0) leaves += 1;
  });
  return Math.max(leaves, Math.floor(elements / 4));
}

/**
 * The tree of a schema's elements, which are in depth-first order, each before its children.
 *
 * @throws RangeError if an element is missing, or nested too deeply.
 */
function treeOf(items: readonly Buffer[]): SchemaNode {
  let next = 0;
  let leaves = 0;
  const read = (level: number): SchemaNode => {
    const item = items[next];
    if (item === undefined) throw new RangeError('The schema ends within a group.');
    if (level > MOST_LEVELS) throw new RangeError('The schema is nested too deeply.');
    next += 1;
    const element = new ThriftReader(item).struct();
    const name = element.get(ELEMENT.name);
    const first = leaves;
    const children: SchemaNode[] = [];
    const count = intOf(element, ELEMENT.children) ?? 0;
    for (let i = 0; i < count; i += 1) children.push(read(level + 1));
    if (count === 0) leaves += 1;
    const text = name?.type === THRIFT.binary ? new ThriftReader(name.bytes).binary().toString() : '';
    return { name: text, element, children, leaves: [first, leaves] };
  };
  return read(0);
}

/** The value of a field that is an integer; undefined if the struct has no such field. */
export function intOf(fields: ThriftStruct, id: number): number | undefined {
  const field = fields.get(id);
  const isInt = field !== undefined && field.type >= THRIFT.i16 && field.type <= THRIFT.i64;
  return isInt ? new ThriftReader(field.bytes).int() : undefined;
}

/** The value of a field that is a struct; null if the struct has no such field. */
export function structOf(fields: ThriftStruct, id: number): ThriftStruct | null {
  const field = fields.get(id);
  return field?.type === THRIFT.struct ? new ThriftReader(field.bytes).struct() : null;
}
