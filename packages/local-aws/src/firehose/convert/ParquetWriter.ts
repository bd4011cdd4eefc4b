import { mkdir } from 'node:fs/promises';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Conversion } from '../streamSettings.ts';
import type { FormattedColumn } from './RowReader.ts';

/** DuckDB's own memory limit, which it may exceed. Data beyond it spills to disk. */
const MEMORY_LIMIT = '512MB';
/**
 * Memory that DuckDB gives back to the machine as soon as a file is written. Its own setting is 512 MB, with which it keeps
 * more with each file: https://duckdb.org/docs/stable/configuration/overview
 */
const FREED_AT_ONCE = '1MB';
/** The buffers in which DuckDB reads rows have twice the size of the longest, at least twice this. */
const LEAST_ROW_BYTES = 1024 * 1024;

/** Rows that are to be written. */
interface StagedRows {
  /** File with one row a line, as `RowReader.stage` returns them. */
  readonly path: string;
  /** Bytes of the longest line. A staged row may be six times as long as its record (escapes). */
  readonly longestRow: number;
}

/** Converts staged rows to Parquet with DuckDB. DuckDB is loaded on first use, which takes 50 ms. */
export class ParquetWriter {
  readonly #directory: string;
  #database: Promise<{ instance: DuckDBInstance; connection: DuckDBConnection }> | undefined;
  /** Runs one COPY at a time: they share a connection. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param directory Folder for DuckDB's temporary files. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Writes one Parquet file with its columns in the given order.
   */
  write(
    staged: StagedRows,
    columns: readonly FormattedColumn[],
    target: string,
    {
      compression,
      writerVersion,
      dictionary,
    }: Pick<Conversion, 'compression' | 'writerVersion' | 'dictionary'>,
  ): Promise<void> {
    const types = columns.map(({ format }, index) => `${text(String(index))}: ${text(format.stagedType)}`);
    const selected = columns.map(
      ({ name, format }, index) => `${format.select(`"${index}"`)} AS "${name.replaceAll('"', '""')}"`,
    );
    const sql = `COPY (SELECT ${selected.join(', ')} FROM read_json(${text(staged.path)},
      format = 'newline_delimited', columns = {${types.join(', ')}},
      maximum_object_size = ${Math.max(staged.longestRow, LEAST_ROW_BYTES)}))
      TO ${text(target)} (FORMAT parquet, COMPRESSION ${compression}, PARQUET_VERSION ${writerVersion}${dictionary ? '' : ', DICTIONARY_SIZE_LIMIT 0'})`;
    const written = this.#last.then(async () => {
      this.#database ??= this.#open();
      const { connection } = await this.#database;
      await connection.run(sql);
    });
    this.#last = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    const database = await this.#database?.catch(() => undefined);
    database?.connection.closeSync();
    database?.instance.closeSync();
    this.#database = undefined;
  }

  async #open() {
    await mkdir(this.#directory, { recursive: true });
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: MEMORY_LIMIT,
      allocator_bulk_deallocation_flush_threshold: FREED_AT_ONCE,
      temp_directory: this.#directory,
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return { instance, connection };
  }
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
