import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalClock } from '../base/clock.ts';
import { memberOf } from '../base/json.ts';
import type { MetricDatum } from '../cloudwatch/Metric.ts';
import { fileNameOf } from '../disk/files.ts';
import { Faults } from '../faults/Faults.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService } from '../protocol/jsonService.ts';
import { readProperties } from '../protocol/readProperties.ts';
import { DeliveryStream } from './DeliveryStream.ts';
import { invalidArgument, streamInUse } from './errors.ts';
import { putRecord, streamName } from './operations.ts';
import type { DeliveryPut, ObjectSink } from './ports.ts';
import { StreamMetrics } from './StreamMetrics.ts';
import { readStreamSettings, streamSchema } from './streamSettings.ts';

/** Options of {@link openFirehose}. */
export interface FirehoseOptions {
  /** Folder of the journals. Only one process at a time may have it open. */
  readonly directory: string;
  /** The clock of buffering and retries. */
  readonly clock: LocalClock;
  /** Writes the objects of deliveries. */
  readonly sink: ObjectSink;
  /** The account of the streams: twelve digits. */
  readonly account: string;
  /** Called for each attempt that fails, and for each file of a journal that can't be deleted. Default: nothing. */
  readonly onFailure?: (stream: string, error: unknown) => void;
  /** A number from 0 to 1, exclusive, which spreads retries. Default `Math.random`. */
  readonly random?: () => number;
  /** Called before a stream calls S3. If it throws, the delivery fails and is retried. Default: nothing. */
  readonly onCall?: (stream: string, call: DeliveryPut) => void;
  /** Called with each record that a stream accepted, and epoch milliseconds. Default: nothing. */
  readonly onAccepted?: (stream: string, data: Uint8Array, at: number) => void;
  /** Called with the values of CloudWatch's metrics. Default: nothing. */
  readonly onMetrics?: (data: readonly MetricDatum[]) => void;
  /** Decides which deliveries fail. Default: none. */
  readonly faults?: Faults;
  /** Reads the documents of a record for {@link Firehose.search}. Default: the record is one. */
  readonly readRecord?: ((record: Uint8Array) => readonly string[]) | undefined;
}

/** Records that a stream dropped, because S3 did not accept them for 24 hours. */
export interface ExpiredDocuments {
  /** Name of the stream. */
  readonly stream: string;
  /** How many were dropped. */
  readonly documents: number;
}

/** The undelivered records of one stream. */
export interface PendingDocuments {
  /** Name of the stream. */
  readonly stream: string;
  /** Records that S3 doesn't have yet. */
  readonly documents: number;
  /** Bytes of the records. */
  readonly bytes: number;
  /** Time at which the oldest record was accepted, ISO 8601. */
  readonly oldestArrival: string;
}

/** The answer to a search in the buffers. */
export interface FoundDocuments {
  /** The documents that were found, at most as many as were asked for. */
  readonly documents: readonly {
    /** Name of the stream in which the document waits. */
    readonly stream: string;
    /** Time at which the document's record was accepted, ISO 8601. */
    readonly arrivedAt: string;
    /** The document as it was sent. */
    readonly document: string;
  }[];
  /** Whether there are more than the answer has. */
  readonly more: boolean;
}

/** A running local Firehose. */
export interface Firehose {
  /** PutRecord, for the edge endpoint. */
  readonly service: AwsService;
  /**
   * Creates a stream from the properties of an `AWS::KinesisFirehose::DeliveryStream`, and continues with the records
   * that an earlier process acknowledged under that name and did not deliver.
   *
   * @throws AwsError `InvalidArgumentException` for what Firehose refuses, `NotImplemented` for what isn't emulated.
   */
  createStream(name: string, properties: unknown): Promise<void>;
  /**
   * Deletes what an earlier process has not delivered of a stream: Firehose gives no guarantee for that.
   * https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeleteDeliveryStream.html
   */
  deleteJournal(name: string): Promise<void>;
  /** Delivers every stream's buffers after this many seconds (0 or more), regardless of its hints. */
  overrideBuffering(hints: { readonly seconds: number }): void;
  /**
   * Delivers all acknowledged records now. Resolves once S3 has the objects.
   *
   * @throws FirehoseError `FIREHOSE_UNDELIVERED` when S3 refuses them; they are kept and retried.
   */
  flush(): Promise<void>;
  /** The streams that hold undelivered records. */
  pending(): PendingDocuments[];
  /** The streams that have dropped records since they were created. */
  expired(): ExpiredDocuments[];
  /** Documents that S3 doesn't have yet and that contain a text. Stops after so many; `more` says whether it did. */
  search(text: string, most: number): FoundDocuments;
  /** Stops without delivering: flush first, or the remaining data is delivered after the next start. */
  close(): Promise<void>;
}

/**
 * Opens Amazon Data Firehose on one machine. It accepts records over Firehose's own protocol, buffers them, and writes them
 * to S3 as they came.
 *
 * @example
 * const firehose = await openFirehose({ directory: 'data/firehose', clock: realClock, sink, account });
 * await firehose.createStream('events', template.Resources.EventsStream.Properties);
 */
export async function openFirehose(options: FirehoseOptions): Promise<Firehose> {
  const { directory, clock, account } = options;
  const streams = new Map<string, DeliveryStream>();
  let bufferSeconds: number | undefined;
  const metrics = new StreamMetrics({
    clock,
    streams: () => streams.values(),
    publish: (data) => options.onMetrics?.(data),
  });
  const folderOf = (name: string) => join(directory, 'streams', `${fileNameOf(name)}.stream`);

  return {
    service: jsonService({
      signingName: 'firehose',
      targetPrefix: 'Firehose_20150804',
      contentType: 'application/x-amz-json-1.1',
      invalidInput: invalidArgument,
      resource: (input) => memberOf(input, 'DeliveryStreamName'),
      operations: putRecord(streams, account),
    }),
    async createStream(name, properties) {
      if (!streamName.safeParse(name).success) throw invalidArgument(`${name} is not a name of a stream.`);
      if (streams.has(name)) throw streamInUse(name, account);
      const stream = openStream(name, properties, folderOf(name), options, () => metrics.wake());
      // An earlier process may have left records to deliver.
      metrics.wake();
      if (bufferSeconds !== undefined) stream.overrideSeconds(bufferSeconds);
      streams.set(name, stream);
    },
    deleteJournal: (name) => rm(folderOf(name), { recursive: true, force: true }),
    overrideBuffering({ seconds }) {
      bufferSeconds = seconds;
      for (const stream of streams.values()) stream.overrideSeconds(seconds);
    },
    async flush() {
      const results = await Promise.allSettled([...streams.values()].map((stream) => stream.flush()));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
    pending: () => pendingDocuments(streams),
    expired() {
      return [...streams]
        .map(([name, { expired }]) => ({ stream: name, documents: expired }))
        .filter(({ documents }) => documents > 0);
    },
    search: (text, most) => searchStreams(streams, text, most, options.readRecord),
    async close() {
      metrics.close();
      for (const stream of streams.values()) await stream.close();
      streams.clear();
    },
  };
}

/** Opens a delivery stream. @param wake Called with each record that the stream accepts. */
function openStream(
  name: string,
  properties: unknown,
  directory: string,
  options: FirehoseOptions,
  wake: () => void,
): DeliveryStream {
  const { clock, sink, faults = new Faults(), random = Math.random } = options;
  const read = readProperties(streamSchema, properties, 'AWS::KinesisFirehose::DeliveryStream');
  return DeliveryStream.open({
    context: {
      stream: name,
      settings: readStreamSettings(read.ExtendedS3DestinationConfiguration),
      sink,
      onCall: (call) => options.onCall?.(name, call),
    },
    directory,
    clock,
    random,
    faults,
    onFailure: (error) => options.onFailure?.(name, error),
    onAccepted(data, at) {
      wake();
      options.onAccepted?.(name, data, at);
    },
  });
}

/** What waits in each stream; a stream in which nothing waits is left out. */
function pendingDocuments(streams: ReadonlyMap<string, DeliveryStream>): PendingDocuments[] {
  return [...streams].flatMap(([name, stream]) => {
    const { records, bytes, oldestArrivalMs } = stream.pending();
    const oldestArrival = new Date(oldestArrivalMs).toISOString();
    return records === 0 ? [] : [{ stream: name, documents: records, bytes, oldestArrival }];
  });
}

/**
 * Finds documents that contain a text among the records that are not delivered yet.
 *
 * @param readRecord Default: a record is one document.
 */
function searchStreams(
  streams: ReadonlyMap<string, DeliveryStream>,
  text: string,
  most: number,
  readRecord: FirehoseOptions['readRecord'] = (record) => [utf8(record)],
): FoundDocuments {
  const documents: FoundDocuments['documents'][number][] = [];
  for (const [name, stream] of streams) {
    for (const { arrivalMs, data } of stream.undelivered()) {
      for (const document of readRecord(data)) {
        if (!document.includes(text)) continue;
        if (documents.length === most) return { documents, more: true };
        documents.push({ stream: name, arrivedAt: new Date(arrivalMs).toISOString(), document });
      }
    }
  }
  return { documents, more: false };
}

/** Bytes as text. */
function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
