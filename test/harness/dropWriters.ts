import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { duckDb } from './duckDb.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** Columns of a file by name. An `instant` and a `day` are epoch milliseconds in rows. */
export type DropColumns = Readonly<Record<string, 'instant' | 'day' | 'text' | 'double'>>;
export type DropRows = readonly Readonly<Record<string, string | number | null>>[];

/** Makes the bytes of a Parquet file, as one of the tools does that customers use. */
export type DropWriter = (columns: DropColumns, rows: DropRows) => Promise<Uint8Array>;

/** The part of parquetjs-lite that is used; the package has no types of its own. */
interface ParquetModule {
  /** The columns of a file, each with its type. */
  readonly ParquetSchema: new (
    fields: Readonly<Record<string, object>>,
  ) => object;
  /** Writes a file row by row. */
  readonly ParquetWriter: {
    openFile(
      schema: object,
      path: string,
    ): Promise<{ appendRow(row: Readonly<Record<string, unknown>>): Promise<void>; close(): Promise<void> }>;
  };
}

const { ParquetSchema, ParquetWriter }: ParquetModule = createRequire(import.meta.url)('parquetjs-lite');

/** The bytes of the file that a tool writes to a path. */
async function written(write: (path: string) => Promise<void> | void): Promise<Uint8Array> {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'drop.parquet');
  try {
    await write(path);
    return readFileSync(path);
  } finally {
    directory.remove();
  }
}

/** DuckDB: zstd, TIMESTAMPTZ to the microsecond. */
export const byDuckDb: DropWriter = (columns, rows) =>
  written(async (path) => {
    const literal = {
      instant: (value: unknown) => `to_timestamp(${value} / 1000.0)`,
      day: (value: unknown) => `make_timestamp(${value} * 1000)::DATE`,
      text: (value: unknown) => `'${value}'`,
      double: (value: unknown) => `${value}::DOUBLE`,
    };
    const names = Object.entries(columns);
    const tuples = rows.map(
      (row) =>
        `(${names.map(([name, type]) => (row[name] == null ? 'NULL' : literal[type](row[name]))).join(', ')})`,
    );
    const quoted = names.map(([name]) => `"${name}"`).join(', ');
    const select = `SELECT * FROM (VALUES ${tuples.join(', ')}) t(${quoted})`;
    await duckDb(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
  });

/** parquetjs-lite: gzip, TIMESTAMP_MILLIS. */
export const byParquetJs: DropWriter = (columns, rows) =>
  written(async (path) => {
    const types = { instant: 'TIMESTAMP_MILLIS', day: 'DATE', text: 'UTF8', double: 'DOUBLE' } as const;
    const fields = Object.entries(columns).map(([name, type]) => [
      name,
      { type: types[type], compression: 'GZIP', optional: true },
    ]);
    const writer = await ParquetWriter.openFile(new ParquetSchema(Object.fromEntries(fields)), path);
    for (const row of rows) {
      const cells = Object.entries(row).flatMap(([name, value]) => {
        if (value === null) return [];
        const isTime = columns[name] === 'instant' || columns[name] === 'day';
        return [[name, isTime ? new Date(value) : value]];
      });
      await writer.appendRow(Object.fromEntries(cells));
    }
    await writer.close();
  });
