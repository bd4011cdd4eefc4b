import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../sql/quoteText.ts';
import type { EngineLimits } from './Engine.ts';
import { EngineError } from './EngineError.ts';

/** What SQL of a session can reach of the disk, besides the temporary directory. */
export interface Reach {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

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
  readonly #stop: () => void;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    signal: AbortSignal | undefined,
  ) {
    this.#instance = instance;
    this.#connection = connection;
    this.#signal = signal;
    this.#stop = () => connection.interrupt();
    signal?.addEventListener('abort', this.#stop);
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
      });
      const connection = await instance.connect();
      await connection.run(
        `SET TimeZone = 'UTC'; SET errors_as_json = true;
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
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw error;
    }
  }
}
