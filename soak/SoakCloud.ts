import { GlueClient, paginateGetPartitions, paginateGetTables } from '@aws-sdk/client-glue';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { Cloud } from '../local/startCloud.ts';
import type { FaultKind } from './faultKinds.ts';
import type { SoakPartition } from './Ledger.ts';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

const faultsSchema = z.object({ faults: z.array(z.object({ struck: z.int() })) });

/** Calls of the local cloud besides its collector: AWS's own calls and the control API. */
export class SoakCloud {
  readonly #cloud: Cloud;
  readonly #s3: S3Client;
  readonly #glue: GlueClient;
  readonly #sqs: SQSClient;
  /** The kinds of the faults that are set, in their order, and how often each was reported to have struck. */
  #owners: { readonly kind: string; told: number }[] = [];

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    const place = { endpoint: cloud.edge, region: 'us-east-1', credentials: CREDENTIALS };
    this.#s3 = new S3Client({ ...place, forcePathStyle: true });
    this.#glue = new GlueClient(place);
    this.#sqs = new SQSClient(place);
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

  /** Records in the buffer of the stream. */
  bufferedRecords(): number {
    return this.#cloud.status().pending.reduce((sum, { documents }) => sum + documents, 0);
  }

  /** Objects that wait to become files of tables. Only the first page is counted. */
  async waitingObjects(): Promise<number> {
    const asked = new ListObjectsV2Command({ Bucket: this.#cloud.bucket, Prefix: 'landing/' });
    return (await this.#s3.send(asked)).KeyCount ?? 0;
  }

  /** Sends the writer's dead letters again, as a person does whom the alarm tells of them: `sluice redrive --landing`. */
  async redrive(): Promise<void> {
    const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
    await this.#sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: arn('sluice-local-write-dead-letters'),
        DestinationArn: arn('sluice-local-write'),
      }),
    );
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
    for (const client of [this.#s3, this.#glue, this.#sqs]) client.destroy();
  }

  async #faults(request: { readonly method: string; readonly body?: string }) {
    const answer = await fetch(`${this.#cloud.edge}/_sluice/faults`, request);
    if (!answer.ok) throw new Error(`The local cloud refused the faults: ${await answer.text()}`);
    return faultsSchema.parse(await answer.json()).faults;
  }
}
