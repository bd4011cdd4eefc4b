import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock } from '../base/clock.ts';
import type { DeliveryUnit, Failure, StreamBuffer, UnitList } from './BufferSet.ts';
import { ConversionError } from './convert/ColumnFormat.ts';
import { type ParquetWriter, RowsRefused } from './convert/ParquetWriter.ts';
import { RowReader } from './convert/RowReader.ts';
import type { ObjectSink, SchemaSource, StreamCall } from './ports.ts';
import { evaluatePrefix, formatJavaTime, hasExpression, parseJavaTime } from './prefixTemplate.ts';
import type { Conversion, StreamSettings } from './streamSettings.ts';

/** The content type that AWS gives its objects, both Parquet and error output. */
const CONTENT_TYPE = 'application/octet-stream';
/** Documents staged between two turns of the event loop. */
const DOCUMENTS_PER_TURN = 2000;
/** Attempts to write Parquet before a buffer goes to the error output, because it would block the stream forever. */
const WRITER_TRIES = 3;

/** Options of every delivery of one stream. */
export interface DeliveryContext {
  readonly stream: string;
  /** Version of the stream's configuration: starts at 1, and each change adds 1. */
  readonly version: number;
  readonly settings: StreamSettings;
  readonly sink: ObjectSink;
  readonly schemaSource: SchemaSource;
  /** Called before each call of S3 and Glue. An error that it throws fails the delivery. */
  readonly onCall?: ((call: StreamCall) => void) | undefined;
  readonly writer: ParquetWriter;
  readonly clock: Clock;
  readonly account: string;
  readonly region: string;
  /** Folder for temporary files. */
  readonly scratch: string;
}

/**
 * The delivery of one full buffer: at most one object of data and one of failures. Its keys are the same
 * in every attempt, so an attempt that fails halfway leaves no second copy.
 */
export class Delivery {
  readonly #context: DeliveryContext;
  readonly #buffer: StreamBuffer;
  readonly #keys: ReturnType<typeof objectKeys>;
  readonly #files: ScratchFile[] = [];
  #refusedByWriter = 0;
  #refusal = '';
  /** Whether S3 has every document of the buffer. */
  done = false;
  /** Whether an attempt has failed. */
  hasFailed = false;

  constructor(context: DeliveryContext, buffer: StreamBuffer) {
    this.#context = context;
    this.#buffer = buffer;
    this.#keys = objectKeys(context, buffer);
  }

  /**
   * Resolves once S3 has every document of the buffer.
   *
   * @param failure Writes every document to the error output, for this reason. Default: only those that fail.
   */
  async run(failure?: Failure): Promise<void> {
    const folder = join(this.#context.scratch, randomUUID());
    await mkdir(folder, { recursive: true });
    try {
      if (failure !== undefined || 'errorOutputType' in this.#buffer.target)
        await this.#deliverFailures(folder, failure);
      else if (this.#context.settings.conversion === undefined) await this.#deliverAsIs(folder);
      else await this.#deliverRows(folder, this.#context.settings.conversion);
      this.done = true;
    } finally {
      for (const file of this.#files.splice(0)) await file.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #deliverFailures(folder: string, given?: Failure): Promise<void> {
    const errors = await this.#file(folder, 'errors');
    for await (const { unit, bytes } of unitBytes(this.#buffer.units)) {
      const failure = 'failure' in unit.target ? unit.target.failure : given;
      if (failure !== undefined) await errors.add(this.#errorLine(unit, bytes, failure));
    }
    await errors.close();
    const { failures } = given === undefined ? this.#keys : objectKeys(this.#context, this.#buffer, given);
    await this.#put(failures, errors);
  }

  async #deliverAsIs(folder: string): Promise<void> {
    const { compression, delimiter } = this.#context.settings;
    const data = await this.#file(folder, 'data');
    for await (const { bytes } of unitBytes(this.#buffer.units)) {
      // A copy: the file keeps pieces for a while, and each would keep its whole record.
      await data.add(Buffer.from(bytes));
      if (delimiter !== '') await data.add(delimiter);
    }
    await data.close();
    if (compression === 'UNCOMPRESSED') {
      await this.#put(this.#keys.data, data);
      return;
    }
    const path = `${data.path}.gz`;
    await pipeline(createReadStream(data.path), createGzip(), createWriteStream(path));
    await this.#put(this.#keys.data, { path });
  }

  async #deliverRows(folder: string, conversion: Conversion): Promise<void> {
    const reader = await this.#rowReader(conversion);
    const rows = await this.#file(folder, 'rows');
    const errors = await this.#file(folder, 'errors');
    let count = 0;
    for await (const { unit, bytes } of unitBytes(this.#buffer.units)) {
      const row = reader instanceof RowReader ? stage(reader, bytes) : reader;
      if (typeof row === 'string') await rows.add(`${row}\n`);
      else await errors.add(this.#errorLine(unit, bytes, row));
      count += 1;
      if (count % DOCUMENTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await rows.close();
    await errors.close();
    const parquet = join(folder, 'parquet');
    if (reader instanceof RowReader && rows.bytes > 0) {
      try {
        await this.#context.writer.write(rows.path, reader.columns, parquet, conversion);
      } catch (error) {
        if (error instanceof RowsRefused) {
          this.#refusedByWriter += 1;
          this.#refusal = error.message;
        }
        throw error;
      }
    }
    // Rows last: readers wait for their object, so the failures of the buffer must be written by then.
    if (errors.bytes > 0) await this.#put(this.#keys.failures, errors);
    if (rows.bytes > 0) await this.#put(this.#keys.data, { path: parquet });
  }

  /** The reader of the table's current columns, or the reason why no record of this buffer can be converted. */
  async #rowReader(conversion: Conversion): Promise<RowReader | Failure> {
    if (this.#refusedByWriter >= WRITER_TRIES) {
      return conversionFailed('DataFormatConversion.ConversionFailureException', this.#refusal);
    }
    const { database, table } = conversion;
    this.#context.onCall?.({ operation: 'GetTable', database, table });
    const schema = await this.#context.schemaSource(database, table);
    if (schema === undefined) {
      return conversionFailed(
        'DataFormatConversion.EntityNotFound',
        'The specified table/database could not be found. Please ensure that the table/database exists and that the values provided in the schema configuration are correct, especially with regards to casing.',
      );
    }
    if (schema.columns.length === 0) {
      return conversionFailed('DataFormatConversion.InvalidSchema', `${database}.${table} has no columns.`);
    }
    const reader = RowReader.of(schema.columns, conversion);
    return reader instanceof RowReader
      ? reader
      : conversionFailed(
          'DataFormatConversion.InvalidSchema',
          `Column ${reader.unsupported.name} has the type ${reader.unsupported.type}, which the local cloud does not convert.`,
        );
  }

  async #file(folder: string, name: string): Promise<ScratchFile> {
    const file = await ScratchFile.create(join(folder, name));
    this.#files.push(file);
    return file;
  }

  #errorLine(unit: DeliveryUnit, data: Uint8Array, failure: Failure): string {
    const { clock, settings, account, region } = this.#context;
    return errorLine(
      { failure, data, arrivalMs: unit.entry.arrivalMs },
      { endedMs: clock.now(), conversion: settings.conversion, account, region },
    );
  }

  async #put(key: string, file: { readonly path: string }): Promise<void> {
    const { sink, settings, onCall } = this.#context;
    const { bucket } = settings;
    const failures = this.hasFailed || key !== this.#keys.data;
    onCall?.({ operation: 'PutObject', bucket, key, failures });
    await sink.put(bucket, key, { file: file.path }, { contentType: CONTENT_TYPE });
  }
}

/** Stages a row. Returns the staged row, or the reason why the record is not a valid row. */
function stage(reader: RowReader, bytes: Uint8Array): string | Failure {
  try {
    return reader.stage(bytes);
  } catch (error) {
    if (error instanceof ConversionError) return conversionFailed(error.code, error.message);
    throw error;
  }
}

function conversionFailed(code: string, message: string): Failure {
  return { outputType: 'format-conversion-failed', code, message };
}

/** The bytes of each document, in order, from the journal. The documents of one record are read in one call. */
async function* unitBytes(
  units: UnitList,
): AsyncGenerator<{ readonly unit: DeliveryUnit; readonly bytes: Uint8Array }> {
  for (const ofRecord of units.byRecord()) {
    const [{ entry }] = ofRecord;
    const bytes = await entry.segment.read(entry);
    for (const unit of ofRecord) yield { unit, bytes: bytes.subarray(unit.start, unit.end) };
  }
}

/** One failed document, unchanged. */
export interface FailedDocument {
  readonly failure: Failure;
  readonly data: Uint8Array;
  /** Epoch ms. */
  readonly arrivalMs: number;
}

/**
 * One line of an error object, line break included: the members that AWS writes, in its order.
 *
 * Failures of conversion follow output captured from AWS (`lastErrorCode`, `lastErrorMessage`), where
 * https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html still prints
 * `ErrorCode` and `ErrorMessage`. Failures before conversion have `errorCode` and `errorMessage`.
 */
export function errorLine(
  { failure, data, arrivalMs }: FailedDocument,
  context: {
    /** When the attempt ended, epoch ms. */
    readonly endedMs: number;
    readonly conversion: Conversion | undefined;
    readonly account: string;
    readonly region: string;
  },
): string {
  const rawData = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  const { conversion } = context;
  const document =
    failure.outputType === 'format-conversion-failed' && conversion !== undefined
      ? {
          attemptsMade: 1,
          arrivalTimestamp: arrivalMs,
          lastErrorCode: failure.code,
          lastErrorMessage: failure.message,
          attemptEndingTimestamp: context.endedMs,
          rawData,
          // Both are set only for records from a Kinesis stream.
          sequenceNumber: null,
          subSequenceNumber: null,
          dataCatalogTable: {
            catalogId: conversion.catalogId ?? context.account,
            databaseName: conversion.database,
            tableName: conversion.table,
            region: conversion.region ?? context.region,
            versionId: conversion.versionId,
            roleArn: conversion.roleArn ?? null,
          },
        }
      : {
          rawData,
          errorCode: failure.code,
          errorMessage: failure.message,
          attemptsMade: 1,
          arrivalTimestamp: arrivalMs,
          attemptEndingTimestamp: context.endedMs,
        };
  return `${JSON.stringify(document)}\n`;
}

/** The suffix that Firehose appends to a prefix without an expression. */
const HOUR_FOLDERS = pattern('yyyy/MM/dd/HH/');
const SUFFIX_TIME = pattern('yyyy-MM-dd-HH-mm-ss');

/**
 * Keys of one buffer's objects: `<prefix><stream>-<version>-yyyy-MM-dd-HH-mm-ss-<uuid><extension>`, with the time of the
 * oldest record's arrival. https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
function objectKeys(
  { stream, version, settings }: Pick<DeliveryContext, 'stream' | 'version' | 'settings'>,
  buffer: StreamBuffer,
  failure?: Failure,
): { readonly data: string; readonly failures: string } {
  const { timeZone, prefix, errorPrefix } = settings;
  const { oldestArrivalMs, target } = buffer;
  const time = (format: typeof SUFFIX_TIME) => formatJavaTime(format, oldestArrivalMs, timeZone);
  const suffix = () => `${stream}-${version}-${time(SUFFIX_TIME)}-${randomUUID()}`;
  const errorOutputType =
    'partition' in target ? (failure?.outputType ?? 'format-conversion-failed') : target.errorOutputType;
  const partition = 'partition' in target ? target.partition : new Map<string, string>();
  const data = evaluatePrefix(prefix, { oldestArrivalMs, timeZone, partition });
  const failures = evaluatePrefix(errorPrefix, { oldestArrivalMs, timeZone, errorOutputType });
  return {
    data: `${data}${hasExpression(prefix) ? '' : time(HOUR_FOLDERS)}${suffix()}${extension(settings)}`,
    // Error output has no extension, regardless of FileExtension.
    failures: `${failures}${hasExpression(errorPrefix) ? '' : `${errorOutputType}/${time(HOUR_FOLDERS)}`}${suffix()}`,
  };
}

function extension({ fileExtension, conversion, compression }: StreamSettings): string {
  if (fileExtension !== undefined) return fileExtension;
  if (conversion !== undefined) return '.parquet';
  return compression === 'GZIP' ? '.gz' : '';
}

function pattern(text: string) {
  const parsed = parseJavaTime(text);
  if ('unknown' in parsed) throw new Error(`${text} is not a known time pattern.`);
  return parsed;
}

/** Bytes that are collected before a write. */
const CHUNK_BYTES = 1024 * 1024;

/** A file that is written sequentially in large pieces. The owner of its folder deletes it. */
class ScratchFile {
  readonly path: string;
  readonly #file: FileHandle;
  #pieces: Uint8Array[] = [];
  #gathered = 0;
  #closed = false;
  /** Bytes appended so far. */
  bytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<ScratchFile> {
    return new ScratchFile(path, await open(path, 'w'));
  }

  async add(piece: Uint8Array | string): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.#pieces.push(bytes);
    this.#gathered += bytes.length;
    this.bytes += bytes.length;
    if (this.#gathered >= CHUNK_BYTES) await this.#flush();
  }

  /** Writes the remaining bytes. Does nothing once closed. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#gathered = 0;
    await this.#file.appendFile(bytes);
  }
}
