import { gzipSync } from 'node:zlib';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { GlueClient, paginateGetPartitions, paginateGetTables } from '@aws-sdk/client-glue';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { localAccount } from '../local/localAccount.ts';
import type { Cloud } from '../local/startCloud.ts';
import type { FaultKind } from './faultKinds.ts';
import type { SoakPartition } from './Ledger.ts';

/** What the control API says of faults. */
const faultsSchema = z.object({ faults: z.array(z.object({ struck: z.int() })) });

/** Calls of the local cloud besides its collector: AWS's own calls and the control API. */
export class SoakCloud {
  readonly #cloud: Cloud;
  readonly #stacks: CloudFormationClient;
  readonly #s3: S3Client;
  readonly #firehose: FirehoseClient;
  readonly #glue: GlueClient;
  readonly #sqs: SQSClient;
  /** The kinds of the faults that are set, in their order, and how often each had struck when they were asked last. */
  #owners: { readonly kind: string; struck: number }[] = [];
  /** Strikes that the local cloud does not count, since {@link newStrikes} was called last, by kind: bad objects and foreign records. */
  readonly #ownStrikes = new Map<string, number>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    const place = { endpoint: cloud.edge, region: localAccount.region, credentials: localAccount };
    this.#stacks = new CloudFormationClient(place);
    this.#s3 = new S3Client({ ...place, forcePathStyle: true });
    this.#firehose = new FirehoseClient(place);
    this.#glue = new GlueClient(place);
    this.#sqs = new SQSClient(place);
  }

  /** Adds the faults of kinds, in their order. */
  async setFaults(kinds: readonly FaultKind[]): Promise<void> {
    for (const { name, faults, badObjects = false } of kinds) {
      if (badObjects) this.#ownStrikes.set(name, await this.#putBadObjects());
      const set = await this.#faults({ method: 'POST', body: JSON.stringify(faults) });
      while (this.#owners.length < set.length) this.#owners.push({ kind: name, struck: 0 });
    }
  }

  /** How often faults struck since the last call, by kind; kinds without a strike are missing. */
  async newStrikes(): Promise<Record<string, number>> {
    const strikes: Record<string, number> = Object.fromEntries(this.#ownStrikes);
    this.#ownStrikes.clear();
    if (this.#owners.length === 0) return strikes;
    const faults = await this.#faults({ method: 'GET' });
    for (const [i, { struck }] of faults.entries()) {
      const owner = this.#owners[i];
      if (owner === undefined) throw new RangeError('A fault is set that the soak has not set.');
      if (struck === owner.struck) continue;
      strikes[owner.kind] = (strikes[owner.kind] ?? 0) + struck - owner.struck;
      owner.struck = struck;
    }
    return strikes;
  }

  /** Ends all faults. */
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
    const list = new ListObjectsV2Command({ Bucket: this.#cloud.bucket, Prefix: 'landing/' });
    const { Contents = [] } = await this.#s3.send(list);
    return Contents.length;
  }

  /** Sends the writer's dead letters again, as a person does whom the alarm tells of them: `sluice redrive --landing`. */
  async redrive(): Promise<void> {
    const { region, id } = localAccount;
    const arn = (name: string) => `arn:aws:sqs:${region}:${id}:${name}`;
    await this.#sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: arn('sluice-local-write-dead-letters'),
        DestinationArn: arn('sluice-local-write'),
      }),
    );
  }

  /** Deletes what is no event, as a person does: `sluice redrive --damaged discard`. If it is one, it is counted as lost. */
  async discard(): Promise<void> {
    const place = { Bucket: this.#cloud.bucket };
    const { Contents = [] } = await this.#s3.send(new ListObjectsV2Command({ ...place, Prefix: 'damaged/' }));
    for (const { Key } of Contents) await this.#s3.send(new DeleteObjectCommand({ ...place, Key }));
  }

  /** Every partition that Glue has: where queries read. */
  async partitions(): Promise<readonly SoakPartition[]> {
    const DatabaseName = this.#cloud.database;
    const found: SoakPartition[] = [];
    for await (const { TableList = [] } of paginateGetTables({ client: this.#glue }, { DatabaseName })) {
      for (const { Name: table, StorageDescriptor, PartitionKeys = [] } of TableList) {
        if (PartitionKeys.length === 0) continue;
        const root = StorageDescriptor?.Location;
        const pages = paginateGetPartitions({ client: this.#glue }, { DatabaseName, TableName: table });
        for await (const { Partitions = [] } of pages)
          for (const { Values: values = [], StorageDescriptor: storage } of Partitions) {
            const location = storage?.Location;
            if (table === undefined || root === undefined || location === undefined)
              throw new TypeError(`A partition of ${table} has no location.`);
            found.push({ table, root, values, location });
          }
      }
    }
    return found;
  }

  /** Closes the clients. */
  close(): void {
    const clients = [this.#stacks, this.#s3, this.#firehose, this.#glue, this.#sqs];
    for (const client of clients) client.destroy();
  }

  /** Puts records of others into the stream, one after the other. They count as strikes of a kind. */
  async putForeign(kind: string): Promise<void> {
    const { Stacks: [{ Outputs = [] } = {}] = [] } = await this.#stacks.send(new DescribeStacksCommand({}));
    const stream = Outputs.find(({ OutputKey }) => OutputKey === 'LandingStreamName');
    if (stream === undefined) throw new TypeError('The stack has no stream.');
    const { cut, flipped } = badMembers();
    const noRows = [
      'hello\n',
      badLine('2026-11-20T12:00:00.000Z', 'orders'),
      badLine('2026-11-20T12:00:00.000Z', 'events', '2026-02-30'),
    ];
    const records = [
      '{"TICKER_SYMBOL":"QXZ","SECTOR":"HEALTHCARE","CHANGE":-0.05,"PRICE":84.51}',
      '\0',
      '\n',
      cut,
      flipped,
      cut.subarray(0, 10),
      gzipSync(noRows.join('')),
    ];
    for (const record of records) {
      const Record = { Data: Buffer.from(record) };
      await this.#firehose.send(new PutRecordCommand({ DeliveryStreamName: stream.OutputValue, Record }));
    }
    this.#ownStrikes.set(kind, (this.#ownStrikes.get(kind) ?? 0) + records.length);
  }

  /** A cut object, one with a flipped bit, and a line that DuckDB refuses, of no event of the run. @returns How many. */
  async #putBadObjects(): Promise<number> {
    const { cut, flipped } = badMembers();
    const bodies = { cut, flipped, refused: gzipSync(badLine('never')) };
    for (const [name, Body] of Object.entries(bodies))
      await this.#s3.send(
        new PutObjectCommand({ Bucket: this.#cloud.bucket, Key: `landing/bad/${name}.ndjson.gz`, Body }),
      );
    return Object.keys(bodies).length;
  }

  /** Calls the control API: all faults that are set, with how often each struck. */
  async #faults(request: {
    /** The method of the request. */
    readonly method: string;
    /** The body. Default: none. */
    readonly body?: string;
  }): Promise<readonly { readonly struck: number }[]> {
    const answer = await fetch(`${this.#cloud.edge}/_sluice/faults`, request);
    if (!answer.ok) throw new Error(`The local cloud refused the faults: ${await answer.text()}`);
    return faultsSchema.parse(await answer.json()).faults;
  }
}

/** A line of no event of the run. */
function badLine(timestamp: string, kind = 'events', ds = '2026-11-20'): string {
  const row = { event_id: 'x', event_name: 'bad', user_id: `soak-${Number.MAX_SAFE_INTEGER}`, timestamp };
  return `${JSON.stringify({ kind, ds, row })}\n`;
}

/** Gzip members that nobody can read a row from: one without its end, and one with a wrong bit. */
function badMembers(): { readonly cut: Buffer; readonly flipped: Buffer } {
  const whole = gzipSync(badLine('2026-11-20T12:00:00.000Z'));
  const flipped = Buffer.from(whole);
  flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
  return { cut: whole.subarray(0, -10), flipped };
}
