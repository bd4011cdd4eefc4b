import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Transform } from 'node:stream';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { TableEntry } from '../../glue/index.ts';
import type { Session } from '../engine/Session.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import { STATEMENT_LIMITS } from '../engine/StatementRunner.ts';
import { type BlockCompression, compressBlocks } from './compression/compressBlocks.ts';
import { rowWriter } from './encodeRow.ts';
import { textColumns } from './partitionColumns.ts';
import type { TextColumnType } from './rowReader.ts';
import { type TextFormat, textFormatOf } from './TextFormat.ts';

/** How text files are compressed. */
export interface TextCompression {
  readonly name: 'gzip' | 'zstd' | 'none' | BlockCompression;
  /** Of ZSTD. */
  readonly level: number;
}

/** How rows are written as text files. */
export interface TextOutput {
  readonly format: TextFormat;
  readonly compression: TextCompression;
  /** Without the partition keys. */
  readonly columns: readonly TextColumnType[];
}

/** A text file on disk, and the values of its partition. */
export interface WrittenText {
  readonly path: string;
  readonly values: readonly string[];
  /** What the object's name ends with: `.gz`. */
  readonly ending: string;
}

/** The folder name of a partition whose key is null. */
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';
/** Characters of a file that are kept before they are compressed. */
const PIECE = 256 * 1_024;
const ENDINGS = { gzip: '.gz', zstd: '.zst', snappy: '.snappy', lz4: '.lz4', none: '' } as const;
/** https://docs.aws.amazon.com/athena/latest/ug/compression-support-zstd-levels.html */
const ZSTD_LEVEL = 3;

/**
 * The compression of text files by its name in a statement; GZIP by default.
 * https://docs.aws.amazon.com/athena/latest/ug/compression-support-hive.html
 *
 * @throws StatementError for one that is not emulated, or for a level of another one than ZSTD.
 */
export function textCompression(name = 'gzip', level?: string): TextCompression {
  const found = {
    gzip: 'gzip',
    zstd: 'zstd',
    snappy: 'snappy',
    lz4: 'lz4',
    none: 'none',
    uncompressed: 'none',
  } as const;
  const known = Object.entries(found).find(([key]) => key === name.toLowerCase())?.[1];
  if (known === undefined) throw notEmulated(`The compression ${name} of text files`);
  if (level !== undefined && (known !== 'zstd' || !/^\d{1,2}$/.test(level)))
    throw statementError('INVALID_TABLE_PROPERTY', 'Compression level is a number and of ZSTD only');
  return { name: known, level: level === undefined ? ZSTD_LEVEL : Number(level) };
}

/**
 * How INSERT writes into a table of text files.
 *
 * @returns undefined for Parquet.
 * @throws StatementError for tables that Athena does not write to, or whose format is not emulated.
 */
export function textOutputOf({ input }: TableEntry): TextOutput | undefined {
  const { StorageDescriptor: descriptor = {}, Parameters = {} } = input;
  const library = descriptor.SerdeInfo?.SerializationLibrary ?? '';
  if (`${descriptor.InputFormat}${library}`.includes('arquet')) return undefined;
  const format = textFormatOf(descriptor, Parameters);
  if (format === undefined) {
    throw statementError(
      'HIVE_UNSUPPORTED_FORMAT',
      `Writing by ${library} is not emulated by the local Athena, which writes Parquet, text and JSON`,
    );
  }
  if (format.headerLines > 1) {
    throw statementError(
      'NOT_SUPPORTED',
      'Inserting into Hive table with value of skip.header.line.count property greater than 1 is not supported',
    );
  }
  if (format.footerLines > 0) {
    throw statementError(
      'NOT_SUPPORTED',
      'Inserting into Hive table with skip.footer.line.count property not supported',
    );
  }
  return {
    format,
    compression: textCompression(Parameters['write.compression']),
    columns: textColumns(descriptor.Columns),
  };
}

/**
 * Runs a query and writes its rows as text files, one a partition.
 *
 * @param sql Its columns are those of the files, then the partition keys as texts.
 * @throws StatementError; errors of DuckDB.
 */
export async function writeTextFiles(
  session: Session,
  sql: string,
  output: TextOutput,
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly rows: number; readonly files: readonly WrittenText[] }> {
  const { format, compression, columns } = output;
  const write = rowWriter(columns, format);
  const header = format.headerLines === 1 ? headerLine(columns, format) : '';
  const files = new Map<string, TextFile>();
  let rows = 0;
  try {
    const result = await session.stream(sql);
    for (;;) {
      signal.throwIfAborted();
      const chunk = await session.nextChunk(result);
      if (chunk === undefined) break;
      const vectors = Array.from({ length: chunk.columnCount }, (_, index) => chunk.getColumnVector(index));
      for (let row = 0; row < chunk.rowCount; row += 1) {
        const values = vectors.map((vector) => vector.getItem(row));
        const keys = values.slice(columns.length).map(partitionText);
        const name = keys.length === 0 ? '' : JSON.stringify(keys);
        let file = files.get(name);
        if (file === undefined) {
          if (files.size >= STATEMENT_LIMITS.writtenPartitions) {
            throw statementError(
              'HIVE_TOO_MANY_OPEN_PARTITIONS',
              `Exceeded limit of ${STATEMENT_LIMITS.writtenPartitions} open writers for partitions/buckets`,
            );
          }
          file = new TextFile(join(folder, `${files.size}`), keys, compression);
          files.set(name, file);
          await file.write(header);
        }
        await file.write(`${write(values)}\n`);
        rows += 1;
      }
    }
    for (const file of files.values()) await file.end();
  } catch (error) {
    for (const file of files.values()) file.destroy();
    throw error;
  }
  const ending = ENDINGS[compression.name];
  return { rows, files: [...files.values()].map(({ path, values }) => ({ path, values, ending })) };
}

function partitionText(value: unknown): string {
  return value === null || value === '' ? NULL_PARTITION : String(value);
}

/** The names of the columns as a line. JSON has none. */
function headerLine(columns: readonly TextColumnType[], format: TextFormat): string {
  if (format.serde !== 'csv' && format.serde !== 'simple') return '';
  const names = columns.map(({ name }) => ({ name, type: { kind: 'string' } as const }));
  return `${rowWriter(names, format)(columns.map(({ name }) => name))}\n`;
}

function compressor(name: TextCompression['name'], level: number): Transform {
  switch (name) {
    case 'gzip':
      return createGzip();
    case 'zstd':
      return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } });
    case 'none':
      return new PassThrough();
    default:
      return compressBlocks(name);
  }
}

/** A text file that is being written. */
class TextFile {
  readonly path: string;
  readonly values: readonly string[];
  readonly #target: Transform;
  readonly #done: Promise<void>;
  #text = '';

  constructor(path: string, values: readonly string[], { name, level }: TextCompression) {
    this.path = path;
    this.values = values;
    this.#target = compressor(name, level);
    const file = createWriteStream(path, { flags: 'wx' });
    file.on('error', (error) => this.#target.destroy(error));
    this.#done = finished(this.#target.pipe(file));
    // `end` reports the error. Without a call there must be no unhandled rejection.
    this.#done.catch(() => undefined);
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= PIECE) await this.#flush();
  }

  async end(): Promise<void> {
    await this.#flush();
    this.#target.end();
    await this.#done;
  }

  destroy(): void {
    this.#target.destroy();
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text === '') return;
    await new Promise<void>((resolve, reject) => {
      this.#target.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }
}
