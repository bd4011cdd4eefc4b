import { GlueClient, paginateGetPartitions } from '@aws-sdk/client-glue';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { localAccount } from '../../local/localAccount.ts';

const STACK = 'sluice-local';

/** Reads the local cloud with real AWS clients, as an independent check of its state. */
export class CatalogWitness {
  readonly s3: S3Client;
  readonly #options: ReturnType<typeof clientOptions>;
  readonly #glue: GlueClient;

  constructor(endpoint: string) {
    this.#options = clientOptions(endpoint);
    this.s3 = new S3Client(this.#options);
    this.#glue = new GlueClient(this.#options);
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

  /** An output of the stack. The client is imported when it is needed, which is rare. */
  async output(name: string): Promise<string> {
    const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
    const client = new CloudFormationClient(this.#options);
    try {
      const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: STACK }));
      const found = stack?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
      if (found === undefined) throw new Error(`The stack ${STACK} has no output ${name}.`);
      return found;
    } finally {
      client.destroy();
    }
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
