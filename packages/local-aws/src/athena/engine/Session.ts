import { linkSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBResultReader,
} from '@duckdb/node-api';
import { quoteName, quoteText } from '../../base/sql.ts';
import { macroStatements } from '../../trino/index.ts';
import { STATEMENT_LIMITS } from './StatementRunner.ts';

/** The name of Glue's Data Catalog in DuckDB, as in Athena's messages. */
export const CATALOG = 'awsdatacatalog';

/**
 * Optimizers that use the statistics in the footers of files: minimum, maximum, number of nulls. Writers leave NaN out of them,
 * so a condition that NaN does not meet would be taken for one that all rows meet.
 */
export const STATISTICS_OPTIMIZERS = 'statistics_propagation,row_group_pruner';

/**
 * A DuckDB instance for one statement, with Trino's operators and the functions that are requested. Closing it
 * deletes everything.
 */
export class Session {
  /** The session's own folder. Queries cannot open any file outside of it. */
  readonly directory: string;
  /** Called when the session has closed. */
  onClose: (() => void) | undefined;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #macros = new Set<string>();
  #linkedFiles = 0;
  #closed = false;
  /** The number of pending calls into DuckDB. It must not be closed while there are any. */
  #running = 0;
  #interruptTimer: NodeJS.Timeout | undefined;

  private constructor(directory: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.directory = directory;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Opens a session. @param directory A folder that does not exist yet. */
  static async open(directory: string): Promise<Session> {
    mkdirSync(directory, { recursive: true });
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: STATEMENT_LIMITS.memory,
      temp_directory: join(directory, 'spill'),
      max_temp_directory_size: STATEMENT_LIMITS.temporaryDisk,
      autoinstall_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const connection = await instance.connect();
    const session = new Session(directory, instance, connection);
    const allowed = quoteText(`${directory}/`);
    await session.run(
      `SET TimeZone = 'UTC'; SET errors_as_json = true; SET disabled_optimizers = '${STATISTICS_OPTIMIZERS}'; SET parquet_metadata_cache = true; ATTACH ':memory:' AS ${CATALOG};
       SET allowed_directories = [${allowed}]; SET enable_external_access = false;
       ${macroStatements('', session.#macros)}`,
    );
    return session;
  }

  /** Creates the macros of the functions in a query, which can then be bound. */
  async defineMacros(sql: string): Promise<void> {
    const statements = macroStatements(sql, this.#macros);
    if (statements !== '') await this.run(statements);
  }

  /** Sets the value of `current_timestamp`. @param now Epoch milliseconds. */
  async setNow(now: number): Promise<void> {
    this.#macros.add('trino_now');
    await this.run(`CREATE MACRO memory.main.trino_now() AS TIMESTAMPTZ '${new Date(now).toISOString()}'`);
  }

  /**
   * Links a file into the session's folder, so that queries can read it even if the original is deleted.
   *
   * @param folder A path within the session's folder, e.g. `0/ds=2026-11-20`.
   * @param ending By which DuckDB knows how it is compressed, e.g. `json.gz`.
   * @returns The path of the link.
   */
  linkFile(path: string, folder: string, ending: string): string {
    const place = join(this.directory, folder);
    mkdirSync(place, { recursive: true });
    const sessionPath = join(place, `${this.#linkedFiles}.${ending}`);
    this.#linkedFiles += 1;
    try {
      linkSync(path, sessionPath);
    } catch {
      // The file is on another disk, or on one without hard links.
      symlinkSync(path, sessionPath);
    }
    return sessionPath;
  }

  /** Runs statements and discards their rows. */
  async run(sql: string): Promise<void> {
    await this.#track(() => this.#connection.run(sql));
  }

  /** Binds a statement without running it. */
  async prepare(sql: string): Promise<DuckDBPreparedStatement> {
    return await this.#track(() => this.#connection.prepare(sql));
  }

  /** Runs a query and reads all its rows. */
  async read(sql: string): Promise<DuckDBResultReader> {
    return await this.#track(() => this.#connection.runAndReadAll(sql));
  }

  /** Starts a statement whose rows are read in chunks. No other statement may run before they have been read. */
  async stream(prepared: DuckDBPreparedStatement): Promise<DuckDBResult> {
    return await this.#track(() => prepared.stream());
  }

  /** The next rows of a started query; undefined at the end. */
  async nextChunk(result: DuckDBResult): Promise<DuckDBDataChunk | undefined> {
    const chunk = await this.#track(() => result.fetchChunk());
    return chunk === null || chunk.rowCount === 0 ? undefined : chunk;
  }

  /** Interrupts the query and closes the session when the signal aborts, even if its rows are no longer read. */
  closeOnAbort(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.#interrupt(), { once: true });
    if (signal.aborted) this.#interrupt();
  }

  /** Interrupts what runs until it has ended; closes the session if nothing runs. */
  #interrupt(): void {
    if (this.#closed) return;
    if (this.#running === 0) {
      this.close();
      return;
    }
    this.#connection.interrupt();
    // DuckDB loses an interruption that arrives between two steps of a query.
    this.#interruptTimer ??= setInterval(() => this.#interrupt(), STATEMENT_LIMITS.interruptMs);
  }

  /** Does work in DuckDB, and counts it while it runs. @throws An error in a session that is closed. */
  async #track<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('The session is closed.');
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
    }
  }

  /** Sets the database of unqualified names. @param database The name of a schema in DuckDB; undefined for none. */
  async setDatabase(database: string | undefined): Promise<void> {
    // Without a schema of the catalog, DuckDB does not find its `information_schema.tables`.
    const searchPath = quoteText(`${CATALOG}.${quoteName(database ?? 'main')},memory.main`);
    await this.run(`SET search_path = ${searchPath}`);
  }

  /** Closes it and deletes its folder. Another call has no effect. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#interruptTimer);
    this.#connection.closeSync();
    this.#instance.closeSync();
    rmSync(this.directory, { recursive: true, force: true });
    this.onClose?.();
  }
}

/** A pool that keeps one session ready: opening a DuckDB with all functions takes longer than most queries. */
export class SessionPool {
  readonly #directory: () => string;
  #spare: Promise<Session> | undefined;
  #closed = false;

  /** @param directory Returns the path of a new folder on each call. */
  constructor(directory: () => string) {
    this.#directory = directory;
    this.#prepare();
  }

  /** Takes a session for one statement, which must close it. */
  async take(): Promise<Session> {
    const spare = this.#spare ?? Session.open(this.#directory());
    this.#spare = undefined;
    const session = await spare;
    // Prepare the next session only when this statement has finished.
    session.onClose = () => this.#prepare();
    return session;
  }

  /** Closes the session that nobody has taken, and makes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    (await this.#spare)?.close();
  }

  /** Opens a session ahead of the next statement, unless there is one. */
  #prepare(): void {
    if (this.#closed || this.#spare !== undefined) return;
    const spare = Session.open(this.#directory());
    // `take` reports the error. Without a call there must be no unhandled rejection.
    spare.catch(() => undefined);
    this.#spare = spare;
  }
}
