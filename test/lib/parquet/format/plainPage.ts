import { THRIFT, type ThriftField } from '../../../../lib/parquet/format/thriftCompact.ts';
import { intField, varint } from './thriftWriter.ts';

// IDs and values from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
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

/** The type of a data page of version 2. */
const DATA_PAGE_V2 = 3;
/** The encoding of values one after the other. */
const PLAIN = 0;

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
  const defined = Buffer.of(...varint(count << 1), 1);
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
    [V2.encoding, intField(PLAIN)],
    [V2.definitionBytes, intField(levels ?? defined.length)],
    [V2.repetitionBytes, intField(0)],
    [V2.isCompressed, { type: isCompressed ? THRIFT.true : THRIFT.false, bytes: Buffer.alloc(0) }],
    ...ofPage,
  ];
  const header = writeFields([
    ...before,
    [PAGE.type, intField(DATA_PAGE_V2)],
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
