import { readFileSync, writeFileSync } from 'node:fs';
import type { EngineFile } from '../../../../lib/drops/engine/Engine.ts';
import {
  intField,
  listField,
  readList,
  THRIFT,
  type ThriftField,
  ThriftReader,
  type ThriftStruct,
  textField,
  writeStruct,
} from '../../../../lib/drops/engine/parquet/thriftCompact.ts';

// Fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const SCHEMA = 2;
const ROW_GROUPS = 4;
const COLUMNS = 1;
const METADATA = 3;
const STATISTICS = 12;
const NAME = 4;

/** An element of a schema, and its name. */
export interface Element {
  readonly name: string;
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
  return editFooter(file, (footer) => {
    const groups = structsOf(footer, ROW_GROUPS).map((group) => {
      const chunks = structsOf(group, COLUMNS).map((chunk, i) => {
        if (i !== column) return chunk;
        const metadata = structOf(chunk, METADATA);
        const statistics = metadata.has(STATISTICS) ? structOf(metadata, STATISTICS) : new Map();
        return new Map([
          ...chunk,
          [METADATA, structField(new Map([...metadata, [STATISTICS, structField(edit(statistics))]]))],
        ]);
      });
      return new Map([...group, [COLUMNS, structList(chunks)]]);
    });
    footer.set(ROW_GROUPS, structList(groups));
  });
}

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

function structsOf(fields: ThriftStruct, id: number): ThriftStruct[] {
  return readList(required(fields, id)).items.map((item) => new ThriftReader(item).struct());
}

function structOf(fields: ThriftStruct, id: number): ThriftStruct {
  return new ThriftReader(required(fields, id).bytes).struct();
}

function textOf(fields: ThriftStruct, id: number): string {
  return new ThriftReader(required(fields, id).bytes).binary().toString();
}

function required(fields: ThriftStruct, id: number): ThriftField {
  const field = fields.get(id);
  if (field === undefined) throw new RangeError(`No field ${id}.`);
  return field;
}

function structList(structs: readonly ThriftStruct[]): ThriftField {
  return listField({ type: THRIFT.struct, items: structs.map(writeStruct) });
}
