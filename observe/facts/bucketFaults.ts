import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  type BucketDocument,
  type BucketSetting,
  bucketSettings,
  type SettingName,
} from '../../lib/access/buckets/bucketSettings.ts';
import { valueAt, valuesOf } from '../../lib/base/json.ts';
import type { Deployment } from '../deployment.ts';
import { ifThere } from '../ifThere.ts';
import { differingPoints, sameDocument } from './differingPoints.ts';

/** A setting of the bucket that differs from what the stack needs. */
export interface BucketFault {
  /** The setting. */
  readonly name: SettingName;
  /** The problem that the setting prevents. */
  readonly why: string;
  /** How it differs, in words; at least one. */
  readonly points: readonly string[];
  /** The words after `aws` of the command that sets it, and keeps everything else. */
  readonly repair: readonly string[];
  /** Whether rules delete what the configuration keeps. */
  readonly isEarly: boolean;
  /** Whether the policy lets other accounts in. Absent of other settings. */
  readonly isShared?: boolean;
}

/** The part of a look that reads a setting. */
export type SettingPart = `the setting ${SettingName} of the bucket`;

/** The name of the part that reads a setting. */
export function settingPart(name: SettingName): SettingPart {
  return `the setting ${name} of the bucket`;
}

/** What else counts of a setting. */
interface FaultTerms {
  /** The account of the stack: a policy that lets others in differs. Default: nobody knows it, and nobody is a stranger. */
  readonly account?: string | undefined;
  /** Whether of the lifecycle only what deletes too early counts. Default false. */
  readonly onlyEarly?: boolean;
}

/**
 * Looks whether a setting differs; null if not.
 *
 * @throws What the client of S3 throws.
 */
export async function findBucketFault(
  { s3, config: { bucket, existing } }: Pick<Deployment, 's3' | 'config'>,
  setting: BucketSetting,
  { account, onlyEarly = false }: FaultTerms = {},
): Promise<BucketFault | null> {
  const { name, why } = setting;
  const current = (await ifThere(settingReaders[name](s3, { Bucket: bucket }))) ?? {};
  // The owner of a bucket that was brought may share it with whom they like.
  const shared = name === 'policy' && !existing.bucket ? sharedWith(current, account) : [];
  const own = {
    ...current,
    Statement: valuesOf(current['Statement']).filter((each) => !shared.includes(each)),
  };
  const early = setting.early?.(current) ?? { points: [], wanted: shared.length === 0 ? current : own };
  const wanted = onlyEarly && setting.early !== undefined ? early.wanted : setting.wanted(early.wanted);
  if (sameDocument(current, wanted)) return null;
  const texts = shared.map((statement) => sharedText(statement, account));
  const points = [...early.points, ...texts, ...differingPoints(wanted, early.wanted, '')];
  const isEarly = early.points.length > 0;
  const isShared = shared.length > 0;
  return {
    name,
    why: isEarly || isShared ? '' : why,
    points,
    repair: settingWords(bucket, setting, wanted),
    isEarly,
    ...(isShared ? { isShared } : {}),
  };
}

/**
 * The accounts of a statement's principals that are others than this, or `everybody`. No service is one. Everybody under a condition is
 * nobody here: S3, too, calls that not public, as of an organization or an endpoint of a VPC:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
function strangersOf(statement: unknown, account: string | undefined): readonly string[] {
  const principal = valueAt(statement, ['Principal']);
  const everybody = valueAt(statement, ['Condition']) === undefined ? ['everybody'] : [];
  if (principal === '*' || valueAt(statement, ['NotPrincipal']) !== undefined) return everybody;
  return valuesOf(valueAt(principal, ['AWS'])).flatMap((value) => {
    if (value === '*') return everybody;
    // A principal that was deleted has an ID in place of its ARN.
    const [found] = /(?<!\d)\d{12}(?!\d)/.exec(String(value)) ?? [];
    return found === undefined || found === account ? [] : [`the account ${found}`];
  });
}

/** The statements of a bucket's policy that let other accounts in. */
function sharedWith(policy: BucketDocument, account: string | undefined): readonly unknown[] {
  return valuesOf(policy['Statement']).filter(
    (statement) =>
      account !== undefined &&
      valueAt(statement, ['Effect']) === 'Allow' &&
      strangersOf(statement, account).length > 0,
  );
}

/** `the statement Team allows the account 999988887777 s3:GetObject, s3:ListBucket` */
function sharedText(statement: unknown, account: string | undefined): string {
  const sid = valueAt(statement, ['Sid']);
  const named = sid === undefined ? 'a statement without a name' : `the statement ${sid}`;
  const actions = valuesOf(valueAt(statement, ['Action']) ?? 'all but some actions');
  return `${named} allows ${[...new Set(strangersOf(statement, account))].join(', ')} ${actions.join(', ')}`;
}

/** What encrypts the bucket. `s3`: keys of S3's own. `unknown`: the key of a stack that has none yet, or whose outputs could not be read. */
export type BucketKey =
  | { readonly kind: 's3' }
  | { readonly kind: 'kms'; readonly arn: string }
  | { readonly kind: 'unknown' };

/** What is known of the stack of a bucket. */
export interface BucketOwner {
  /** The account of the stack. */
  readonly account: string;
  /** Its partition: `aws`. */
  readonly partition: string;
  /** ARNs of the stack's roles and users that may delete without a version; empty if they are not known. */
  readonly deleters: readonly string[];
}

/**
 * Looks at the settings of the bucket but who owns objects of other accounts, at which the doctor looks: a call for each.
 *
 * @param owner Undefined if nobody knows it.
 * @param ask Reads one setting; null if that is not possible, which hides no other.
 * @throws What `ask` throws.
 */
export async function readBucketFaults(
  { config }: Pick<Deployment, 'config'>,
  key: BucketKey,
  owner: BucketOwner | undefined,
  ask: (
    part: SettingPart,
    question: (open: Pick<Deployment, 's3' | 'config'>) => Promise<BucketFault | null>,
  ) => Promise<BucketFault | null>,
): Promise<readonly BucketFault[]> {
  const { account, ...ofStack } = owner ?? {};
  const keyArn = key.kind === 'kms' ? key.arn : null;
  const settings = bucketSettings(config, { keyArn, ...ofStack }).filter(
    ({ name }) => name !== 'ownership' && (name !== 'encryption' || key.kind !== 'unknown'),
  );
  const asked = settings.map((setting) =>
    ask(settingPart(setting.name), (open) => findBucketFault(open, setting, { account, onlyEarly: true })),
  );
  return (await Promise.all(asked)).flatMap((fault) => fault ?? []);
}

/** Reads a setting of a bucket. @throws What the client of S3 throws, also if it is not set. */
type SettingReader = (s3: S3Client, input: { readonly Bucket: string }) => Promise<BucketDocument>;

/** How each setting is read. */
export const settingReaders: Readonly<Record<SettingName, SettingReader>> = {
  async events(s3, input) {
    const { $metadata, ...document } = await s3.send(new GetBucketNotificationConfigurationCommand(input));
    return document;
  },
  async encryption(s3, input) {
    const answer = await s3.send(new GetBucketEncryptionCommand(input));
    const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
    // S3 returns more of a rule than is put, for example the blocked types of encryption.
    const { ApplyServerSideEncryptionByDefault, BucketKeyEnabled } = rule ?? {};
    return { Rules: [{ ApplyServerSideEncryptionByDefault, BucketKeyEnabled }] };
  },
  policy: async (s3, input) => JSON.parse((await s3.send(new GetBucketPolicyCommand(input))).Policy ?? '{}'),
  async lifecycle(s3, input) {
    const { $metadata, ...document } = await s3.send(new GetBucketLifecycleConfigurationCommand(input));
    return document;
  },
  publicAccess: async (s3, input) => ({
    ...(await s3.send(new GetPublicAccessBlockCommand(input))).PublicAccessBlockConfiguration,
  }),
  ownership: async (s3, input) => ({
    ...(await s3.send(new GetBucketOwnershipControlsCommand(input))).OwnershipControls,
  }),
  versioning: async (s3, input) => ({
    Status: (await s3.send(new GetBucketVersioningCommand(input))).Status,
  }),
};

/** The words after `aws` of the command that puts a setting. */
export function settingWords(
  name: string,
  { command, option, apart = {} }: BucketSetting,
  wanted: BucketDocument,
): readonly string[] {
  const document = Object.fromEntries(
    Object.entries(wanted).filter(([member]) => !Object.hasOwn(apart, member)),
  );
  const more = Object.entries(apart).flatMap(([member, own]) => {
    const value = wanted[member];
    return value === undefined ? [] : [own, String(value)];
  });
  return ['s3api', command, '--bucket', name, option, JSON.stringify(document), ...more];
}
