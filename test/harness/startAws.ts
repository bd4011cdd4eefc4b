import { join } from 'node:path';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { StageOptions } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type LocalClock, realClock } from '../../packages/local-aws/src/base/index.ts';
import { objectCreatedEvent } from '../../packages/local-aws/src/events/index.ts';
import { Faults } from '../../packages/local-aws/src/faults/index.ts';
import { Catalog, glueService } from '../../packages/local-aws/src/glue/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { Queues, queueProperties, sqsService } from '../../packages/local-aws/src/sqs/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { callMain } from './callMain.ts';
import { queueMessage } from './lambdaInvoker.ts';
import { temporaryDirectory, writeConfig } from './temporaryDirectory.ts';

const { id: account, region } = localAccount;

type S3Options = Parameters<typeof s3Service>[0];

/** S3, Glue and SQS of the local cloud over HTTP, with clients of the account and nothing of Sluice in them. */
export async function startAws({
  clock = realClock,
  more = [],
  ...s3Options
}: Partial<S3Options> & {
  readonly clock?: LocalClock;
  readonly more?: Parameters<typeof startServices>[0];
} = {}) {
  const directory = temporaryDirectory();
  const at = (service: string) => ({ directory: join(directory.path, service), clock });
  const faults = new Faults();
  const store = ObjectStore.open(at('s3'));
  const catalog = Catalog.open(at('glue'));
  const queues = Queues.open({ ...at('sqs'), region, account });
  const services = [
    s3Service({ store, ...s3Options }),
    glueService({ catalog, clock, account, faults }),
    sqsService({ queues, clock, account }),
    ...more,
  ];
  const { options, close } = await startServices(services, faults, {
    controlPath: '/_sluice',
    // Commands ask the local cloud for its time.
    async control({ url }, response) {
      if (url !== '/_sluice/clock') return false;
      response.end(JSON.stringify({ now: new Date(clock.now()).toISOString() }));
      return true;
    },
  });
  const clients = { s3: new S3Client(options), glue: new GlueClient(options), sqs: new SQSClient(options) };
  return {
    ...clients,
    directory: directory.path,
    faults,
    store,
    catalog,
    queues,
    options,
    /** Makes a queue. @returns Its URL. */
    addQueue(name: string): string {
      queues.ensure(name, queueProperties({}).settings);
      return queues.urlOf(name, options.endpoint);
    },
    /** Keys of a bucket, a page of them. */
    keys: (bucket: string, prefix = '') =>
      store
        .list(bucket, { prefix, limit: 1_000 })
        .entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : [])),
    /** What runs commands of a configuration on it. */
    commands(input: (ConfigInput & StageOptions) | string) {
      const env = { SLUICE_CONFIG: writeConfig(directory.path, input) };
      return (...args: readonly string[]) =>
        callMain([...args, '--local', '--endpoint-url', options.endpoint], { env });
    },
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      await close();
      queues.close();
      store.close();
      directory.remove();
    },
  };
}

/** The message of a new object. */
export function objectMessage(messageId: string, bucket: string, key: string, receives = 1) {
  const object = { bucket, key, size: 1, etag: 'e', sequencer: '0', reason: 'PutObject', time: 0 } as const;
  const event = objectCreatedEvent(object, { region, account });
  return queueMessage(messageId, JSON.stringify(event), receives);
}

/** Makes tables with partitions by day, and their database. */
export function ensureTables(
  catalog: Catalog,
  { bucket, database }: { readonly bucket: string; readonly database: string },
  tables: readonly {
    readonly name: string;
    readonly folder: string;
    readonly columns?: readonly { readonly name: string; readonly type: string }[];
  }[],
): void {
  catalog.ensureDatabase({ Name: database });
  for (const { name, folder, columns = [] } of tables)
    catalog.ensureTable(database, {
      Name: name,
      PartitionKeys: [{ Name: 'ds', Type: 'date' }],
      StorageDescriptor: {
        Columns: columns.map((column) => ({ Name: column.name, Type: column.type })),
        Location: `s3://${bucket}/${folder}`,
      },
    });
}
