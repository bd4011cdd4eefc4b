import { ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  GetDatabasesCommand,
  GetTablesCommand,
  type Table as GlueTable,
  paginateGetPartitions,
} from '@aws-sdk/client-glue';
import { GetObjectCommand, ListBucketsCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import type { AthenaRow } from '../../harness/athenaRows.ts';
import { athenaRows } from '../../harness/athenaRows.ts';
import { CUSTOMER } from '../../harness/ingestCloud.ts';
import { answersOf } from './answers.ts';
import { WAREHOUSE } from './fill.ts';
import type { AdministratorClients, ReleaseAccount } from './ReleaseAccount.ts';

/** Contents of the account, as its own clients see it. */
export interface Snapshot {
  /** Rows by the table or view, `<database>.<name>`. */
  readonly rows: ReadonlyMap<string, readonly AthenaRow[]>;
  /** Columns and partition keys of each, with their types. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Names of those that are views. */
  readonly views: ReadonlySet<string>;
  /** Location of each partition, `<table> <day>`. */
  readonly partitions: ReadonlyMap<string, string>;
  /** ETag of each object of the bucket, by its key. */
  readonly objects: ReadonlyMap<string, string>;
  /** State and version of each day in the ledger, by its key. */
  readonly ledger: ReadonlyMap<string, string>;
  /** ETag of each object that was exported to the customer. */
  readonly exported: ReadonlyMap<string, string>;
  /** Identity of each resource: a name or ARN, and the time of its creation where AWS reports it. */
  readonly resources: ReadonlyMap<string, string>;
  /** Values of secrets by their names. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Answers of the collector, by the request. */
  readonly answers: ReadonlyMap<string, string>;
  /** Messages in queues of dead letters, by their URLs. */
  readonly deadLetters: ReadonlyMap<string, string>;
}

/** Key of the ledger's entry for a day of a dataset or export. */
const DAY_ENTRY = /^ledger\/[a-z][^/]*\/[^/]+\/\d{4}-\d\d-\d\d\.json$/;

type Clients = AdministratorClients;

/** Reads all that an upgrade must keep. */
export async function takeSnapshot(account: ReleaseAccount, bucket: string): Promise<Snapshot> {
  const { clients } = account;
  const tables = await tablesOf(clients);
  const objects = await objectsOf(clients.s3, bucket);
  const customers = account.s3Of(CUSTOMER);
  const buckets = await customers.send(new ListBucketsCommand({}));
  const hasWarehouse = buckets.Buckets?.some(({ Name }) => Name === WAREHOUSE) === true;
  return {
    rows: new Map(await eachOf(tables, async (table) => [nameOf(table), await rowsOf(clients, table)])),
    columns: new Map(
      tables.map((table) => [
        nameOf(table),
        [...(table.StorageDescriptor?.Columns ?? []), ...(table.PartitionKeys ?? [])].map(
          ({ Name, Type }) => `${Name} ${Type}`,
        ),
      ]),
    ),
    views: new Set(tables.filter(isView).map(nameOf)),
    partitions: new Map((await eachOf(tables, (table) => partitionsOf(clients, table))).flat()),
    objects,
    ledger: await readLedger(account, bucket),
    exported: hasWarehouse ? await objectsOf(customers, WAREHOUSE) : new Map(),
    resources: await resourcesOf(clients),
    secrets: await secretsOf(clients),
    answers: await answersOf(account),
    deadLetters: await deadLettersOf(clients),
  };
}

/** One after the other: Athena runs few queries at once. */
async function eachOf<Item, Result>(items: readonly Item[], read: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  for (const item of items) results.push(await read(item));
  return results;
}

const nameOf = ({ DatabaseName, Name }: GlueTable) => `${DatabaseName}.${Name}`;
const isView = ({ TableType }: GlueTable) => TableType === 'VIRTUAL_VIEW';

async function tablesOf({ glue }: Clients): Promise<readonly GlueTable[]> {
  const { DatabaseList = [] } = await glue.send(new GetDatabasesCommand({}));
  const listed = await eachOf(DatabaseList, async ({ Name: DatabaseName }) => {
    const { TableList = [] } = await glue.send(new GetTablesCommand({ DatabaseName }));
    return TableList;
  });
  return listed.flat();
}

function rowsOf({ athena }: Clients, { DatabaseName, Name }: GlueTable): Promise<readonly AthenaRow[]> {
  return athenaRows(athena, `SELECT * FROM "${DatabaseName}"."${Name}"`, { WorkGroup: 'sluice' });
}

async function partitionsOf({ glue }: Clients, table: GlueTable): Promise<[string, string][]> {
  const { DatabaseName, Name: TableName } = table;
  const found: [string, string][] = [];
  for await (const page of paginateGetPartitions({ client: glue }, { DatabaseName, TableName })) {
    for (const { Values = [], StorageDescriptor } of page.Partitions ?? [])
      found.push([`${nameOf(table)} ${Values.join('/')}`, StorageDescriptor?.Location ?? '']);
  }
  return found;
}

async function objectsOf(client: Clients['s3'], Bucket: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const page of paginateListObjectsV2({ client }, { Bucket })) {
    for (const { Key = '', ETag = '' } of page.Contents ?? []) found.set(Key, ETag);
  }
  return found;
}

/** State, version and number of loads of each day in the ledger, by its key. */
export async function readLedger(
  { clients }: ReleaseAccount,
  Bucket: string,
): Promise<ReadonlyMap<string, string>> {
  const objects = await objectsOf(clients.s3, Bucket);
  const days = [...objects.keys()].filter((key) => DAY_ENTRY.test(key));
  return new Map(
    await eachOf(days, async (Key): Promise<[string, string]> => {
      const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket, Key }));
      const { state, version, attempts }: { state: string; version?: string; attempts: number } = JSON.parse(
        (await Body?.transformToString()) ?? '{}',
      );
      return [Key, `${state} ${version} ${attempts}`];
    }),
  );
}

async function resourcesOf({ cloudFormation, s3 }: Clients): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  let NextToken: string | undefined;
  do {
    const page = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName: 'sluice-prod', NextToken }),
    );
    for (const { LogicalResourceId, PhysicalResourceId, ResourceType } of page.StackResourceSummaries ?? [])
      found.set(`${LogicalResourceId}`, `${ResourceType} ${PhysicalResourceId}`);
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  for (const { Name, CreationDate } of Buckets)
    found.set(`bucket ${Name}`, CreationDate?.toISOString() ?? '');
  return found;
}

async function secretsOf({ secrets }: Clients): Promise<ReadonlyMap<string, string>> {
  const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}));
  return new Map(
    await eachOf(SecretList, async ({ Name = '', ARN }): Promise<[string, string]> => {
      const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: ARN }));
      return [Name, SecretString];
    }),
  );
}

async function deadLettersOf({ sqs }: Clients): Promise<ReadonlyMap<string, string>> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const dead = QueueUrls.filter((url) => url.includes('dead-letters'));
  return new Map(
    await eachOf(dead, async (QueueUrl): Promise<[string, string]> => {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return [QueueUrl, Attributes?.['ApproximateNumberOfMessages'] ?? ''];
    }),
  );
}
