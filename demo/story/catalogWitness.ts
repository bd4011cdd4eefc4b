import { GlueClient, paginateGetPartitions } from '@aws-sdk/client-glue';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { localAccount } from '../../local/localAccount.ts';

/** Reads the local cloud with real AWS clients, as an independent check of its state. */
export class CatalogWitness {
  readonly s3: S3Client;
  readonly #glue: GlueClient;

  constructor(endpoint: string) {
    const options = clientOptions(endpoint);
    this.s3 = new S3Client(options);
    this.#glue = new GlueClient(options);
  }

  /** Keys under a prefix, with sizes in bytes. */
  async objects(bucket: string, prefix: string): Promise<{ key: string; size: number }[]> {
    const found: { key: string; size: number }[] = [];
    for await (const page of paginateListObjectsV2({ client: this.s3 }, { Bucket: bucket, Prefix: prefix })) {
      for (const { Key = '', Size = 0 } of page.Contents ?? []) found.push({ key: Key, size: Size });
    }
    return found;
  }

  /** Values and locations of a table's registered partitions. */
  async partitions(database: string, table: string): Promise<{ value: string; location: string }[]> {
    const found: { value: string; location: string }[] = [];
    const input = { DatabaseName: database, TableName: table };
    for await (const page of paginateGetPartitions({ client: this.#glue }, input)) {
      for (const { Values = [], StorageDescriptor } of page.Partitions ?? []) {
        found.push({ value: Values.join('/'), location: StorageDescriptor?.Location ?? '' });
      }
    }
    return found;
  }

  close(): void {
    this.s3.destroy();
    this.#glue.destroy();
  }
}

function clientOptions(endpoint: string) {
  const { region, accessKeyId, secretAccessKey } = localAccount;
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}
