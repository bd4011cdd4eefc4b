import { readFileSync, writeFileSync } from 'node:fs';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import {
  listItems,
  THRIFT,
  type ThriftField,
  ThriftReader,
  type ThriftStruct,
} from '../../../../lib/parquet/format/thriftCompact.ts';
import { intField, listField, longField, textField, writeStruct } from './thriftWriter.ts';

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
/** The schema, of the file. */
const SCHEMA = 2;
/** The row groups, of the file. */
const ROW_GROUPS = 4;
/** The number of rows, of the file and of a row group. */
const ROWS = 3;
/** The column chunks, of a row group. */
const COLUMNS = 1;
/** The metadata, of a column chunk. */
const METADATA = 3;
/** The statistics, of a column chunk's metadata. */
const STATISTICS = 12;
/** The name, of an element of the schema. */
const NAME = 4;
/** Other fields of an element of the schema. */
export const ELEMENT = { type: 1, children: 5, convertedType: 6, logicalType: 10 } as const;
/** Fields of a column chunk's metadata. */
export const CHUNK = {
  encodings: 2,
  path: 3,
  values: 5,
  uncompressed: 6,
  bytes: 7,
  dataPage: 9,
  dictionaryPage: 11,
  sizes: 16,
} as const;
/** Fields of a page's header. */
export const PAGE = { type: 1, uncompressed: 2, bytes: 3, dataV1: 5, dataV2: 8 } as const;
/** Fields of the part of a page's header about version 2. */
export const V2 = {
  values: 1,
  nulls: 2,
  rows: 3,
  encoding: 4,
  definitionBytes: 5,
  repetitionBytes: 6,
  isCompressed: 7,
} as const;

/** An element of a schema, and its name. */
interface Element {
  /** Its name, which is also one of its fields. */
  readonly name: string;
  /** All of its fields by their IDs. */
  readonly fields: ThriftStruct;
}

/** Changes the elements of a file's schema. */
export function editSchema(
  file: EngineFile,
  edit: (elements: readonly Element[]) => readonly Element[],
): EngineFile {
  return editFooter(file, (footer) => {
    const elements = structsOf(footer, SCHEMA).map((fields) => ({ name: textOf(fields, NAME), fields }));
    footer.set(
      SCHEMA,
      structList(edit(elements).map(({ name, fields }) => new Map([...fields, [NAME, textField(name)]]))),
    );
  });
}

/** Changes fields of the elements of some name. Undefined takes a field away. */
export function setElement(
  file: EngineFile,
  name: string,
  changed: Readonly<Record<number, ThriftField | undefined>>,
): EngineFile {
  return editSchema(file, (elements) =>
    elements.map((element) => (element.name === name ? withFields(element, changed) : element)),
  );
}

/** An element with other fields. */
export function withFields(
  { name, fields }: Element,
  changed: Readonly<Record<number, ThriftField | undefined>>,
): Element {
  const all = new Map(fields);
  for (const [id, field] of Object.entries(changed)) {
    if (field === undefined) all.delete(Number(id));
    else all.set(Number(id), field);
  }
  return { name, fields: all };
}

/** The annotation of a decimal, in the old words and the new. */
export function decimalFields(digits: number, scale: number): Record<number, ThriftField> {
  const size = structField(
    new Map([
      [1, intField(scale)],
      [2, intField(digits)],
    ]),
  );
  return { 6: intField(5), 7: intField(scale), 8: intField(digits), 10: structField(new Map([[5, size]])) };
}

/** A field that is a struct. */
export function structField(fields: ThriftStruct): ThriftField {
  return { type: THRIFT.struct, bytes: writeStruct(fields) };
}

/** Gives all chunks of one column other statistics. */
export function setStatistics(
  file: EngineFile,
  column: number,
  edit: (statistics: ThriftStruct) => ThriftStruct,
): EngineFile {
  return editChunk(file, column, (metadata) => {
    const statistics = metadata.has(STATISTICS) ? structOf(metadata, STATISTICS) : new Map();
    return new Map([...metadata, [STATISTICS, structField(edit(statistics))]]);
  });
}

/** Changes the metadata of a column in all row groups. */
function editChunk(
  file: EngineFile,
  column: number,
  edit: (metadata: ThriftStruct) => ThriftStruct,
): EngineFile {
  return editFooter(file, (footer) => {
    const groups = structsOf(footer, ROW_GROUPS).map((group) => {
      const chunks = structsOf(group, COLUMNS).map((chunk, i) =>
        i === column ? new Map([...chunk, [METADATA, structField(edit(structOf(chunk, METADATA)))]]) : chunk,
      );
      return new Map([...group, [COLUMNS, structList(chunks)]]);
    });
    footer.set(ROW_GROUPS, structList(groups));
  });
}

/** Changes fields of a file's footer, and leaves its pages where they are. */
function editFooter(file: EngineFile, edit: (footer: ThriftStruct) => void): EngineFile {
  const bytes = readFileSync(file.path);
  const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  const footer = new ThriftReader(bytes.subarray(start)).struct();
  edit(footer);
  const written = writeStruct(footer);
  const tail = Buffer.from('....PAR1', 'latin1');
  tail.writeUInt32LE(written.length, 0);
  writeFileSync(file.path, Buffer.concat([bytes.subarray(0, start), written, tail]));
  return file;
}

/** The structs of a list. @throws RangeError without the field, as the three below it. */
function structsOf(fields: ThriftStruct, id: number): ThriftStruct[] {
  return listItems(required(fields, id).bytes).map((item) => new ThriftReader(item).struct());
}

/** The struct of a field. */
function structOf(fields: ThriftStruct, id: number): ThriftStruct {
  return new ThriftReader(required(fields, id).bytes).struct();
}

/** The text of a field. */
function textOf(fields: ThriftStruct, id: number): string {
  return new ThriftReader(required(fields, id).bytes).binary().toString();
}

/** A field that has to be there. */
function required(fields: ThriftStruct, id: number): ThriftField {
  const field = fields.get(id);
  if (field === undefined) throw new RangeError(`No field ${id}.`);
  return field;
}

/** A field that is a list of structs. */
function structList(structs: readonly ThriftStruct[]): ThriftField {
  return listField({ type: THRIFT.struct, items: structs.map(writeStruct) });
}

/** Texts as a page of version 2 of an optional column, with its header. */
export function plainPage(
  texts: readonly string[],
  {
    more = Buffer.alloc(0),
    uncompressed,
    levels,
    before = [],
    after = [],
    ofPage = [],
    isCompressed = false,
  }: {
    /** Bytes after the values. Default: none. */
    readonly more?: Buffer;
    /** The size in the header, if it differs from the values' size. */
    readonly uncompressed?: number;
    /** The size of the levels in the header, if it differs from theirs. */
    readonly levels?: number;
    /** Fields before the header's own, by their IDs. Default: none. */
    readonly before?: readonly (readonly [number, ThriftField])[];
    /** Fields behind the header's own. Default: none. */
    readonly after?: readonly (readonly [number, ThriftField])[];
    /** Fields behind those of its part about version 2. Default: none. */
    readonly ofPage?: readonly (readonly [number, ThriftField])[];
    /** Whether the header says that the values are compressed, which they never are. */
    readonly isCompressed?: boolean;
  } = {},
): Buffer {
  const count = texts.length;
  // All are there: one run of ones.
  const defined = Buffer.of(count << 1, 1);
  const values = texts.map((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(text));
    return Buffer.concat([length, Buffer.from(text)]);
  });
  const body = Buffer.concat([defined, ...values, more]);
  const page: (readonly [number, ThriftField])[] = [
    [V2.values, intField(count)],
    [V2.nulls, intField(0)],
    [V2.rows, intField(count)],
    [V2.encoding, intField(0)],
    [V2.definitionBytes, intField(levels ?? defined.length)],
    [V2.repetitionBytes, intField(0)],
    [V2.isCompressed, { type: isCompressed ? THRIFT.true : THRIFT.false, bytes: Buffer.alloc(0) }],
    ...ofPage,
  ];
  const header = writeFields([
    ...before,
    [PAGE.type, intField(3)],
    [PAGE.uncompressed, intField(uncompressed ?? body.length - more.length)],
    [PAGE.bytes, intField(body.length)],
    [PAGE.dataV2, { type: THRIFT.struct, bytes: writeFields(page) }],
    ...after,
  ]);
  return Buffer.concat([header, body]);
}

/** Fields of a struct in this order, some of them twice. */
function writeFields(fields: readonly (readonly [number, ThriftField])[]): Buffer {
  // Each ID in full.
  const parts = fields.map(([id, { type, bytes }]) =>
    Buffer.concat([Buffer.of(type), intField(id).bytes, bytes]),
  );
  return Buffer.concat([...parts, Buffer.of(0)]);
}

/** Gives a column of a file with one row group other pages, at the end of the file. @param changed Of its metadata. */
export function setPages(
  file: EngineFile,
  column: number,
  pages: Buffer,
  changed: Readonly<Record<number, ThriftField | undefined>> = {},
): EngineFile {
  const whole = readFileSync(file.path);
  const start = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  writeFileSync(file.path, Buffer.concat([whole.subarray(0, start), pages, whole.subarray(start)]));
  return setChunk(file, column, {
    [CHUNK.dataPage]: longField(start),
    [CHUNK.dictionaryPage]: undefined,
    [CHUNK.bytes]: longField(pages.length),
    [CHUNK.uncompressed]: longField(pages.length),
    ...changed,
  });
}

/** Changes the metadata of a column in all row groups. Undefined takes a field away. */
export function setChunk(
  file: EngineFile,
  column: number,
  changed: Readonly<Record<number, ThriftField | undefined>>,
): EngineFile {
  return editChunk(file, column, (fields) => withFields({ name: '', fields }, changed).fields);
}

/** Gives a file's schema so many columns, like its last. */
export function widen(file: EngineFile, count: number): EngineFile {
  return editSchema(file, (elements) => {
    const root = elements[0];
    const last = elements.at(-1);
    if (root === undefined || last === undefined) throw new RangeError('No columns.');
    const names = Array.from({ length: count }, (_, i) => ({ name: `c${i}`, fields: last.fields }));
    return [withFields(root, { [ELEMENT.children]: intField(count) }), ...names];
  });
}

/** Changes the number of rows that a footer says. */
export function setRows(file: EngineFile, rows: ThriftField, ofGroups?: ThriftField): EngineFile {
  return editFooter(file, (footer) => {
    footer.set(ROWS, rows);
    if (ofGroups === undefined) return;
    const groups = structsOf(footer, ROW_GROUPS).map((group) => new Map([...group, [ROWS, ofGroups]]));
    footer.set(ROW_GROUPS, structList(groups));
  });
}
