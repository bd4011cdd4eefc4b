import { createRequire } from 'node:module';

/** One row as parquetjs-lite reads it. */
export type ParquetRow = Readonly<Record<string, unknown>>;

/** What of parquetjs-lite is used; the package has no types of its own. */
interface ParquetModule {
  readonly ParquetReader: {
    openBuffer(bytes: Uint8Array): Promise<{
      readonly schema: {
        readonly fieldList: readonly {
          readonly path: readonly string[];
          readonly primitiveType?: string;
          readonly originalType?: string;
        }[];
      };
      getCursor(): { next(): Promise<ParquetRow | null> };
      close(): Promise<void>;
    }>;
  };
}

const { ParquetReader }: ParquetModule = createRequire(import.meta.url)('parquetjs-lite');

/** The rows, the columns and their physical types of a Parquet file, read by a library that has nothing to do with what wrote it. */
export async function readParquet(bytes: Uint8Array): Promise<{
  readonly columns: readonly string[];
  readonly types: readonly (string | undefined)[];
  readonly rows: readonly ParquetRow[];
}> {
  const reader = await ParquetReader.openBuffer(bytes);
  try {
    const cursor = reader.getCursor();
    const rows: ParquetRow[] = [];
    for (let row = await cursor.next(); row !== null; row = await cursor.next()) rows.push({ ...row });
    const { fieldList } = reader.schema;
    return {
      columns: fieldList.map(({ path }) => path.join('.')),
      types: fieldList.map(({ primitiveType }) => primitiveType),
      rows,
    };
  } finally {
    await reader.close();
  }
}
