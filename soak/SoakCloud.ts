import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GlueClient, paginateGetPartitions, paginateGetTables } from '@aws-sdk/client-glue';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { repositoryRoot } from '../local/dataDirectory.ts';
import type { Cloud } from '../local/startCloud.ts';
import type { FaultKind } from './faultKinds.ts';
import type { SoakHolds, SoakPartition } from './Ledger.ts';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
/** Says which streams are held: docs/operate.md. Faults name it by its ARN, so they do not strike the soak's own reads. */
const HOLDS_SECRET = 'sluice-local-holds';

const faultsSchema = z.object({ faults: z.array(z.object({ struck: z.int() })) });
const holdsSchema = z.object({
  held: z.record(z.string(), z.object({ since: z.string() })).default({}),
  released: z.record(z.string(), z.string()).default({}),
});
const returnedSchema = z.object({ moved: z.int() });

/** How many objects wait to be delivered, by folder. Of a folder with more than a page, the page's. */
export interface WaitingObjects {
  readonly overflow: number;
  readonly errors: number;
  readonly parked: number;
}

/** What the soak asks of the local cloud besides its collector: by AWS's own calls, the control API and the CLI. */
export class SoakCloud {
  readonly #cloud: Cloud;
  readonly #config: string;
  readonly #s3: S3Client;
  readonly #glue: GlueClient;
  readonly #secrets: SecretsManagerClient;
  /** The kinds of the faults that are set, in their order, and how often each was told to have struck. */
  #owners: { readonly kind: string; told: number }[] = [];

  /** @param config Path of the configuration that is deployed. */
  constructor(cloud: Cloud, config: string) {
    this.#cloud = cloud;
    this.#config = config;
    const place = { endpoint: cloud.edge, region: 'us-east-1', credentials: CREDENTIALS };
    this.#s3 = new S3Client({ ...place, forcePathStyle: true });
    this.#glue = new GlueClient(place);
    this.#secrets = new SecretsManagerClient(place);
  }

  /** Adds the faults of kinds, in their order. */
  async setFaults(kinds: readonly FaultKind[]): Promise<void> {
    for (const { name, faults } of kinds) {
      const set = await this.#faults({ method: 'POST', body: JSON.stringify(faults) });
      while (this.#owners.length < set.length) this.#owners.push({ kind: name, told: 0 });
    }
  }

  /** How often faults struck since the last call, by kind; kinds without a strike are missing. */
  async newStrikes(): Promise<Record<string, number>> {
    if (this.#owners.length === 0) return {};
    const struck: Record<string, number> = {};
    for (const [at, fault] of (await this.#faults({ method: 'GET' })).entries()) {
      const owner = this.#owners[at];
      if (owner === undefined || fault.struck === owner.told) continue;
      struck[owner.kind] = (struck[owner.kind] ?? 0) + fault.struck - owner.told;
      owner.told = fault.struck;
    }
    return struck;
  }

  async clearFaults(): Promise<void> {
    await this.#faults({ method: 'DELETE' });
    this.#owners = [];
  }

  /** Which streams are held now, and since when. */
  async readHolds(): Promise<SoakHolds> {
    const { SecretString = '{}' } = await this.#secrets.send(
      new GetSecretValueCommand({ SecretId: HOLDS_SECRET }),
    );
    const { held, released } = holdsSchema.parse(JSON.parse(SecretString));
    const since = Object.entries(held).map(([stream, hold]) => [stream, hold.since]);
    return { held: Object.fromEntries(since), released };
  }

  /** Rows in the buffers of streams. */
  bufferedRows(): number {
    return this.#cloud.status().pending.reduce((sum, { documents }) => sum + documents, 0);
  }

  async waitingObjects(): Promise<WaitingObjects> {
    const count = async (Prefix: string) =>
      (await this.#s3.send(new ListObjectsV2Command({ Bucket: this.#cloud.bucket, Prefix }))).KeyCount ?? 0;
    return {
      overflow: await count('overflow/'),
      errors: await count('errors/'),
      parked: await count('parked/'),
    };
  }

  /** Moves parked objects back, as an operator does: docs/operate.md. @returns How many. */
  async returnParked(): Promise<number> {
    const command = ['redrive', '--parked', '--json', '--local', '--endpoint-url', this.#cloud.edge];
    const file = join(repositoryRoot, 'cli', 'sluice.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [file, ...command], {
      env: {
        ...process.env,
        SLUICE_CONFIG: this.#config,
        AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      },
    });
    return returnedSchema.parse(JSON.parse(stdout)).moved;
  }

  /** Every partition that Glue has: where queries read. */
  async partitions(): Promise<readonly SoakPartition[]> {
    const DatabaseName = this.#cloud.database;
    const found: SoakPartition[] = [];
    for await (const { TableList = [] } of paginateGetTables({ client: this.#glue }, { DatabaseName })) {
      for (const { Name: table = '', StorageDescriptor, PartitionKeys = [] } of TableList) {
        if (PartitionKeys.length === 0) continue;
        const root = StorageDescriptor?.Location ?? '';
        const pages = paginateGetPartitions({ client: this.#glue }, { DatabaseName, TableName: table });
        for await (const { Partitions = [] } of pages)
          for (const { Values: values = [], StorageDescriptor: storage } of Partitions)
            found.push({ table, root, values, location: storage?.Location ?? '' });
      }
    }
    return found;
  }

  close(): void {
    for (const client of [this.#s3, this.#glue, this.#secrets]) client.destroy();
  }

  async #faults(request: { readonly method: string; readonly body?: string }) {
    const answer = await fetch(`${this.#cloud.edge}/_sluice/faults`, request);
    if (!answer.ok) throw new Error(`The local cloud refused the faults: ${await answer.text()}`);
    return faultsSchema.parse(await answer.json()).faults;
  }
}
