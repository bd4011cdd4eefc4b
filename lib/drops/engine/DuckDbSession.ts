import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../../base/sql.ts';
import type { EngineLimits } from './Engine.ts';
import { EngineError } from './EngineError.ts';

/** The files and directories that SQL of a session can access, besides the temporary directory. */
export interface Reach {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/** Milliseconds between interrupts of a statement that must stop. */
const INTERRUPT_MS = 20;

/**
 * Optimizers that use the statistics in footers: minimum, maximum, number of nulls. They are disabled, as statistics ignore
 * NaN and may be wrong, and a check must read the values.
 */
const STATISTICS_OPTIMIZERS = 'statistics_propagation, row_group_pruner';

/** A row by column names. */
export type SessionRow = Readonly<Record<string, unknown>>;

/**
 * A DuckDB instance for one task. SQL cannot open anything outside of its reach, nothing is downloaded, and no statement can
 * change that: https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
 */
export class DuckDbSession {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    signal: AbortSignal | undefined,
  ) {
    this.#instance = instance;
    this.#connection = connection;
    this.#signal = signal;
  }

  /**
   * Opens a session.
   *
   * @param signal Interrupts a running statement, which then throws the signal's reason.
   * @throws EngineError if DuckDB does not accept the settings.
   */
  static async open(limits: EngineLimits, reach: Reach, signal?: AbortSignal): Promise<DuckDbSession> {
    const directory = limits.temporaryDirectory;
    const list = (paths: readonly string[]) => `[${paths.map(quoteText).join(', ')}]`;
    try {
      const instance = await DuckDBInstance.create(':memory:', {
        threads: String(limits.threads),
        memory_limit: `${limits.memoryMegabytes}MiB`,
        temp_directory: directory,
        home_directory: directory,
        preserve_insertion_order: 'false',
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        allow_community_extensions: 'false',
        // Otherwise INSTALL would use the network, even without access.
        custom_extension_repository: directory,
      });
      const connection = await instance.connect();
      await connection.run(
        `SET TimeZone = 'UTC'; SET errors_as_json = true; SET disabled_optimizers = '${STATISTICS_OPTIMIZERS}';
         SET allowed_paths = ${list(reach.files)};
         SET allowed_directories = ${list([directory, ...reach.directories].map((path) => `${path}/`))};
         SET enable_external_access = false; SET lock_configuration = true`,
      );
      return new DuckDbSession(instance, connection, signal);
    } catch (error) {
      throw new EngineError('SLUICE_ENGINE_FAILED', 'It does not start.', { cause: error });
    }
  }

  /** Runs statements without returning rows. @throws DuckDB's error, or the signal's reason. */
  async run(sql: string): Promise<void> {
    await this.#call(() => this.#connection.run(sql));
  }

  /** The rows of a query with few rows. @throws DuckDB's error, or the signal's reason. */
  async rows(sql: string): Promise<SessionRow[]> {
    const reader = await this.#call(() => this.#connection.runAndReadAll(sql));
    return reader.getRowObjects();
  }

  /** Closes the session and deletes its temporary files. */
  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    const signal = this.#signal;
    signal?.throwIfAborted();
    let interrupting: NodeJS.Timeout | undefined;
    // Repeatedly, as a statement that has not started yet is not interrupted.
    const stop = () => {
      interrupting = setInterval(() => this.#connection.interrupt(), INTERRUPT_MS);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      clearInterval(interrupting);
    }
  }
}
