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

/** What the Data Catalog of Glue is called in DuckDB, as in Athena's messages. */
export const CATALOG = 'awsdatacatalog';

/** A DuckDB of one statement, with Trino's operators in it, and the functions that are asked for: nothing is left of it once it is closed. */
export class Session {
  /** A folder of the session's own: nothing outside of it can be opened, whatever a query names. */
  readonly directory: string;
  /** Called once it is closed. */
  onClose: (() => void) | undefined;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #macros = new Set<string>();
  #admitted = 0;
  #closed = false;
  /** Calls into DuckDB that haven't come back: it must not be closed under them. */
  #running = 0;
  #ending: NodeJS.Timeout | undefined;

  private constructor(directory: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.directory = directory;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Opens one. @param directory Doesn't exist yet. */
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
    await session.run(
      `SET TimeZone = 'UTC'; SET errors_as_json = true; SET parquet_metadata_cache = true; ATTACH ':memory:' AS ${CATALOG};
       SET allowed_directories = [${quoteText(`${directory}/`)}]; SET enable_external_access = false;
       ${macroStatements('', session.#macros)}`,
    );
    return session;
  }

  /** Makes what stands for the functions in some SQL, which can be bound then. */
  async define(sql: string): Promise<void> {
    const statements = macroStatements(sql, this.#macros);
    if (statements !== '') await this.run(statements);
  }

  /** Sets what `current_timestamp` is. @param now Epoch ms. */
  async setNow(now: number): Promise<void> {
    this.#macros.add('trino_now');
    await this.run(`CREATE MACRO memory.main.trino_now() AS TIMESTAMPTZ '${new Date(now).toISOString()}'`);
  }

  /**
   * Lets a file be read: by another name, in the session's folder, and whatever becomes of the file meanwhile.
   *
   * @param folder Within the session's own, e.g. `0/ds=2026-11-20`.
   */
  admit(path: string, folder: string): string {
    const place = join(this.directory, folder);
    mkdirSync(place, { recursive: true });
    const own = join(place, `${this.#admitted}.parquet`);
    this.#admitted += 1;
    try {
      linkSync(path, own);
    } catch {
      // On another disk.
      symlinkSync(path, own);
    }
    return own;
  }

  /** Runs statements whose rows nobody wants. */
  async run(sql: string): Promise<void> {
    await this.#busy(() => this.#connection.run(sql));
  }

  /** Binds a query without running it. */
  async prepare(sql: string): Promise<DuckDBPreparedStatement> {
    return await this.#busy(() => this.#connection.prepare(sql));
  }

  async read(sql: string): Promise<DuckDBResultReader> {
    return await this.#busy(() => this.#connection.runAndReadAll(sql));
  }

  /** Begins a query whose rows come chunk by chunk, before anything else is run. */
  async stream(sql: string): Promise<DuckDBResult> {
    return await this.#busy(() => this.#connection.stream(sql));
  }

  /** The next rows of a query that was begun; none at its end. */
  async nextChunk(result: DuckDBResult): Promise<DuckDBDataChunk | undefined> {
    const chunk = await this.#busy(() => result.fetchChunk());
    return chunk === null || chunk.rowCount === 0 ? undefined : chunk;
  }

  /** Ends what runs when the signal aborts, and closes the session: also when nobody asks for its rows any more. */
  endWith(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.#end(), { once: true });
    if (signal.aborted) this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    if (this.#running === 0) {
      this.close();
      return;
    }
    this.#connection.interrupt();
    // DuckDB forgets an interruption that comes between two steps of a query.
    this.#ending ??= setInterval(() => this.#end(), STATEMENT_LIMITS.interruptMs);
  }

  async #busy<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('The session is closed.');
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
    }
  }

  /** What unqualified names mean from here on. @param database In DuckDB's words; undefined for none. */
  async use(database: string | undefined): Promise<void> {
    // Something of the catalog must be on the path for `information_schema.tables` to be found in it.
    await this.run(
      `SET search_path = ${quoteText(`${CATALOG}.${quoteName(database ?? 'main')},memory.main`)}`,
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ending);
    this.#connection.closeSync();
    this.#instance.closeSync();
    rmSync(this.directory, { recursive: true, force: true });
    this.onClose?.();
  }
}

/** Sessions, one of which is always being made ready: a new DuckDB with all functions takes longer than most queries. */
export class SessionPool {
  readonly #directory: () => string;
  #spare: Promise<Session> | undefined;
  #closed = false;

  /** @param directory Names a folder that doesn't exist yet, another each time. */
  constructor(directory: () => string) {
    this.#directory = directory;
    this.#prepare();
  }

  /** A session for one statement, which closes it. */
  async take(): Promise<Session> {
    const spare = this.#spare ?? Session.open(this.#directory());
    this.#spare = undefined;
    const session = await spare;
    // Not while this one's statement needs the machine.
    session.onClose = () => this.#prepare();
    return session;
  }

  async close(): Promise<void> {
    this.#closed = true;
    (await this.#spare)?.close();
  }

  #prepare(): void {
    if (this.#closed || this.#spare !== undefined) return;
    const spare = Session.open(this.#directory());
    // Whoever takes it is told; nobody may.
    spare.catch(() => undefined);
    this.#spare = spare;
  }
}
