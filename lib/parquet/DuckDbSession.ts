import {
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBScalarFunction,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { quoteText } from '../base/sql.ts';
import { EngineError } from './EngineError.ts';

/** The resources that DuckDB may use. */
export interface EngineLimits {
  /** MiB that DuckDB manages. It uses more in total, so half of the machine's memory is a good value. */
  readonly memoryMegabytes: number;
  /** Threads that DuckDB uses. */
  readonly threads: number;
  /** Existing folder for temporary files: absolute path. */
  readonly temporaryDirectory: string;
}

/** The files and directories that SQL of a session can access, besides the temporary directory. */
interface Reach {
  /** Absolute paths of files. */
  readonly files: readonly string[];
  /** Absolute paths of directories, with all that is in them. */
  readonly directories: readonly string[];
}

/** Milliseconds between interrupts of a statement that must stop. */
const INTERRUPT_MS = 20;

/**
 * Optimizers that use the statistics in footers: minimum, maximum, number of nulls. They are disabled, as statistics ignore
 * NaN and may be wrong, and a check must read the values.
 */
const STATISTICS_OPTIMIZERS = 'statistics_propagation, row_group_pruner';

/**
 * Rows that a write to several files holds in memory: DuckDB's default, four times as many, is half of a small
 * function's.
 */
const PARTITIONED_ROWS = 131_072;
/** The most files that one statement writes at the same time. DuckDB closes files beyond, and continues in others. */
const PARTITIONED_FILES = 256;

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
    return (await DuckDbSession.openBeside(limits, reach, 1, signal))[0];
  }

  /**
   * Opens sessions that run statements side by side in one instance: its memory is of all together, and so is what
   * {@link addTextFunction} adds. Each statement has `threads`.
   *
   * @param sessions How many there are, at least 1. Close all of them.
   * @param signal Interrupts running statements, which then throw the signal's reason.
   * @throws EngineError if DuckDB does not accept the settings.
   */
  static async openBeside(
    limits: EngineLimits,
    reach: Reach,
    sessions: number,
    signal?: AbortSignal,
  ): Promise<readonly [DuckDbSession, ...DuckDbSession[]]> {
    const directory = limits.temporaryDirectory;
    const list = (paths: readonly string[]) => `[${paths.map(quoteText).join(', ')}]`;
    let instance: DuckDBInstance | undefined;
    const connections: DuckDBConnection[] = [];
    try {
      const opened = await DuckDBInstance.create(':memory:', {
        threads: String(limits.threads),
        memory_limit: `${limits.memoryMegabytes}MiB`,
        temp_directory: directory,
        home_directory: directory,
        preserve_insertion_order: 'false',
        // Files are read once: to keep their bytes would take time and memory.
        enable_external_file_cache: 'false',
        partitioned_write_flush_threshold: String(PARTITIONED_ROWS),
        partitioned_write_max_open_files: String(PARTITIONED_FILES),
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        allow_community_extensions: 'false',
        // Otherwise INSTALL would use the network, even without access.
        custom_extension_repository: directory,
      });
      instance = opened;
      const others: DuckDbSession[] = [];
      const connect = async () => {
        const connection = await opened.connect();
        connections.push(connection);
        // These are of a connection. None can be set once the configuration is locked.
        await connection.run("SET TimeZone = 'UTC'; SET errors_as_json = true");
        return connection;
      };
      const connection = await connect();
      while (others.length < sessions - 1) others.push(new DuckDbSession(opened, await connect(), signal));
      const directories = list([directory, ...reach.directories].map((path) => `${path}/`));
      await connection.run(
        `SET disabled_optimizers = '${STATISTICS_OPTIMIZERS}';
         SET allowed_paths = ${list(reach.files)};
         SET allowed_directories = ${directories};
         SET enable_external_access = false; SET lock_configuration = true`,
      );
      return [new DuckDbSession(opened, connection, signal), ...others];
    } catch (error) {
      for (const connection of connections) connection.closeSync();
      instance?.closeSync();
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

  /**
   * Adds a function of two texts to the SQL of the session. It is null where one of them is null. Each row that it is called
   * for takes some microseconds.
   *
   * @param answer Never throws.
   */
  addTextFunction(name: string, answer: (first: string, second: string) => string | null): void {
    const mainFunction = DuckDBScalarFunction.create({
      name,
      parameterTypes: [VARCHAR, VARCHAR],
      returnType: VARCHAR,
      mainFunction: (_, input, output) => {
        const firsts = input.getColumnVector(0);
        const seconds = input.getColumnVector(1);
        for (let row = 0; row < input.rowCount; row += 1) {
          const first = firsts.getItem(row);
          const second = seconds.getItem(row);
          const isCalled = typeof first === 'string' && typeof second === 'string';
          output.setItem(row, isCalled ? answer(first, second) : null);
        }
        output.flush();
      },
    });
    this.#connection.registerScalarFunction(mainFunction);
  }

  /**
   * Adds a function of an integer, which is never NULL, and of texts. It answers with the integer, and shows the texts: so a
   * statement that writes rows shows some of them, and reads nothing twice. Each text takes about a microsecond.
   *
   * @param look Gets each text of a row with its place among them, from 0; null is NULL. Never throws.
   */
  addLook(name: string, look: (text: string | null, place: number) => void): void {
    const mainFunction = DuckDBScalarFunction.create({
      name,
      parameterTypes: [INTEGER],
      varArgsType: VARCHAR,
      returnType: INTEGER,
      // Otherwise it would be called once for equal rows, and for no row with a NULL.
      volatile: true,
      specialHandling: true,
      mainFunction: (_, input, output) => {
        const integers = input.getColumnVector(0);
        for (let row = 0; row < input.rowCount; row += 1) output.setItem(row, integers.getItem(row));
        for (let column = 1; column < input.columnCount; column += 1) {
          const texts = input.getColumnVector(column);
          for (let row = 0; row < input.rowCount; row += 1) {
            const text = texts.getItem(row);
            look(typeof text === 'string' ? text : null, column - 1);
          }
        }
        output.flush();
      },
    });
    this.#connection.registerScalarFunction(mainFunction);
  }

  /** Closes the session and deletes its temporary files. */
  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /** Makes a call, which is interrupted once the signal is aborted. */
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
