import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect } from '@jest/globals';
import type { ErrorCode } from '../../../../lib/base/errors.ts';
import { duckDbEngine } from '../../../../lib/drops/engine/duckDbEngine.ts';
import type { MappedRows } from '../../../../lib/drops/engine/mappedRows.ts';
import { compileMapping, type MappingSubject } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { EngineFile, FileSchema } from '../../../../lib/parquet/FileSchema.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { definedDataset } from '../../../harness/configInput.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

/** One dataset as a user writes it, its name aside. */
export type DatasetInput = NonNullable<ConfigInput['sources']>[number]['datasets'][number] extends infer Each
  ? Each extends { name: string }
    ? Omit<Each, 'name'>
    : never
  : never;

/** A dataset of events that are mapped so, on top of the defaults. */
export const events = (mapping: object = {}): DatasetInput => ({ kind: 'events', mapping });

/** The select list of an event of 2026-11-20 10:15:30 UTC. */
export const EVENT = "1795169730 AS timestamp, 'e' AS event_name, 'u' AS unit_id";

/** Result of a load: rows as DuckDB shows them, in their order. */
interface Mapped {
  /** The counts of the engine. */
  readonly result: MappedRows;
  /** Accepted rows. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Refused rows, in the columns of quarantine. */
  readonly refused: readonly Readonly<Record<string, unknown>>[];
  /** The reasons of refused rows. */
  readonly reasons: readonly unknown[];
  /** The raw rows of refused ones, parsed. */
  readonly raws: readonly Record<string, unknown>[];
  /** The metadata of events, parsed. */
  readonly metadata: readonly Record<string, unknown>[];
}

const fixtures = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'parquet');

/** The values of a column. */
export const columnOf = (rows: Mapped['rows'], name: string): readonly unknown[] =>
  rows.map((row) => row[name]);

const parsedColumn = (rows: Mapped['rows'], name: string) =>
  columnOf(rows, name).map((text) => JSON.parse(String(text ?? '{}')));

/** Expects that a load fails by a code. @param more What its texts hold: values, or matchers of Jest. */
export const fails = (
  load: Promise<unknown>,
  code: ErrorCode,
  more: { readonly message?: unknown; readonly detail?: unknown } = {},
): Promise<void> => expect(load).rejects.toMatchObject({ code, ...more });

/** Files written by a DuckDB of its own, and loads of them by the engine. */
export class MappingBench {
  /** Where its files are, and those of loads. */
  readonly directory: string;
  /** The limits of the engine. */
  readonly limits;
  readonly #connection: DuckDBConnection;
  readonly #close: () => void;
  #loads = 0;
  #written = 0;

  private constructor(connection: DuckDBConnection, instance: DuckDBInstance) {
    const { path, remove } = temporaryDirectory();
    this.directory = path;
    const spilled = join(path, 'spilled');
    mkdirSync(spilled);
    this.limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: spilled };
    this.#connection = connection;
    this.#close = () => {
      connection.closeSync();
      instance.closeSync();
      remove();
    };
  }

  /** Opens one. Whoever does has to close it. */
  static async open(): Promise<MappingBench> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new MappingBench(connection, instance);
  }

  /** Writes a query's rows. @param options Of COPY, e.g. `COMPRESSION zstd`. */
  async write(name: string, query: string, options = ''): Promise<EngineFile> {
    const path = join(this.directory, name);
    const rest = options && `, ${options}`;
    await this.#connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${rest})`);
    return { path, name };
  }

  /** A copy of a file of `test/fixtures/parquet`. */
  fixture(name: string): EngineFile {
    const path = join(this.directory, name);
    copyFileSync(join(fixtures, name), path);
    return { path, name };
  }

  /** Rows of a Parquet file, as JSON shows them. */
  read(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.query(`SELECT * FROM read_parquet('${path}')`);
  }

  /** Rows of a query, as JSON shows them. */
  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    return reader.getRowObjectsJson();
  }

  /** What the engine says of files. */
  describe(files: readonly EngineFile[]) {
    return duckDbEngine(this.limits).describe(files);
  }

  /** Loads files, and reads the rows that were written. @throws what describes a file as unreadable, too. */
  async load(...load: Parameters<MappingBench['loadUnread']>): Promise<Mapped> {
    const { result, rowsPath, refusedPath } = await this.loadUnread(...load);
    const rows = result.rows.out === 0 ? [] : await this.read(rowsPath);
    const refused = existsSync(refusedPath) ? await this.read(refusedPath) : [];
    return {
      result,
      rows,
      refused,
      reasons: columnOf(refused, 'reason'),
      get raws() {
        return parsedColumn(refused, 'raw');
      },
      get metadata() {
        return parsedColumn(rows, 'event_metadata');
      },
    };
  }

  /** Loads the rows of queries, each in a file of its own. */
  async loadQueries(dataset: DatasetInput, ...queries: readonly string[]): Promise<Mapped> {
    const files: EngineFile[] = [];
    for (const query of queries) {
      this.#written += 1;
      files.push(await this.write(`query-${this.#written}.parquet`, query));
    }
    return this.load(dataset, files);
  }

  /** Loads a file of `test/fixtures/parquet`. */
  loadFixture(dataset: DatasetInput, name: string): Promise<Mapped> {
    return this.load(dataset, [this.fixture(name)]);
  }

  /** The same without the rows: to read them takes longer than to load them. */
  async loadUnread(
    dataset: DatasetInput,
    files: readonly EngineFile[],
    {
      signal,
      unitIds = {},
      day,
    }: { signal?: AbortSignal; unitIds?: Record<string, string>; day?: string } = {},
  ) {
    const engine = duckDbEngine(this.limits);
    const described = await engine.describe(files);
    const schemas = described.map((file): FileSchema => {
      if ('problem' in file) throw file.problem;
      return file;
    });
    const number = this.#loads;
    this.#loads += 1;
    const rowsPath = join(this.directory, `rows-${number}.parquet`);
    const refusedPath = join(this.directory, `refused-${number}.parquet`);
    const result = await engine.load({
      files: schemas,
      mapping: compileMapping(subjectOf(dataset, unitIds), schemas, day),
      rowsPath,
      refusedPath,
      loadedAt: Date.UTC(2026, 10, 21),
      ...(signal === undefined ? {} : { signal }),
    });
    return { result, rowsPath, refusedPath };
  }

  /** Closes its DuckDB, and removes all files. */
  close(): void {
    this.#close();
  }
}

/** The subject that a mapping is compiled for: dataset `drop` of a source `acme`. */
export function subjectOf(dataset: DatasetInput, unitIds: Record<string, string> = {}): MappingSubject {
  const { config, ...subject } = definedDataset({ name: 'drop', ...dataset }, { unitIds });
  return { ...subject, unitIds: config.unitIds };
}
