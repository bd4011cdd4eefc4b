import { quoteName, quoteText } from '../base/sql.ts';
import type { EngineLimits } from '../parquet/DuckDbSession.ts';
import { DuckDbSession } from '../parquet/DuckDbSession.ts';
import { engineFailure } from '../parquet/EngineError.ts';
import { fileFailure } from '../parquet/FileError.ts';
import { EraseError } from './EraseError.ts';
import type { UnitMatcher } from './units/UnitMatcher.ts';
import {
  DETAIL,
  IDS_FUNCTION,
  mentionCondition,
  type ParquetColumn,
  RAW_FUNCTION,
  rowCondition,
  rowText,
  spelledCondition,
} from './units/unitSql.ts';

/** Result of searching a Parquet file for the units. */
export interface ExaminedFile {
  /** Rows of the file. */
  readonly rows: number;
  /** Rows of the units. */
  readonly own: number;
  /** How many of `own` are rows of quarantine with a value that is not under a unit's key: they may be of others. */
  readonly others: number;
  /** How many of `own` are rows of quarantine whose body is not plain readable JSON. */
  readonly unreadable: number;
  /** Rows of others in which a value of the units occurs as a word, in any column. */
  readonly mentions: number;
  /** The columns of the file, in its order. */
  readonly columns: readonly ParquetColumn[];
}

/** Mentions are counted of at most so many values: more would make every file slow. */
export const MOST_MENTIONED = 100;
/** DuckDB writes row groups of at least one vector. */
const LEAST_ROW_GROUP = 2_048;
/** Codecs that DuckDB writes, by their names in a footer. Any other codec is replaced by zstd. */
const CODECS: Readonly<Record<string, string>> = {
  UNCOMPRESSED: 'uncompressed',
  SNAPPY: 'snappy',
  GZIP: 'gzip',
  ZSTD: 'zstd',
};

/** Reads and rewrites Parquet files of one folder, one file at a time: close it at the end. */
export class ParquetEraser {
  readonly #session: DuckDbSession;
  readonly #matcher: UnitMatcher;
  readonly #signal: AbortSignal | undefined;

  private constructor(session: DuckDbSession, matcher: UnitMatcher, signal: AbortSignal | undefined) {
    this.#session = session;
    this.#matcher = matcher;
    this.#signal = signal;
  }

  /**
   * Opens an eraser.
   *
   * @param limits What the session may use. It has one thread, so that rows keep their order.
   * @param directory The folder of the files.
   * @throws EngineError if DuckDB does not start.
   */
  static async open(
    limits: Omit<EngineLimits, 'threads'>,
    directory: string,
    matcher: UnitMatcher,
    signal?: AbortSignal,
  ): Promise<ParquetEraser> {
    return (await ParquetEraser.openBeside(limits, directory, matcher, 1, signal))[0];
  }

  /**
   * Opens erasers that work side by side. Close all of them.
   *
   * @param limits What all erasers together may use.
   * @param directory The folder of the files.
   * @throws EngineError if DuckDB does not start.
   */
  static async openBeside(
    limits: Omit<EngineLimits, 'threads'>,
    directory: string,
    matcher: UnitMatcher,
    erasers: number,
    signal?: AbortSignal,
  ): Promise<readonly [ParquetEraser, ...ParquetEraser[]]> {
    const reach = { files: [], directories: [directory] };
    const oneThread = { ...limits, threads: 1 };
    const [session, ...others] = await DuckDbSession.openBeside(oneThread, reach, erasers, signal);
    session.addTextFunction(IDS_FUNCTION, (text) => (matcher.hasIds(text) ? 'y' : null));
    session.addTextFunction(RAW_FUNCTION, (raw, encoding) =>
      encoding === DETAIL ? matcher.findNamed(raw) : matcher.findRaw(raw, encoding),
    );
    const eraserOf = (opened: DuckDbSession) => new ParquetEraser(opened, matcher, signal);
    return [eraserOf(session), ...others.map(eraserOf)];
  }

  /**
   * Searches a file for rows of the units.
   *
   * @param isResult Whether the file is a result of a query. Then mentions decide, and are counted however many values
   * there are.
   * @returns Null for a file that cannot be read.
   * @throws The reason of the signal; EngineError if DuckDB fails at something else than the file.
   */
  async examine(path: string, isResult = false): Promise<ExaminedFile | null> {
    let columns: readonly ParquetColumn[] | null = null;
    try {
      const described = await this.#session.rows(`DESCRIBE SELECT * FROM ${scan(path)}`);
      columns = described.map((row) => ({
        name: String(row['column_name']),
        type: String(row['column_type']),
      }));
      const own = rowCondition(columns, this.#matcher);
      const certain = rowCondition(columns, this.#matcher, ['unit']);
      const found = rowCondition(columns, this.#matcher, ['unit', 'elsewhere']);
      const isCounted = isResult || this.#matcher.values.length <= MOST_MENTIONED;
      // A result that spells characters in another way goes as well: the query can be run again.
      const mentions = [
        mentionCondition('text', this.#matcher),
        ...(isResult ? [spelledCondition('text')] : []),
      ];
      const [text, mention] = isCounted ? [rowText(columns), mentions.join(' OR ')] : ["''", 'false'];
      const [counted] = await this.#session.rows(
        `SELECT count(*) AS rows, count(*) FILTER (own) AS own, count(*) FILTER (own AND NOT certain) AS others,
           count(*) FILTER (own AND NOT found) AS unreadable,
           count(*) FILTER (NOT own AND (${mention})) AS mentions
         FROM (SELECT ${own} AS own, ${certain} AS certain, ${found} AS found, ${text} AS text
           FROM ${scan(path)})`,
      );
      const count = (name: string) => Number(counted?.[name]);
      return {
        rows: count('rows'),
        own: count('own'),
        others: count('others'),
        mentions: count('mentions'),
        unreadable: count('unreadable'),
        columns,
      };
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (fileFailure(error, '') === null) throw engineFailure(error);
      if (columns !== null && (await this.#canRead(path, columns))) throw engineFailure(error);
      return null;
    }
  }

  /** Whether every value of a file can be read, so that what failed was a condition. */
  async #canRead(path: string, columns: readonly ParquetColumn[]): Promise<boolean> {
    try {
      await this.#session.run(`SELECT sum(CAST(hash(${namesOf(columns)}) AS HUGEINT)) FROM ${scan(path)}`);
      return true;
    } catch (error) {
      this.#signal?.throwIfAborted();
      return fileFailure(error, '') === null;
    }
  }

  /**
   * Writes the rows of others to another file, in the same columns, order, codec and size of row groups. If no row is
   * left, that is an empty file, which readers take as one.
   *
   * @throws EraseError SLUICE_ERASE_ROWS_DIFFER if the new file has other rows than it should have.
   */
  async rewrite(from: string, { rows, own, columns }: ExaminedFile, to: string): Promise<void> {
    const [groups] = await this.#session.rows(
      `SELECT max(row_group_num_rows) AS rows, any_value(compression) AS codec FROM parquet_metadata(${quoteText(from)})`,
    );
    const rowGroup = Math.max(LEAST_ROW_GROUP, Number(groups?.['rows']));
    const codec = CODECS[String(groups?.['codec'])] ?? 'zstd';
    const names = namesOf(columns);
    const others = `FROM ${scan(from)} WHERE NOT (${rowCondition(columns, this.#matcher)})`;
    await this.#session.run(
      `COPY (SELECT ${names} ${others})
       TO ${quoteText(to)} (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE ${rowGroup})`,
    );
    // The same rows in any order have the same sum. Equal counts alone would not notice rows of another file.
    const sumOf = async (source: string) => {
      const [summed] = await this.#session.rows(
        `SELECT CAST(COALESCE(sum(CAST(hash(${names}) AS HUGEINT)), 0) AS VARCHAR) AS sum ${source}`,
      );
      return String(summed?.['sum']);
    };
    if ((await sumOf(others)) !== (await sumOf(`FROM ${scan(to)}`)))
      throw new EraseError('SLUICE_ERASE_ROWS_DIFFER', 'Values of rows of others differ.');
    const written = await this.examine(to);
    if (written?.rows !== rows - own || written.own !== 0)
      throw new EraseError(
        'SLUICE_ERASE_ROWS_DIFFER',
        `${rows} rows, ${own} of them of the units: ${written?.rows ?? 'unreadable'} written.`,
      );
  }

  /** Closes the session of DuckDB. */
  close(): void {
    this.#session.close();
  }
}

/** SQL that reads a file. */
function scan(path: string): string {
  return `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
}

/** The names of columns as a list in SQL. */
function namesOf(columns: readonly ParquetColumn[]): string {
  return columns.map(({ name }) => quoteName(name)).join(', ');
}
