import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type LocalClock, realClock } from '../base/clock.ts';
import { startEdge } from '../edge/startEdge.ts';
import { s3Service } from '../s3/index.ts';
import { ObjectStore } from '../s3/model/ObjectStore.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** An embedded S3 in a temporary folder, behind a real edge, with a real client. */
export interface RunningS3 {
  /** URL of the edge. */
  readonly url: string;
  /** The folder of the buckets. */
  readonly directory: string;
  /** The buckets themselves. */
  readonly store: ObjectStore;
  /** A client of it. */
  readonly client: S3Client;
  /** Defects of the emulator that the edge has reported. A test requires that there is none. */
  readonly defects: unknown[];
  /** Makes a further client, which `close` closes. */
  makeClient(config?: S3ClientConfig): S3Client;
  /** Stops it, closes its clients and removes what it has stored. */
  close(): Promise<void>;
}

/** Starts an embedded S3 of its own. */
export async function startS3(clock: LocalClock = realClock): Promise<RunningS3> {
  const { path: directory, remove } = temporaryDirectory();
  const store = ObjectStore.open({ directory, clock });
  const defects: unknown[] = [];
  const edge = await startEdge({
    services: [s3Service({ store })],
    clock,
    onDefect: (error) => defects.push(error),
  });
  const clients: S3Client[] = [];
  const makeClient = (config: S3ClientConfig = {}) => {
    const client = new S3Client({
      endpoint: edge.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      ...config,
    });
    // It signs by the clock of the S3. A client corrects its own clock only where that is four minutes off that of the machine, so that
    // a day of a test that has come would fail.
    Object.defineProperty(client.config, 'systemClockOffset', {
      get: () => clock.now() - Date.now(),
      set: () => undefined,
    });
    clients.push(client);
    return client;
  };
  return {
    url: edge.url,
    directory,
    store,
    client: makeClient(),
    defects,
    makeClient,
    async close() {
      for (const client of clients) client.destroy();
      await edge.close();
      store.close();
      remove();
    },
  };
}

/** Name, status and message of the SDK's error with which a call fails. @throws Error if the call succeeds. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ readonly name: string; readonly status: number | undefined; readonly message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
    const status =
      typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
        ? Number(metadata.httpStatusCode)
        : undefined;
    return { name: error.name, status, message: error.message };
  }
  throw new Error('Expected the call to fail; it did not.');
}
