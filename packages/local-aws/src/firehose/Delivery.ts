import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { JournalEntry } from './Journal.ts';
import type { ObjectSink, StreamCall } from './ports.ts';
import { evaluatePrefix, formatJavaTime, hasExpression, parseJavaTime } from './prefixTemplate.ts';
import type { StreamSettings } from './streamSettings.ts';

/** The content type that AWS gives its objects. */
const CONTENT_TYPE = 'application/octet-stream';

/** Records that are delivered together. */
export interface StreamBuffer {
  entries: JournalEntry[];
  bytes: number;
  /** Arrival of the oldest record in it, epoch ms. */
  oldestArrivalMs: number;
}

/** Why records can't be delivered, as the error output states it. */
export interface Failure {
  /** The value of `!{firehose:error-output-type}`. */
  readonly outputType: string;
  readonly code: string;
  readonly message: string;
}

/** Options of every delivery of one stream. */
export interface DeliveryContext {
  readonly stream: string;
  /** Version of the stream's configuration: starts at 1, and each change adds 1. */
  readonly version: number;
  readonly settings: StreamSettings;
  readonly sink: ObjectSink;
  /** Called before each call of S3. An error that it throws fails the delivery. */
  readonly onCall?: ((call: StreamCall) => void) | undefined;
  readonly clock: Clock;
}

/**
 * The delivery of one full buffer as one object: its records as they came, one after the other. Its key is the same in every
 * attempt, so an attempt that fails halfway leaves no second copy.
 */
export class Delivery {
  readonly #context: DeliveryContext;
  readonly #buffer: StreamBuffer;
  readonly #key: string;
  /** Whether S3 has every record of the buffer. */
  done = false;
  /** Whether an attempt has failed. */
  hasFailed = false;

  constructor(context: DeliveryContext, buffer: StreamBuffer) {
    this.#context = context;
    this.#buffer = buffer;
    this.#key = objectKey(context, buffer);
  }

  /**
   * Resolves once S3 has every record of the buffer.
   *
   * @param failure Writes the records to the error output, for this reason. Default: where they belong.
   */
  async run(failure?: Failure): Promise<void> {
    const { sink, settings, onCall, clock } = this.#context;
    const { bucket } = settings;
    const { entries } = this.#buffer;
    const key = failure === undefined ? this.#key : objectKey(this.#context, this.#buffer, failure);
    onCall?.({ bucket, key, failures: this.hasFailed || failure !== undefined });
    const body = failure === undefined ? recordsOf(entries) : errorLines(entries, failure, clock.now());
    await sink.put(bucket, key, body, { contentType: CONTENT_TYPE });
    this.done = true;
  }
}

/** The bytes of records, from the journal. */
async function* recordsOf(entries: readonly JournalEntry[]): AsyncGenerator<Uint8Array> {
  for (const entry of entries) yield await entry.segment.read(entry);
}

/**
 * Lines of an error object: the members that AWS writes, in its order.
 * https://docs.aws.amazon.com/firehose/latest/dev/retry.html
 */
async function* errorLines(
  entries: readonly JournalEntry[],
  { code, message }: Failure,
  endedMs: number,
): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    const line = {
      rawData: (await entry.segment.read(entry)).toString('base64'),
      errorCode: code,
      errorMessage: message,
      attemptsMade: 1,
      arrivalTimestamp: entry.arrivalMs,
      attemptEndingTimestamp: endedMs,
    };
    yield Buffer.from(`${JSON.stringify(line)}\n`);
  }
}

/** The suffix that Firehose appends to a prefix without an expression. */
const HOUR_FOLDERS = pattern('yyyy/MM/dd/HH/');
const SUFFIX_TIME = pattern('yyyy-MM-dd-HH-mm-ss');

/**
 * Key of a buffer's object: `<prefix><stream>-<version>-yyyy-MM-dd-HH-mm-ss-<uuid>`, with the time of the oldest record's
 * arrival. https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
function objectKey(
  { stream, version, settings }: Pick<DeliveryContext, 'stream' | 'version' | 'settings'>,
  { oldestArrivalMs }: StreamBuffer,
  failure?: Failure,
): string {
  const errorOutputType = failure?.outputType ?? '';
  const template = failure === undefined ? settings.prefix : settings.errorPrefix;
  const time = (format: typeof SUFFIX_TIME) => formatJavaTime(format, oldestArrivalMs);
  const prefix = evaluatePrefix(template, { oldestArrivalMs, errorOutputType });
  const folders = failure === undefined ? time(HOUR_FOLDERS) : `${errorOutputType}/${time(HOUR_FOLDERS)}`;
  const suffix = `${stream}-${version}-${time(SUFFIX_TIME)}-${randomUUID()}`;
  return `${prefix}${hasExpression(template) ? '' : folders}${suffix}`;
}

function pattern(text: string) {
  const parsed = parseJavaTime(text);
  if ('unknown' in parsed) throw new Error(`${text} is not a known time pattern.`);
  return parsed;
}
