import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { EngineFile } from '../../lib/parquet/FileSchema.ts';
import { ingestedTables } from '../../lib/tables/ingestedTables.ts';
import { ingestedTableFolder } from '../../lib/tables/tableFolders.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { Catalog, glueService } from '../../packages/local-aws/src/glue/index.ts';
import { Keys, keyAccess } from '../../packages/local-aws/src/kms/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { type ClientOptions, startServices } from '../../packages/local-aws/src/testing/index.ts';
import { benchConfig, DAY } from './ingestData.ts';

/** A customer's bucket with the files of a day. */
interface Drops {
  readonly options: ClientOptions;
  /** Bytes of all files. */
  readonly bytes: number;
  close(): Promise<void>;
}

/** Starts a local S3 and Glue with our bucket, a customer's, and the table. The day has `count` files, copies of those given. */
export async function startDrops(
  folder: string,
  files: readonly EngineFile[],
  count: number,
): Promise<Drops> {
  const directory = join(folder, `drops-${count}`);
  const clock = realClock;
  const config = benchConfig();
  const [source] = config.sources;
  const account = source?.owner;
  if (source === undefined || account === undefined) throw new RangeError('No source.');
  const where = { partition: 'aws', region: 'us-east-1', account };
  const keys = new Keys({ clock, ...where, directory: join(directory, 'kms') });
  const store = ObjectStore.open({ directory: join(directory, 's3'), clock });
  const catalog = Catalog.open({ directory: join(directory, 'glue'), clock });
  const services = await startServices([
    s3Service({ store, clock, keyAccess: keyAccess(keys) }),
    glueService({ catalog, clock, account }),
  ]);
  const credentials = { accessKeyId: account, secretAccessKey: 'test' };
  const options = { ...services.options, credentials };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  for (const Bucket of [config.bucket, source.bucket]) await s3.send(new CreateBucketCommand({ Bucket }));
  let bytes = 0;
  for (let n = 0; n < count; n += 1) {
    const path = files[n % files.length]?.path ?? '';
    const { size } = statSync(path);
    const Key = `events/${DAY}/part-${String(n).padStart(5, '0')}.parquet`;
    const Body = createReadStream(path);
    await s3.send(new PutObjectCommand({ Bucket: source.bucket, Key, Body, ContentLength: size }));
    bytes += size;
  }
  await makeTables(new GlueClient(options), config);
  return {
    options,
    bytes,
    async close() {
      s3.destroy();
      await services.close();
      store.close();
    },
  };
}

async function makeTables(glue: GlueClient, config: ReturnType<typeof benchConfig>): Promise<void> {
  const DatabaseName = config.database;
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } }));
  for (const { name, columns } of ingestedTables(config)) {
    const TableInput = {
      Name: name,
      PartitionKeys: [{ Name: 'ds', Type: 'date' }],
      StorageDescriptor: {
        Columns: columns.map((column) => ({ Name: column.name, Type: column.type })),
        Location: `s3://${config.bucket}/${ingestedTableFolder(config, name)}`,
      },
    };
    await glue.send(new CreateTableCommand({ DatabaseName, TableInput }));
  }
  glue.destroy();
}
