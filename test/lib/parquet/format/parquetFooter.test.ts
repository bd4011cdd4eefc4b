import { describe, expect, it } from '@jest/globals';
import { footerBytes, footerRows, ParquetFooter } from '../../../../lib/parquet/format/parquetFooter.ts';
import { THRIFT, type ThriftField } from '../../../../lib/parquet/format/thriftCompact.ts';
import { structField } from './editFooter.ts';
import {
  type Fields,
  fieldsOf,
  intField,
  listField,
  longField,
  structsField,
  textField,
  writeStruct,
} from './thriftWriter.ts';

/** A column chunk whose pages begin at 4, with its offset and the fields of its metadata. */
const METADATA: Fields = {
  1: intField(1),
  2: listField({ type: THRIFT.i32, items: [] }),
  3: listField({ type: THRIFT.binary, items: [] }),
  4: intField(6),
  5: longField(3),
  6: longField(100),
  7: longField(50),
  9: longField(4),
};
const chunk = (more: Fields = {}, changed: Fields = {}): Fields => ({
  2: longField(4),
  3: structField(fieldsOf({ ...METADATA, ...more })),
  ...changed,
});
const group = (chunks: readonly Fields[] = [chunk()], changed: Fields = {}): Fields => ({
  1: structsField(...chunks),
  2: longField(100),
  3: longField(3),
  ...changed,
});
const SCHEMA = structsField({ 4: textField('root'), 5: intField(1) }, { 1: intField(1), 4: textField('a') });
const footer = (groups: ThriftField = structsField(group()), changed: Fields = {}): Fields => ({
  1: intField(1),
  2: SCHEMA,
  3: longField(3),
  4: groups,
  ...changed,
});

/** The end of a file with a footer. @param length What it says of its length. */
function endOf(fields: Fields, length?: number, mark = 'PAR1'): Buffer {
  const bytes = writeStruct(fieldsOf(fields));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(length ?? bytes.length);
  return Buffer.concat([bytes, size, Buffer.from(mark)]);
}
const read = (end: Buffer) => new ParquetFooter({ size: end.length + 1_000, end });

describe('a footer', () => {
  it('says where the pages of each column are, of a dictionary too if there is one', () => {
    const dictionary = chunk({ 11: longField(4), 9: longField(20) });
    // Some writers mean none by 0.
    const none = chunk({ 11: longField(0), 9: longField(20) });
    const end = endOf(footer(structsField(group([chunk(), dictionary, none]))));
    const { rows, rowGroups, isEncrypted, start } = read(end);
    expect({ rows, isEncrypted, start }).toEqual({ rows: 3, isEncrypted: false, start: 1_000 });
    const column = { codec: 6, values: 3, bytes: 50, uncompressed: 100 };
    const chunks = [4, 4, 20].map((at) => ({ ...column, start: at }));
    expect(rowGroups).toEqual([{ rows: 3, chunks }]);
  });

  it('says that pages are encrypted', () => {
    expect(read(endOf(footer(undefined, { 8: structField(new Map()) }))).isEncrypted).toBe(true);
  });

  const integers = listField({ type: THRIFT.i32, items: [Buffer.of(2)] });
  it.each<{ readonly what: string; readonly fields: Fields }>([
    { what: 'no schema', fields: footer(undefined, { 2: undefined }) },
    { what: 'no number of rows', fields: footer(undefined, { 3: undefined }) },
    { what: 'a number of rows of 32 bits', fields: footer(undefined, { 3: intField(3) }) },
    { what: 'no row groups', fields: footer(undefined, { 4: undefined }) },
    { what: 'row groups that are no structs', fields: footer(integers) },
    { what: 'columns that are no structs', fields: footer(structsField(group([], { 1: integers }))) },
    { what: 'a row group without columns', fields: footer(structsField(group([], { 1: undefined }))) },
    { what: 'a row group without bytes', fields: footer(structsField(group([], { 2: undefined }))) },
    { what: 'a row group without rows', fields: footer(structsField(group([], { 3: undefined }))) },
    { what: 'a column without metadata', fields: footer(structsField(group([chunk({}, { 3: undefined })]))) },
    {
      what: 'a column without an offset',
      fields: footer(structsField(group([chunk({}, { 2: undefined })]))),
    },
    ...[1, 2, 3, 4, 5, 6, 7, 9].map((id) => ({
      what: `a column without its field ${id}`,
      fields: footer(structsField(group([chunk({ [id]: undefined })]))),
    })),
  ])('is damaged with $what', ({ fields }) => {
    expect(() => read(endOf(fields))).toThrow(RangeError);
  });

  it.each([
    { what: 'is longer than the file', end: endOf(footer(), 10_000) },
    { what: 'does not end as Parquet does', end: endOf(footer(), undefined, 'PARX') },
  ])('that $what is damaged', ({ end }) => {
    expect(() => read(end)).toThrow(RangeError);
    expect(() => footerRows(end)).toThrow(RangeError);
  });

  it('is measured from its beginning to the end of the file, if the file ends as Parquet does', () => {
    const end = endOf(footer());
    expect(footerBytes(Buffer.concat([Buffer.alloc(10), end]))).toBe(end.length);
    expect(footerBytes(Buffer.from('PAR1'))).toBeUndefined();
  });

  it('has its number of rows read alone, and is damaged without one', () => {
    expect(footerRows(Buffer.concat([Buffer.alloc(10), endOf(footer())]))).toBe(3);
    expect(() => footerRows(endOf(footer(undefined, { 3: undefined })))).toThrow(RangeError);
  });
});
