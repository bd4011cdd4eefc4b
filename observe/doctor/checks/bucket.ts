import { isDeepStrictEqual } from 'node:util';
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
import { logicalIds } from '../../../infra/template/Stack.ts';
import {
  type BucketDocument,
  type BucketSetting,
  bucketSettings as settingsOf,
} from '../../../lib/access/buckets/bucketSettings.ts';
import { type LifecycleRule, lifecycleRules } from '../../../lib/access/buckets/lifecycleRules.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { isOwnKey } from '../../../lib/tables/objectKeys.ts';
import { statsigFolders } from '../../../lib/tables/tableFolders.ts';
import { CheckImpossible, type Finding, type FindingCode, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import { revertDriftCommands } from '../repairCommands.ts';
import type { Check } from '../runChecks.ts';

/** Regions for which S3 returns another name, for historical reasons. */
const LEGACY_LOCATIONS: Readonly<Record<string, string>> = { '': 'us-east-1', EU: 'eu-west-1' };

/** The bucket itself: other checks read it only if it exists and belongs to this account. */
export const bucket: Check = {
  name: 'bucket',
  expects: 'the bucket exists in this region and belongs to this account',
  needs: ['region', 'stack'],
  blocks: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_BUCKET_UNFIT'],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_BUCKET_UNFIT', 'SLUICE_DOCTOR_REGION_UNFIT'],
  permissions: ['s3:GetBucketLocation', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const [{ bucket: Bucket, existing }, { account, region }, { s3 }] = await Promise.all([
      doctor.config(),
      doctor.identity(),
      doctor.clients(),
    ]);
    try {
      // S3 denies access to another account's bucket, whatever the caller is allowed in its own account.
      const { LocationConstraint = '' } = await doctor.ask('s3:GetBucketLocation', () =>
        s3.send(new GetBucketLocationCommand({ Bucket, ExpectedBucketOwner: account })),
      );
      const there = LEGACY_LOCATIONS[LocationConstraint] ?? LocationConstraint;
      if (there === region) return [];
      return [finding('SLUICE_DOCTOR_REGION_UNFIT', `${Bucket} is in ${there}, the stack in ${region}.`)];
    } catch (error) {
      if (isAwsError(error, 'NoSuchBucket')) {
        const commands = existing.bucket
          ? [await doctor.command(createBucketWords(Bucket, region))]
          : await revertDriftCommands(doctor, logicalIds.bucket);
        return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The bucket ${Bucket}.`, commands)];
      }
      if (!(error instanceof CheckImpossible) || !error.isDenied) throw error;
      return [
        finding(
          'SLUICE_DOCTOR_BUCKET_UNFIT',
          `${Bucket}: S3 refuses s3:GetBucketLocation with account ${account} as its owner.`,
        ),
      ];
    }
  },
};

/** The words after `aws` that create a bucket. In us-east-1, S3 accepts no location constraint. */
function createBucketWords(bucket: string, region: string): readonly string[] {
  const location =
    region === 'us-east-1' ? [] : ['--create-bucket-configuration', `LocationConstraint=${region}`];
  return ['s3api', 'create-bucket', '--bucket', bucket, ...location];
}

/** How one setting is read, and the finding for a setting that differs. */
interface SettingReader {
  readonly code: FindingCode;
  readonly permission: string;
  /** Undefined, or throws one of {@link NONE}, if the bucket has no such setting. */
  readonly read: (s3: S3Client, Bucket: string) => Promise<BucketDocument | undefined>;
}

/** Error names of S3 for a bucket without such a setting. */
const NONE = [
  'NoSuchBucketPolicy',
  'NoSuchLifecycleConfiguration',
  'NoSuchPublicAccessBlockConfiguration',
  'OwnershipControlsNotFoundError',
  'ServerSideEncryptionConfigurationNotFoundError',
];

const settingReaders: Readonly<Record<BucketSetting['name'], SettingReader>> = {
  events: {
    code: 'SLUICE_DOCTOR_BUCKET_UNFIT',
    permission: 's3:GetBucketNotification',
    async read(s3, Bucket) {
      const { $metadata, ...document } = await s3.send(
        new GetBucketNotificationConfigurationCommand({ Bucket }),
      );
      return document;
    },
  },
  encryption: {
    code: 'SLUICE_DOCTOR_BUCKET_UNFIT',
    permission: 's3:GetEncryptionConfiguration',
    async read(s3, Bucket) {
      const answer = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
      const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
      // S3 returns more of a rule than is put, for example the blocked types of encryption.
      const { ApplyServerSideEncryptionByDefault, BucketKeyEnabled } = rule ?? {};
      return { Rules: [{ ApplyServerSideEncryptionByDefault, BucketKeyEnabled }] };
    },
  },
  policy: {
    code: 'SLUICE_DOCTOR_BUCKET_UNFIT',
    permission: 's3:GetBucketPolicy',
    async read(s3, Bucket) {
      const { Policy = '{}' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      return JSON.parse(Policy);
    },
  },
  lifecycle: {
    code: 'SLUICE_DOCTOR_BUCKET_UNFIT',
    permission: 's3:GetLifecycleConfiguration',
    async read(s3, Bucket) {
      const { $metadata, ...document } = await s3.send(
        new GetBucketLifecycleConfigurationCommand({ Bucket }),
      );
      return document;
    },
  },
  publicAccess: {
    code: 'SLUICE_DOCTOR_BUCKET_UNFIT',
    permission: 's3:GetBucketPublicAccessBlock',
    read: async (s3, Bucket) => ({
      ...(await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration,
    }),
  },
  ownership: {
    code: 'SLUICE_DOCTOR_BUCKET_UNFIT',
    permission: 's3:GetBucketOwnershipControls',
    read: async (s3, Bucket) => ({
      ...(await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls,
    }),
  },
  versioning: {
    code: 'SLUICE_DOCTOR_BUCKET_UNFIT',
    permission: 's3:GetBucketVersioning',
    async read(s3, Bucket) {
      const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
      return { Status };
    },
  },
};

/** The settings of the bucket. The owner of an existing bucket makes them, not the stack. */
export const bucketSettings: Check = {
  name: 'bucket-settings',
  expects:
    'the bucket sends events to EventBridge, encrypts with the key, requires TLS, expires objects, blocks public access and keeps versions',
  needs: ['bucket', 'stack'],
  blocks: [],
  codes: [...Object.values(settingReaders).map(({ code }) => code), 'SLUICE_DOCTOR_BUCKET_UNFIT'],
  permissions: [...Object.values(settingReaders).map(({ permission }) => permission), 's3:ListBucket'],
  async run(doctor) {
    const [config, { partition }, keyArn] = await Promise.all([
      doctor.config(),
      doctor.identity(),
      doctor.keyArn(),
    ]);
    return checkEach(
      settingsOf(config, { keyArn, partition }),
      (setting) => judgeSetting(doctor, config, setting),
      ({ finding }) => finding,
    );
  },
};

async function judgeSetting(
  doctor: DoctorContext,
  config: Config,
  setting: BucketSetting,
): Promise<Finding[]> {
  const { bucket } = config;
  const { code, permission, read } = settingReaders[setting.name];
  const { s3 } = await doctor.clients();
  let current: BucketDocument = {};
  try {
    current = (await doctor.ask(permission, () => read(s3, bucket))) ?? {};
  } catch (error) {
    if (!isAwsError(error, ...NONE)) throw error;
  }
  const wanted = setting.wanted(current);
  if (sameDocument(current, wanted)) return [];
  const command = await doctor.command(settingWords(bucket, setting, wanted));
  const about = `${bucket}: ${setting.why}`;
  if (setting.name !== 'lifecycle' || !config.existing.bucket) return [finding(code, about, [command])];
  const { keys, notAll } = await findForeignObjects(doctor, config);
  if (keys.length > 0) return [finding('SLUICE_DOCTOR_BUCKET_UNFIT', `${bucket}: ${keys.join(', ')}.`)];
  const unseen = notAll.length === 0 ? '' : ` Not all objects were checked under ${notAll.join(', ')}.`;
  return [finding(code, `${about}${unseen}`, [command])];
}

/** The words after `aws` of the command that puts a setting. */
export function settingWords(
  bucket: string,
  { command, option, apart = {} }: BucketSetting,
  wanted: BucketDocument,
): readonly string[] {
  const document = Object.fromEntries(Object.entries(wanted).filter(([name]) => !Object.hasOwn(apart, name)));
  const more = Object.entries(apart).flatMap(([name, own]) => {
    const value = wanted[name];
    return value === undefined ? [] : [own, String(value)];
  });
  return ['s3api', command, '--bucket', bucket, option, JSON.stringify(document), ...more];
}

/** Pages of 1,000 keys that are read under each prefix. */
const MOST_PAGES = 10;
/** Keys that a finding shows of each prefix. */
const SHOWN = 3;

/** Objects in Sluice's folders that neither Sluice nor Athena wrote. */
export interface ForeignObjects {
  /** Some keys of each folder. */
  readonly keys: readonly string[];
  /** Folders with more keys than were read. */
  readonly notAll: readonly string[];
}

/** Looks for objects that Sluice's lifecycle rules would delete and that neither Sluice nor Athena wrote. */
async function findForeignObjects(doctor: DoctorContext, config: Config): Promise<ForeignObjects> {
  const keys: string[] = [];
  const notAll: string[] = [];
  for (const prefix of lifecyclePrefixes(lifecycleRules(config), config)) {
    const found = await listForeignObjects(doctor, config, prefix);
    keys.push(...found.keys);
    if (found.cut) notAll.push(prefix);
  }
  return { keys, notAll };
}

/**
 * Prefixes without those inside another one. Whatever is in Statsig's folder beside our tables belongs to Statsig, and
 * the rule for that folder only expires versions that were overwritten or deleted.
 */
function lifecyclePrefixes(rules: readonly LifecycleRule[], config: Config): readonly string[] {
  const folders = statsigFolders(config).map((folder) => `${folder}/`);
  const all = rules.map(({ prefix }) => prefix).filter((prefix) => !folders.includes(prefix));
  return all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)));
}

async function listForeignObjects(doctor: DoctorContext, config: Config, Prefix: string) {
  const { s3 } = await doctor.clients();
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const token = ContinuationToken;
    const answer = await doctor.ask('s3:ListBucket', () =>
      s3.send(new ListObjectsV2Command({ Bucket: config.bucket, Prefix, ContinuationToken: token })),
    );
    for (const { Key = '' } of answer.Contents ?? []) if (!isOwnKey(config, Key)) keys.push(Key);
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined || keys.length >= SHOWN) break;
  }
  return { keys: keys.slice(0, SHOWN), cut: keys.length === 0 && ContinuationToken !== undefined };
}

/**
 * Whether two AWS documents are equivalent. Ignored are the order of members, members without a value, the difference
 * between an item and a list of it, and the order of lists: no list in a bucket's settings or policies has an order.
 */
export function sameDocument(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(canonical(one), canonical(other));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    if (items.length === 1) return items[0];
    return items
      .map((item) => [JSON.stringify(item) ?? '', item] as const)
      .sort(byText)
      .map(([, item]) => item);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(byText)
      .map(([name, member]) => [name, canonical(member)]),
  );
}

function byText([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
