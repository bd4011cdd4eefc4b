import { GetWorkGroupCommand, type WorkGroup } from '@aws-sdk/client-athena';
import { GetDatabaseCommand, GetTableCommand, type Table } from '@aws-sdk/client-glue';
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BucketDocument, BucketSetting } from '../../../lib/access/buckets/bucketSettings.ts';
import { lifecycleRules } from '../../../lib/access/buckets/lifecycleRules.ts';
import { gluePartitionCatalog } from '../../../lib/aws/gluePartitionCatalog.ts';
import { addDays, DAY_MS, utcDay } from '../../../lib/base/time.ts';
import { CatalogCallError } from '../../../lib/landing/catalog/catalogCalls.ts';
import type { CatalogPartition, CatalogTable } from '../../../lib/landing/catalog/PartitionCatalog.ts';
import type { ForwardedKind, TableKind } from '../../../lib/schema/kinds.ts';
import { isOwnKey, RELAY_FOLDER } from '../../../lib/tables/objectKeys.ts';
import {
  groupsKey,
  isDeliveredFile,
  statsigFolders,
  tableFolders,
} from '../../../lib/tables/tableFolders.ts';
import { isAwsError, Unread } from '../askAws.ts';
import { dayFolders } from '../tables/partitionGaps.ts';
import type { Setup } from './Setup.ts';

/** Regions for which S3 returns another name, for historical reasons. */
const LEGACY_LOCATIONS: Readonly<Record<string, string>> = { '': 'us-east-1', EU: 'eu-west-1' };

/** The region of the bucket. @param commands They make the bucket again. */
export async function readBucketRegion(
  { ask, s3, config: { bucket: Bucket }, identity: { account } }: Setup,
  commands: readonly string[],
): Promise<string> {
  try {
    // S3 denies access to another account's bucket, whatever the caller is allowed in its own account.
    const { LocationConstraint = '' } = await ask(
      's3:GetBucketLocation',
      () => s3.send(new GetBucketLocationCommand({ Bucket, ExpectedBucketOwner: account })),
      { what: `The bucket ${Bucket}`, commands },
    );
    return LEGACY_LOCATIONS[LocationConstraint] ?? LocationConstraint;
  } catch (error) {
    if (!(error instanceof Unread) || error.reason !== 'denied') throw error;
    throw new Unread(
      'bucket',
      `${Bucket}: S3 refuses s3:GetBucketLocation with account ${account} as its owner.`,
    );
  }
}

/** Error names of S3 for a bucket without such a setting. */
const NONE = [
  'NoSuchBucketPolicy',
  'NoSuchLifecycleConfiguration',
  'NoSuchPublicAccessBlockConfiguration',
  'OwnershipControlsNotFoundError',
  'ServerSideEncryptionConfigurationNotFoundError',
];

/** How a setting is read. Throws one of {@link NONE} if the bucket has no such setting. */
type SettingReader = (s3: S3Client, Bucket: string) => Promise<BucketDocument | undefined>;

const settingReaders: Readonly<Record<BucketSetting['name'], readonly [string, SettingReader]>> = {
  events: [
    's3:GetBucketNotification',
    async (s3, Bucket) => {
      const answer = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
      const { $metadata, ...document } = answer;
      return document;
    },
  ],
  encryption: [
    's3:GetEncryptionConfiguration',
    async (s3, Bucket) => {
      const answer = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
      const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
      // S3 returns more of a rule than is put, for example the blocked types of encryption.
      const { ApplyServerSideEncryptionByDefault, BucketKeyEnabled } = rule ?? {};
      return { Rules: [{ ApplyServerSideEncryptionByDefault, BucketKeyEnabled }] };
    },
  ],
  policy: [
    's3:GetBucketPolicy',
    async (s3, Bucket) => {
      const { Policy = '{}' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      return JSON.parse(Policy);
    },
  ],
  lifecycle: [
    's3:GetLifecycleConfiguration',
    async (s3, Bucket) => {
      const answer = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
      const { $metadata, ...document } = answer;
      return document;
    },
  ],
  publicAccess: [
    's3:GetBucketPublicAccessBlock',
    async (s3, Bucket) => ({
      ...(await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration,
    }),
  ],
  ownership: [
    's3:GetBucketOwnershipControls',
    async (s3, Bucket) => ({
      ...(await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls,
    }),
  ],
  versioning: [
    's3:GetBucketVersioning',
    async (s3, Bucket) => {
      const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
      return { Status };
    },
  ],
};

/** A setting as the bucket has it, and keys that its rules would delete and that are not of Sluice. */
export interface SettingFacts {
  readonly setting: BucketSetting;
  readonly current: BucketDocument;
  readonly foreignKeys: readonly string[];
}

/** Reads a setting of the bucket. Before rules of expiry are proposed for an existing bucket, its folders are looked at. */
export async function readSetting(setup: Setup, setting: BucketSetting): Promise<SettingFacts> {
  const { ask, s3, config } = setup;
  const [permission, read] = settingReaders[setting.name];
  let current: BucketDocument = {};
  try {
    current = (await ask(permission, () => read(s3, config.bucket))) ?? {};
  } catch (error) {
    if (!isAwsError(error, ...NONE)) throw error;
  }
  const expires = setting.name === 'lifecycle' && config.existing.bucket;
  return { setting, current, foreignKeys: expires ? await readForeignKeys(setup) : [] };
}

/** Keys that a finding shows of each prefix. */
const SHOWN = 3;

/**
 * Objects that Sluice's lifecycle rules would delete and that neither Sluice nor Athena wrote, among the first 1,000 of each
 * folder. Whatever is in Statsig's folder beside our tables belongs to Statsig, and the rule for that folder only expires
 * versions that were overwritten or deleted.
 */
async function readForeignKeys({ ask, s3, config }: Setup): Promise<readonly string[]> {
  const folders = statsigFolders(config).map((folder) => `${folder}/`);
  const keys: string[] = [];
  for (const { prefix: Prefix } of lifecycleRules(config)) {
    if (folders.includes(Prefix)) continue;
    const { Contents = [] } = await ask('s3:ListBucket', () =>
      s3.send(new ListObjectsV2Command({ Bucket: config.bucket, Prefix })),
    );
    const foreign = Contents.flatMap(({ Key = '' }) => (isOwnKey(config, Key) ? [] : [Key]));
    keys.push(...foreign.slice(0, SHOWN));
  }
  return [...new Set(keys)];
}

/** Reads the database of the tables. @param commands They make it again. */
export async function readDatabase(
  { ask, glue, config: { database: Name } }: Setup,
  commands: readonly string[],
): Promise<void> {
  await ask('glue:GetDatabase', () => glue.send(new GetDatabaseCommand({ Name })), {
    what: `The database ${Name}`,
    commands,
  });
}

/** Reads a table or a view. @param commands They make it again. */
export async function readTable(
  { ask, glue, config: { database } }: Setup,
  Name: string,
  commands: readonly string[],
): Promise<Table> {
  const { Table = { Name } } = await ask(
    'glue:GetTable',
    () => glue.send(new GetTableCommand({ DatabaseName: database, Name })),
    { what: `The table or view ${database}.${Name}`, commands },
  );
  return Table;
}

/** A table's partitions, and the days that have a folder. */
export interface TablePartitions {
  readonly kind: TableKind;
  readonly table: CatalogTable;
  readonly partitions: readonly CatalogPartition[];
  readonly folders: readonly string[];
}

/** Any day of an event is between these. */
const ALWAYS = { from: '0000-01-01', to: '9999-12-31' };

/** Reads all partitions of a table; null if it does not exist, which another look finds. */
export async function readPartitions(setup: Setup, kind: TableKind): Promise<TablePartitions | null> {
  const { ask, glue, config } = setup;
  const catalog = gluePartitionCatalog(glue);
  const name = config.tables[kind];
  try {
    const table = await ask('glue:GetTable', () => unwrapped(catalog.getTable(config.database, name)));
    // Folders first: a partition that is registered between the two listings is then found.
    const folders = await ask('s3:ListBucket', () => dayFolders(setup, kind, ALWAYS));
    const partitions: CatalogPartition[] = [];
    let token: string | undefined;
    do {
      const from = token;
      const page = await ask('glue:GetPartitions', () =>
        unwrapped(catalog.listPage(config.database, name, from)),
      );
      partitions.push(...page.items);
      token = page.next;
    } while (token !== undefined);
    return { kind, table, partitions, folders };
  } catch (error) {
    if (isAwsError(error, 'EntityNotFoundException')) return null;
    throw error;
  }
}

/** The adapter wraps errors of the client. */
async function unwrapped<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw error instanceof CatalogCallError && error.cause instanceof Error ? error.cause : error;
  }
}

/** Whether specs were pulled: then the names of holdouts are known. */
export async function readHasSpecs({ ask, s3, config }: Setup): Promise<boolean> {
  const Prefix = groupsKey(config);
  const { Contents = [] } = await ask('s3:ListBucket', () =>
    s3.send(new ListObjectsV2Command({ Bucket: config.bucket, Prefix, MaxKeys: 1 })),
  );
  return Contents.some(({ Key, Size }) => Key === Prefix && Size !== 0);
}

/** Copies of requests that relay left, at most 1,000 of them. */
export async function countLeftCopies({ ask, s3, config }: Setup): Promise<number> {
  const { Contents = [] } = await ask('s3:ListBucket', () =>
    s3.send(new ListObjectsV2Command({ Bucket: config.bucket, Prefix: RELAY_FOLDER })),
  );
  return Contents.filter(({ Key = '/' }) => !Key.endsWith('/') && isOwnKey(config, Key)).length;
}

/** Reads a workgroup that no stack creates. */
export async function readForeignWorkgroup(
  { ask, athena }: Setup,
  name: string,
): Promise<Partial<WorkGroup>> {
  const { WorkGroup } = await ask(
    'athena:GetWorkGroup',
    () => athena.send(new GetWorkGroupCommand({ WorkGroup: name })),
    { what: `The workgroup ${name}` },
  );
  return { Name: name, ...WorkGroup };
}

/** Days for which files are looked at. Statsig forwards exposures daily. */
const FORWARDED_DAYS = 7;

/** Files that somebody else wrote into the folder of a table within a week. */
export interface ForeignFiles {
  readonly folder: string;
  readonly since: string;
  /** Keys below the folder. */
  readonly files: readonly string[];
}

/** Looks for files of others in the folders of a table: beside its days, and in the days of a week and of tomorrow. */
export async function readForeignFiles(setup: Setup, kind: ForwardedKind): Promise<ForeignFiles> {
  const { ask, s3, config, now } = setup;
  const since = now - FORWARDED_DAYS * DAY_MS;
  const days = await ask('s3:ListBucket', () =>
    dayFolders(setup, kind, { from: utcDay(since), to: addDays(utcDay(now), 1) }),
  );
  const [folder = ''] = tableFolders(config, kind);
  const files: string[] = [];
  for (const day of ['', ...days.map((one) => `${one}/`)]) {
    const input = { Bucket: config.bucket, Prefix: `${folder}${day}` };
    const { Contents = [] } = await ask('s3:ListBucket', () =>
      s3.send(new ListObjectsV2Command({ ...input, ...(day === '' ? { Delimiter: '/' } : {}) })),
    );
    for (const { Key = '', LastModified } of Contents)
      if (!Key.endsWith('/') && !isDeliveredFile(Key) && (LastModified?.getTime() ?? 0) >= since)
        files.push(Key.slice(folder.length));
  }
  return { folder, since: utcDay(since), files };
}
