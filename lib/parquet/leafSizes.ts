import { intOf, type ParquetFooter, PHYSICAL, rowGroupChunks, structOf } from './parquetFooter.ts';
import { ThriftReader, type ThriftStruct } from './thriftCompact.ts';

// IDs of fields, from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const COLUMN = {
  type: 1,
  codec: 4,
  values: 5,
  uncompressed: 6,
  compressed: 7,
  dictionaryPage: 11,
  statistics: 12,
  sizes: 16,
} as const;
const STATISTICS = { oldMax: 1, oldMin: 2, nulls: 3, max: 5, min: 6 } as const;
/** Field of `SizeStatistics`: bytes of all texts without their lengths. Few writers set it. */
const TEXT_BYTES = 1;

/** `PLAIN` writes the length of a text before it. */
const LENGTH_BYTES = 4;
/** Characters of values as text, where the footer says no more. */
const CHARACTERS = { boolean: 5, int96: 26, number: 8 } as const;
/** Bytes of integers and floats by their physical type. */
const WIDTHS: ReadonlyMap<number, number> = new Map([
  [PHYSICAL.int32, 4],
  [PHYSICAL.int64, 8],
  [PHYSICAL.float, 4],
  [PHYSICAL.double, 8],
]);

/** The size of the values of a leaf, on average over the rows of files with the same schema. */
export interface LeafSize {
  /** Bytes of a row's values as text. Zero if they are null. */
  readonly text: number;
  /** Bytes that a row's values take in the files. */
  readonly compressed: number;
  /** The codec, as numbered by the format; -1 for several. */
  readonly codec: number;
}

/** Adds up the sizes of leaves over the footers of files with the same schema. */
export class LeafSizes {
  readonly #leaves: { text: number; compressed: number; codec: number }[] = [];
  #rows = 0;

  /**
   * Adds a file. Bytes that the footer states of a column without a dictionary are exact. The texts of a dictionary are
   * taken to be as long as its smallest and largest values.
   *
   * @throws RangeError if the footer is inconsistent.
   */
  add(footer: ParquetFooter): void {
    for (const { rows, columns } of rowGroupChunks(footer)) {
      this.#rows += rows;
      for (const [i, column] of columns.entries()) {
        const leaf = this.#leaves[i] ?? { text: 0, compressed: 0, codec: intOf(column, COLUMN.codec) ?? 0 };
        this.#leaves[i] = leaf;
        leaf.text += textBytes(column);
        leaf.compressed += intOf(column, COLUMN.compressed) ?? 0;
        if (leaf.codec !== (intOf(column, COLUMN.codec) ?? 0)) leaf.codec = -1;
      }
    }
  }

  /** Averages of a row, in the order of the column chunks of a row group; empty without rows. */
  get averages(): LeafSize[] {
    const rows = this.#rows;
    if (rows === 0) return [];
    return this.#leaves.map(({ text, compressed, codec }) => ({
      text: text / rows,
      compressed: compressed / rows,
      codec,
    }));
  }
}

/** Bytes of all values of a column chunk as text. */
function textBytes(column: ThriftStruct): number {
  const statistics = structOf(column, COLUMN.statistics);
  const count = intOf(column, COLUMN.values) ?? 0;
  const values = Math.max(0, count - ((statistics === null ? 0 : intOf(statistics, STATISTICS.nulls)) ?? 0));
  const type = intOf(column, COLUMN.type);
  if (type === PHYSICAL.boolean) return values * CHARACTERS.boolean;
  if (type === PHYSICAL.int96) return values * CHARACTERS.int96;
  const ends = statistics === null ? [] : endsOf(statistics);
  if (type !== PHYSICAL.bytes && type !== PHYSICAL.fixed) return values * numberCharacters(type ?? -1, ends);
  const sizes = structOf(column, COLUMN.sizes);
  const exact = sizes === null ? undefined : intOf(sizes, TEXT_BYTES);
  const uncompressed = intOf(column, COLUMN.uncompressed) ?? 0;
  // No text is longer than all pages.
  if (exact !== undefined && exact >= 0 && exact <= values * uncompressed) return exact;
  const plain = Math.max(0, uncompressed - values * LENGTH_BYTES);
  if ((intOf(column, COLUMN.dictionaryPage) ?? 0) === 0 || ends.length === 0) return plain;
  return Math.max(plain, (values * ends.reduce((sum, { length }) => sum + length, 0)) / ends.length);
}

/** The smallest and the largest value, as the statistics have them. */
function endsOf(statistics: ThriftStruct): Buffer[] {
  return [
    [STATISTICS.min, STATISTICS.oldMin],
    [STATISTICS.max, STATISTICS.oldMax],
  ].flatMap((ids) => {
    const field = ids.map((id) => statistics.get(id)).find((one) => one !== undefined);
    return field === undefined ? [] : [new ThriftReader(field.bytes).binary()];
  });
}

/** Characters of the longer of two numbers. Most values of a column are about as long. */
function numberCharacters(type: number, ends: readonly Buffer[]): number {
  const width = WIDTHS.get(type);
  const lengths = ends
    .filter(({ length }) => length === width)
    .map((end) => String(readNumber(type, end)).length);
  return lengths.length === 0 ? CHARACTERS.number : Math.max(...lengths);
}

function readNumber(type: number, bytes: Buffer): number | bigint {
  if (type === PHYSICAL.int32) return bytes.readInt32LE(0);
  if (type === PHYSICAL.int64) return bytes.readBigInt64LE(0);
  return type === PHYSICAL.float ? Number(bytes.readFloatLE(0).toPrecision(7)) : bytes.readDoubleLE(0);
}
