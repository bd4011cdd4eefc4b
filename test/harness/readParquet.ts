import { zstdDecompressSync } from 'node:zlib';
import { parquetMetadata, parquetReadObjects, parquetSchema, type SchemaTree } from 'hyparquet';

/** One row as hyparquet reads it: integers of 64 bits as bigint, timestamps as Date. */
type ParquetRow = Readonly<Record<string, unknown>>;

/** The rows, the columns and their physical types of a Parquet file, read by a library that has nothing to do with what wrote it. */
export async function readParquet(bytes: Uint8Array): Promise<{
  readonly columns: readonly string[];
  readonly types: readonly (string | undefined)[];
  readonly rows: readonly ParquetRow[];
}> {
  const file = new Uint8Array(bytes).buffer;
  const metadata = parquetMetadata(file);
  const columns = leavesOf(parquetSchema(metadata));
  return {
    columns: columns.map(({ path }) => path.join('.')),
    types: columns.map(({ element }) => element.type),
    // hyparquet has Snappy itself, and takes other codecs from outside.
    rows: await parquetReadObjects({
      file,
      metadata,
      compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    }),
  };
}

/** The columns of a schema that hold values, in order. */
function leavesOf(tree: SchemaTree): readonly SchemaTree[] {
  return tree.children.length === 0 ? [tree] : tree.children.flatMap(leavesOf);
}
