import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../../base/sql.ts';
import type { EngineLimits } from './Engine.ts';
import { EngineError } from './EngineError.ts';

/** What SQL of a session can reach of the disk, besides the temporary directory. */
export interface Reach {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/** Milliseconds between interruptions of what is to stop. */
const INTERRUPT_MS = 20;

/**
 * Optimizers that use the statistics in footers: minimum, maximum, number of nulls. Statistics leave NaN out and may be
 * wrong, and these optimizers answer a check by them without reading the values.
 */
const STATISTICS_OPTIMIZERS = 'statistics_propagation, row_group_pruner';

/** A row by the names of its columns. */
export type SessionRow = Readonly<Record<string, unknown>>;

/**
 * A DuckDB of one piece of work. Nothing outside of its reach can be opened, whatever the SQL names, nothing is
 * downloaded, and no statement can change that: https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
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
   * Opens one.
   *
   * @param signal Interrupts what runs, which throws its reason then.
   * @throws EngineError when the settings are not taken.
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
        // INSTALL would otherwise ask the network, access or not.
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

  /** Runs statements whose rows nobody wants. @throws what DuckDB says, or the signal's reason. */
  async run(sql: string): Promise<void> {
    await this.#call(() => this.#connection.run(sql));
  }

  /** The rows of a query, for a handful of them. @throws what DuckDB says, or the signal's reason. */
  async rows(sql: string): Promise<SessionRow[]> {
    const reader = await this.#call(() => this.#connection.runAndReadAll(sql));
    return reader.getRowObjects();
  }

  /** Closes it; what it has spilled goes with it. */
  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    const signal = this.#signal;
    signal?.throwIfAborted();
    let interrupting: NodeJS.Timeout | undefined;
    // Again and again: what has not quite begun is not interrupted.
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
