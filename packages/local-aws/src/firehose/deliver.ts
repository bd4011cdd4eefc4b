import { randomUUID } from 'node:crypto';
import type { JournalEntry } from './Journal.ts';
import type { DeliveryPut, ObjectSink } from './ports.ts';
import type { StreamSettings } from './streamSettings.ts';

/** The content type that AWS gives its objects. */
const CONTENT_TYPE = 'application/octet-stream';

/** Records that are delivered together. */
export interface StreamBuffer {
  /** In order of arrival. */
  entries: JournalEntry[];
  /** Bytes of all records. */
  bytes: number;
  /** Arrival of the oldest record in it, epoch ms; infinite without records. */
  oldestArrivalMs: number;
}

/** Options of every delivery of one stream. */
export interface DeliveryContext {
  /** Name of the stream. */
  readonly stream: string;
  /** The settings that the stream was made with. */
  readonly settings: StreamSettings;
  /** Writes the objects. */
  readonly sink: ObjectSink;
  /** Called before each call of S3. An error that it throws fails the delivery. */
  readonly onCall?: ((call: DeliveryPut) => void) | undefined;
}

/** Delivers a buffer as one object: its records as they came, one after the other. Resolves once S3 has it. */
export async function deliver(
  { sink, settings: { bucket }, onCall }: DeliveryContext,
  key: string,
  { entries }: StreamBuffer,
): Promise<void> {
  onCall?.({ bucket, key });
  const body = Buffer.concat(entries.map(({ data }) => data));
  await sink.put(bucket, key, body, { contentType: CONTENT_TYPE });
}

/**
 * Key of a buffer's object: `<prefix>yyyy/MM/dd/HH/<stream>-<version>-yyyy-MM-dd-HH-mm-ss-<uuid><extension>`, with the time in
 * UTC at which the oldest record arrived. The version is that of the stream's configuration, which is always 1 here.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
export function objectKey(
  { stream, settings }: Pick<DeliveryContext, 'stream' | 'settings'>,
  { oldestArrivalMs }: StreamBuffer,
): string {
  const time = new Date(oldestArrivalMs).toISOString();
  const folders = time.slice(0, 13).replace(/[-T]/g, '/');
  const suffix = time.slice(0, 19).replace(/[T:]/g, '-');
  return `${settings.prefix}${folders}/${stream}-1-${suffix}-${randomUUID()}${settings.extension}`;
}
