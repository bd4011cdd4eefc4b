import type { LocalClock } from '../../base/clock.ts';
import type { FaultEffect, Faults } from '../../faults/Faults.ts';
import { AwsError } from '../../protocol/AwsError.ts';
import { encryptionHeaderNames } from '../../s3/model/defaultEncryption.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import type { ObjectAttributes } from '../../s3/model/StoredObject.ts';
import { StatementError } from '../engine/StatementError.ts';
import type { QueryCall, StatementKind, StatementResult } from '../engine/StatementRunner.ts';
import type { Outcome } from './Execution.ts';
import { invalidLocation, noOutputBucket, noOutputLocation, resultsNotFound } from './errors.ts';
import { encodeMetadata, formatCsv, formatText, parseCsvLine } from './resultFormat.ts';
import type { ResultConfiguration, WorkGroupConfiguration } from './WorkGroups.ts';

/** "Failed to write query results to Amazon S3". https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
const WRITE_FAILED = 401;

/**
 * Writes results to S3. Faults that are set for S3's PutObject apply here as well, as they would to Athena's own
 * calls.
 */
export class ResultStore {
  readonly #options: {
    readonly store: ObjectStore;
    readonly faults: Faults;
    readonly clock: Pick<LocalClock, 'after'>;
  };

  constructor(options: {
    readonly store: ObjectStore;
    readonly faults: Faults;
    readonly clock: Pick<LocalClock, 'after'>;
  }) {
    this.#options = options;
  }

  /**
   * Writes an object, streaming its body.
   *
   * @param encryption What the result configuration says. Default: the bucket's own.
   * @param onCall Receives the attempt before it is made. It throws an AwsError to refuse it.
   * @returns Its size in bytes.
   * @throws StatementError in Athena's wording. Errors of `body` are passed on.
   */
  async write(
    location: string,
    body: AsyncIterable<Uint8Array> | Uint8Array,
    encryption: ResultConfiguration['EncryptionConfiguration'],
    onCall: (call: QueryCall) => void,
  ): Promise<number> {
    const { bucket, key } = parseResultLocation(location);
    const { store, faults } = this.#options;
    const headers = encryption === undefined ? {} : { encryption: encryptionHeaders(encryption) };
    try {
      onCall({ service: 's3', operation: 'PutObject', bucket, key, ...headers });
      const resource = `${bucket}/${key}`;
      const { before, after } = faults.takeCall({ service: 's3', operation: 'PutObject', resource });
      await this.#applyFault(before);
      const { size } = await store.put(bucket, key, body, {
        contentType: 'application/octet-stream',
        ...headers,
      });
      await this.#applyFault(after);
      return size;
    } catch (error) {
      throw error instanceof AwsError ? writeError(location, error) : error;
    }
  }

  async #applyFault({ delayMs, cleared, end }: FaultEffect): Promise<void> {
    if (delayMs > 0 && cleared?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const alarm = this.#options.clock.after(delayMs, resolve);
        cleared?.addEventListener('abort', () => {
          alarm.cancel();
          resolve();
        });
      });
    }
    if (end === 'reset') throw new AwsError('RequestTimeout', 400, 'The connection was reset.');
    if (end !== undefined) throw end;
  }
}

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_EncryptionConfiguration.html */
function encryptionHeaders({
  EncryptionOption: option,
  KmsKey: key,
}: NonNullable<ResultConfiguration['EncryptionConfiguration']>): ObjectAttributes['encryption'] {
  const { algorithm, key: keyName } = encryptionHeaderNames;
  if (option === 'SSE_S3') return { [algorithm]: 'AES256' };
  return { [algorithm]: 'aws:kms', ...(key === undefined ? {} : { [keyName]: key }) };
}

function writeError(location: string, cause: AwsError): StatementError {
  const denied = cause.code === 'AccessDenied';
  const message = denied
    ? `Access denied when writing output to url: ${location} . Please ensure you are allowed to access the S3 bucket. If you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key`
    : `Failed to write query results to ${location}: ${cause.message} (Service: Amazon S3; Status Code: ${cause.status}; Error Code: ${cause.code})`;
  return new StatementError(message, {
    category: denied ? 2 : 1,
    type: WRITE_FAILED,
    retryable: cause.status >= 500,
    cause,
  });
}

const LOCATION = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s;

/** A location in S3. */
export interface S3Location {
  readonly bucket: string;
  /** The key of an object. Of a folder it is '', or a key that ends with a slash. */
  readonly key: string;
}

/**
 * The effective result configuration of a query. A workgroup that enforces its configuration overrides the client's
 * settings; otherwise the client's settings take precedence.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
 *
 * @returns The configuration. `OutputLocation` is a folder, e.g. `s3://bucket/prefix/`.
 * @throws AwsError InvalidRequestException when there is no location or nothing can be written to it.
 */
export function resolveResultConfiguration(
  {
    EnforceWorkGroupConfiguration: enforced = true,
    ResultConfiguration: configured = {},
  }: WorkGroupConfiguration,
  requested: ResultConfiguration | undefined,
  into: { readonly store: ObjectStore; readonly account: string },
): ResultConfiguration & { readonly OutputLocation: string } {
  const { OutputLocation: location, ...rest } = enforced ? configured : { ...configured, ...requested };
  if (location === undefined || location === '') throw noOutputLocation();
  const { bucket, key } = parseResultFolder(location);
  const owner = rest.ExpectedBucketOwner;
  if (!into.store.hasBucket(bucket) || (owner !== undefined && owner !== into.account)) {
    throw noOutputBucket(bucket);
  }
  return { ...rest, OutputLocation: `s3://${bucket}/${key}` };
}

/** Parses the location of a folder, with or without a trailing slash. @throws AwsError InvalidRequestException */
function parseResultFolder(location: string): S3Location {
  const { bucket, key } = parseResultLocation(location);
  return { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/** Parses the location of an object or a folder. @throws AwsError InvalidRequestException */
export function parseResultLocation(location: string): S3Location {
  const [, bucket, key = ''] = LOCATION.exec(location) ?? [];
  if (bucket === undefined) throw invalidLocation();
  return { bucket, key };
}

/** Statements that write rows elsewhere. Their result is a manifest. */
const WRITING = new Set(['CREATE_TABLE_AS_SELECT', 'INSERT']);

/**
 * The location of a statement's result: a CSV object for a query, a text object for other statements. A statement
 * that writes rows has no result object: its manifest and metadata have this name with a suffix.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
 *
 * @param folder Ends with a slash, e.g. `s3://bucket/prefix/`.
 */
export function outputLocation(folder: string, id: string, kind: StatementKind): string {
  if (kind.substatementType === 'CREATE_TABLE_AS_SELECT') return `${folder}tables/${id}`;
  if (WRITING.has(kind.substatementType)) return `${folder}${id}`;
  return `${folder}${id}.${kind.statementType === 'DML' ? 'csv' : 'txt'}`;
}

/**
 * Streams the result of a statement to S3.
 *
 * @param check Called before the first row and after every chunk. It throws to stop.
 * @returns What was written, and where. The location can differ from the one that the statement's kind implies, since
 *   only the result tells what kind a prepared statement is.
 */
export async function writeResult(
  result: StatementResult,
  into: {
    /** Writes an object to a location and returns its size in bytes. */
    readonly write: (location: string, body: AsyncIterable<Uint8Array> | Uint8Array) => Promise<number>;
    readonly folder: string;
    readonly id: string;
    readonly check: () => void;
  },
): Promise<{ readonly outcome: Outcome; readonly location: string }> {
  const { write, folder, id, check } = into;
  const { columns, updateCount, manifest } = result;
  const format = manifest === undefined ? result.output : 'none';
  const location = format === 'none' ? outputLocation(folder, id, result) : `${folder}${id}.${format}`;
  let outputRows = 0;

  async function* pieces(): AsyncGenerator<Uint8Array> {
    check();
    const names = columns.map(({ name }) => name);
    if (format === 'csv') yield Buffer.from(formatCsv([names]));
    else if (result.header === true) yield Buffer.from(formatText([names]));
    for await (const rows of result.rows) {
      check();
      outputRows += rows.length;
      yield Buffer.from(format === 'csv' ? formatCsv(rows) : formatText(rows));
    }
    check();
  }

  let outputBytes = 0;
  const manifestLocation = manifest === undefined ? undefined : `${location}-manifest.csv`;
  if (format !== 'none') {
    outputBytes = await write(location, pieces());
  } else {
    // The rows were written elsewhere; the result's rows only hold the count.
    for await (const _ of pieces());
  }
  if (manifest !== undefined && manifestLocation !== undefined) {
    await write(manifestLocation, Buffer.from(manifest.map((key) => `${key}\n`).join('')));
  }
  await write(`${location}.metadata`, encodeMetadata(id, columns));
  return {
    location,
    outcome: {
      format,
      columns,
      ...(updateCount === undefined ? {} : { updateCount }),
      ...(manifestLocation === undefined ? {} : { manifestLocation }),
      outputBytes,
      outputRows: format === 'none' ? (updateCount ?? 0) : outputRows,
    },
  };
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** A page of a result. */
export interface ResultPage {
  readonly rows: readonly (readonly (string | null)[])[];
  /** The byte offset of the next page; undefined after the last. */
  readonly next: number | undefined;
}

/**
 * Reads rows of a result from its object, and no more than requested.
 *
 * @param from A byte offset in the object: 0, or `next` of the previous page.
 * @throws AwsError InvalidRequestException when the object is missing or is not a result.
 */
export async function readResult(
  store: ObjectStore,
  location: string,
  options: { readonly format: 'csv' | 'txt'; readonly from: number; readonly rows: number },
): Promise<ResultPage> {
  const { format, from, rows: limit } = options;
  const { bucket, key } = parseResultLocation(location);
  const size = resultSize(store, bucket, key);
  if (from >= size) return { rows: [], next: undefined };
  const rows: (readonly (string | null)[])[] = [];
  let at = from;
  for await (const line of readLines(store.get(bucket, key, { start: from, end: size - 1 }).body, format)) {
    const values = format === 'csv' ? parseCsvLine(line.toString('utf8')) : [line.toString('utf8')];
    if (values === undefined) throw resultsNotFound();
    rows.push(values);
    at += line.length + 1;
    if (rows.length === limit) break;
  }
  return { rows, next: at < size && rows.length === limit ? at : undefined };
}

/** Lines without their line feeds. A line feed within quotes does not end a line. */
async function* readLines(body: AsyncIterable<Buffer>, format: 'csv' | 'txt'): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let quoted = false;
  for await (const piece of body) {
    let start = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at];
      if (byte === QUOTE) quoted = !quoted && format === 'csv';
      else if (byte === LINE_FEED && !quoted) {
        yield Buffer.concat([...rest, piece.subarray(start, at)]);
        rest = [];
        start = at + 1;
      }
    }
    rest.push(piece.subarray(start));
  }
}

function resultSize(store: ObjectStore, bucket: string, key: string): number {
  try {
    return store.head(bucket, key).size;
  } catch (error) {
    if (error instanceof AwsError) throw resultsNotFound();
    throw error;
  }
}
