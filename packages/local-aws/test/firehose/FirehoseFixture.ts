import { FirehoseClient, PutRecordCommand, type PutRecordCommandOutput } from '@aws-sdk/client-firehose';
import { type LocalClock, ManualClock } from '../../src/base/index.ts';
import { type Edge, startEdge } from '../../src/edge/startEdge.ts';
import { Faults } from '../../src/faults/Faults.ts';
import { type Firehose, openFirehose } from '../../src/firehose/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { until } from '../harness/until.ts';

/** 20 November 2026, 12:00 UTC. */
export const START = Date.UTC(2026, 10, 20, 12);
/** The account of the streams. */
export const ACCOUNT = '000000000000';

/**
 * A local Firehose behind a real endpoint with a real client, delivering into memory. Time stands still until
 * `clock.advance`.
 */
export class FirehoseFixture {
  /** Its clock, which stands still at {@link START} until a test moves it. */
  readonly clock = new ManualClock(START);
  /** Objects in "S3": key → bytes. */
  readonly objects = new Map<string, Uint8Array>();
  /** Failures on demand. */
  readonly faults = new Faults();
  /** What has kept deliveries from being stored. */
  readonly failures: unknown[] = [];
  /** Called before each object is stored: throw to keep it from being. */
  beforePut: (key: string) => void = () => undefined;
  readonly #folder = temporaryDirectory();
  /** Where the streams are. */
  readonly directory = this.#folder.path;
  #running: { firehose: Firehose; edge: Edge; client: FirehoseClient } | undefined;

  /** The Firehose that runs. @throws Error if none does. */
  get firehose(): Firehose {
    return this.#get().firehose;
  }

  /** A client of the Firehose that runs. @throws Error if none does. */
  get client(): FirehoseClient {
    return this.#get().client;
  }

  /** Starts Firehose on the directory. @param clock Default: the fixture's, which stands still. */
  async start(clock: LocalClock = this.clock): Promise<void> {
    const firehose = await openFirehose({
      directory: this.directory,
      clock,
      sink: {
        put: async (bucket, key, body) => {
          this.beforePut(key);
          this.objects.set(`${bucket}/${key}`, body);
        },
      },
      account: ACCOUNT,
      onFailure: (_stream, error) => this.failures.push(error),
      random: () => 0.5,
      faults: this.faults,
    });
    const edge = await startEdge({
      services: [firehose.service],
      clock,
      faults: this.faults,
    });
    const client = new FirehoseClient({
      endpoint: edge.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      systemClockOffset: clock.now() - Date.now(),
    });
    this.#running = { firehose, edge, client };
  }

  /** Stops it, and keeps what it has stored. */
  async stop(): Promise<void> {
    const { firehose, edge, client } = this.#get();
    client.destroy();
    await edge.close();
    await firehose.close();
    this.#running = undefined;
  }

  /** Stops and deletes everything. */
  async end(): Promise<void> {
    if (this.#running !== undefined) await this.stop();
    this.#folder.remove();
  }

  /** Puts a record through the real client. */
  put(stream: string, record: string | Uint8Array): Promise<PutRecordCommandOutput> {
    const Record = { Data: typeof record === 'string' ? Buffer.from(record) : record };
    return this.client.send(new PutRecordCommand({ DeliveryStreamName: stream, Record }));
  }

  /** Waits until so many records are undelivered: what the clock or a put has started ends by itself. */
  pending(records: number): Promise<void> {
    return until(
      `${records} records are undelivered`,
      () => this.firehose.pending().reduce((sum, pending) => sum + pending.documents, 0) === records,
    );
  }

  /** Lets the event loop turn so many times. */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The keys of the objects in `bucket`, in order. */
  keys(): string[] {
    return [...this.objects.keys()].map((key) => key.replace(/^bucket\//, '')).sort();
  }

  /** The text of an object in `bucket`; empty if it is not there. */
  text(key: string): string {
    return Buffer.from(this.objects.get(`bucket/${key}`) ?? []).toString('utf8');
  }

  /** What all objects below a prefix hold, one after the other in the order of their keys. */
  data(prefix = 'data/'): string {
    return this.keys()
      .filter((key) => key.startsWith(prefix))
      .map((key) => this.text(key))
      .join('');
  }

  /** What runs. @throws Error if nothing does. */
  #get() {
    if (this.#running === undefined) throw new Error('The fixture is not started.');
    return this.#running;
  }
}

/** Properties of a stream that delivers records as they come. */
export function plainStream(more: object = {}) {
  return {
    ExtendedS3DestinationConfiguration: {
      BucketARN: 'arn:aws:s3:::bucket',
      RoleARN: 'arn:aws:iam::000000000000:role/delivery',
      Prefix: 'data/',
      ...more,
    },
  };
}
