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
/**
 * Of a row, bytes: escapes at most double a record of 1,000 KiB. DuckDB reads into buffers of twice this, so it should not be
 * much more.
 */
const LARGEST_ROW_BYTES = 4 * 1024 * 1024;

/** How DuckDB says that a disk is full, and that it failed otherwise: it has no codes. */
const NO_ROOM = /No space left on device|File too large|Disk quota exceeded|max_temp_directory_size/;
const DISK_FAILED = /^IO Error: /;

/** The writer does not take the rows as they are. */
export class RowsRefused extends Error {}

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
   *
   * @param staged File with one row a line, as `RowReader.stage` returns them.
   *
   * @throws RowsRefused; other errors when the disk or DuckDB itself failed, which says nothing of the rows.
   */
  write(
    staged: string,
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
    const sql = `COPY (SELECT ${selected.join(', ')} FROM read_json(${text(staged)},
      format = 'newline_delimited', columns = {${types.join(', ')}},
      maximum_object_size = ${LARGEST_ROW_BYTES}))
      TO ${text(target)} (FORMAT parquet, COMPRESSION ${compression}, PARQUET_VERSION ${writerVersion}${dictionary ? '' : ', DICTIONARY_SIZE_LIMIT 0'})`;
    const written = this.#last.then(async () => {
      const { connection } = await this.#opened();
      try {
        await connection.run(sql);
      } catch (error) {
        throw problemOf(error);
      }
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

  #opened() {
    this.#database ??= this.#open().catch((error: unknown) => {
      // The next write tries again.
      this.#database = undefined;
      throw error;
    });
    return this.#database;
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

function problemOf(cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (NO_ROOM.test(message)) return Object.assign(new Error(message, { cause }), { code: 'ENOSPC' });
  return DISK_FAILED.test(message) ? cause : new RowsRefused(message, { cause });
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
