import { readFileSync, writeFileSync } from 'node:fs';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import {
  listItems,
  THRIFT,
  type ThriftField,
  ThriftReader,
  type ThriftStruct,
} from '../../../../lib/parquet/format/thriftCompact.ts';
import { type Fields, intField, listField, longField, textField, writeStruct } from './thriftWriter.ts';

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
export const ELEMENT = {
  type: 1,
  repetition: 3,
  children: 5,
  convertedType: 6,
  scale: 7,
  precision: 8,
  logicalType: 10,
} as const;
/** The converted type of a decimal, and its place in the union of logical types. */
const DECIMAL = { converted: 5, logical: 5 } as const;
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
export function setElement(file: EngineFile, name: string, changed: Fields): EngineFile {
  return editSchema(file, (elements) =>
    elements.map((element) => (element.name === name ? withFields(element, changed) : element)),
  );
}

/** An element with other fields. */
export function withFields({ name, fields }: Element, changed: Fields): Element {
  return { name, fields: changeFields(fields, changed) };
}

/** A struct with other fields. Undefined takes a field away. */
function changeFields(fields: ThriftStruct, changed: Fields): ThriftStruct {
  const all = new Map(fields);
  for (const [id, field] of Object.entries(changed)) {
    if (field === undefined) all.delete(Number(id));
    else all.set(Number(id), field);
  }
  return all;
}

/** The annotation of a decimal: its converted type, which older readers know, and its logical type. */
export function decimalFields(digits: number, scale: number): Record<number, ThriftField> {
  const size = structField(
    new Map([
      [1, intField(scale)],
      [2, intField(digits)],
    ]),
  );
  return {
    [ELEMENT.convertedType]: intField(DECIMAL.converted),
    [ELEMENT.scale]: intField(scale),
    [ELEMENT.precision]: intField(digits),
    [ELEMENT.logicalType]: structField(new Map([[DECIMAL.logical, size]])),
  };
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

/** Gives a column of a file with one row group other pages, at the end of the file. @param changed Of its metadata. */
export function setPages(file: EngineFile, column: number, pages: Buffer, changed: Fields = {}): EngineFile {
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
export function setChunk(file: EngineFile, column: number, changed: Fields): EngineFile {
  return editChunk(file, column, (fields) => changeFields(fields, changed));
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

/** Changes the number of rows that a footer says of the file, and that of each row group. @param ofGroups Default: as they are. */
export function setRows(file: EngineFile, rows: ThriftField, ofGroups?: ThriftField): EngineFile {
  return editFooter(file, (footer) => {
    footer.set(ROWS, rows);
    if (ofGroups === undefined) return;
    const groups = structsOf(footer, ROW_GROUPS).map((group) => new Map([...group, [ROWS, ofGroups]]));
    footer.set(ROW_GROUPS, structList(groups));
  });
}
