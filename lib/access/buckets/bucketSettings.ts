import { isJsonObject, sameJson, valueAt, valuesOf } from '../../base/json.ts';
import type { Config } from '../../schema/config.ts';
import { bucketArn, objectsArn } from '../arns.ts';
import { deleteByVersionOnly, encryptedTransportOnly, keptFolders } from './bucketDenials.ts';
import { earlyDeletions, withoutEarly } from './earlyDeletions.ts';
import { type LifecycleRule, lifecycleRules } from './lifecycleRules.ts';

/** A document of S3's API, as `aws s3api` prints and takes it. */
export type BucketDocument = Readonly<Record<string, unknown>>;

/** A setting of the bucket, by Sluice's name. */
export type SettingName =
  | 'events'
  | 'encryption'
  | 'policy'
  | 'lifecycle'
  | 'publicAccess'
  | 'ownership'
  | 'versioning';

/** One setting that the bucket must have: how to ask for it, and what to put. */
export interface BucketSetting {
  /** The setting. */
  readonly name: SettingName;
  /** The problem that the setting prevents. */
  readonly why: string;
  /** Command of `aws s3api`: `put-bucket-encryption`. */
  readonly command: string;
  /** The option that takes the document: `--server-side-encryption-configuration`. */
  readonly option: string;
  /** Members of the document that the command takes in options of their own. Default none. */
  readonly apart?: Readonly<Record<string, string>>;
  /**
   * The whole document to put, since S3 replaces it as a whole: the current document with our parts. Equal to the current
   * document when nothing is missing.
   *
   * @param current The current document: `{}` if S3 answers that there is none; for a policy, the parsed document.
   */
  readonly wanted: (current: BucketDocument) => BucketDocument;
  /** What the current document deletes too early. Absent of settings that delete nothing. */
  readonly early?: (current: BucketDocument) => EarlyDeletions;
}

/** What a bucket's rules delete before the time that the configuration keeps it. */
interface EarlyDeletions {
  /** Which rule deletes what, in words. */
  readonly points: readonly string[];
  /** The current document without these deletions, and otherwise as it is. */
  readonly wanted: BucketDocument;
}

/** Members of the configuration that determine the settings of the bucket. */
type SettingsConfig = Pick<Config, 'bucket' | 'retention' | 'statsigFolder' | 'tables' | 'readers'> &
  Partial<Pick<Config, 'formerStatsigFolders'>>;

/** What the settings of the bucket name that the configuration may not know. */
interface SettingsOptions {
  /** ARN of the key that the bucket is encrypted with; null if S3's own keys encrypt it. */
  readonly keyArn: string | null;
  /** The partition of ARNs. Default `aws`. */
  readonly partition?: string;
  /** ARNs of the stack's roles and users that may delete without a version. Default none: then nothing is denied. */
  readonly deleters?: readonly string[];
}

/**
 * The settings of the bucket. The stack applies them to its own bucket, and cannot apply them to an existing one. This
 * one list serves both: infra/data/bucket.ts makes properties of it, and the check of an existing bucket looks at each
 * setting in turn.
 * https://docs.aws.amazon.com/cli/latest/reference/s3api/
 */
export function bucketSettings(config: SettingsConfig, options: SettingsOptions): readonly BucketSetting[] {
  return [
    {
      name: 'events',
      why: 'Without events to EventBridge files are registered hourly, and what landed becomes files after three hours.',
      command: 'put-bucket-notification-configuration',
      option: '--notification-configuration',
      wanted: (current) => ({ ...current, EventBridgeConfiguration: {} }),
    },
    encryptionSetting(options.keyArn),
    policySetting(config, options),
    lifecycleSetting(lifecycleRules(config)),
    {
      name: 'publicAccess',
      why: 'A policy or an ACL could make the data public.',
      command: 'put-public-access-block',
      option: '--public-access-block-configuration',
      wanted: () => publicAccessBlock,
    },
    {
      name: 'ownership',
      why: 'Whoever writes an object from another account would own it.',
      command: 'put-bucket-ownership-controls',
      option: '--ownership-controls',
      wanted: () => ownershipControls,
    },
    {
      name: 'versioning',
      why: 'Nothing that is deleted or overwritten by mistake can be brought back.',
      command: 'put-bucket-versioning',
      option: '--versioning-configuration',
      wanted: (current) => ({ ...current, Status: 'Enabled' }),
    },
  ];
}

/** How the bucket encrypts what is written without an encryption of its own. */
function encryptionSetting(keyArn: string | null): BucketSetting {
  const byDefault =
    keyArn === null ? { SSEAlgorithm: 'AES256' } : { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn };
  return {
    name: 'encryption',
    why:
      keyArn === null
        ? 'Roles and readers may use no key, and could not read what is encrypted with one.'
        : 'What is written is not encrypted with the key of the stack, which roles and readers may use.',
    command: 'put-bucket-encryption',
    option: '--server-side-encryption-configuration',
    wanted(current) {
      const [rule] = valuesOf(current.Rules);
      // S3 answers with a bucket key for its own keys, too, where it has no effect.
      if (keyArn === null && defaultEncryption(rule).SSEAlgorithm === 'AES256') return current;
      return {
        Rules: [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: keyArn !== null }],
      };
    },
  };
}

/** What the bucket's policy denies to everybody. */
function policySetting(
  config: SettingsConfig,
  { partition = 'aws', deleters = [] }: SettingsOptions,
): BucketSetting {
  const scope = { partition };
  const files = keptFolders(config).map((folder) => objectsArn(scope, config.bucket, folder));
  const statements = [
    encryptedTransportOnly([bucketArn(scope, config.bucket), objectsArn(scope, config.bucket)]),
    ...(deleters.length === 0 || files.length === 0 ? [] : [deleteByVersionOnly(files, deleters)]),
  ];
  return {
    name: 'policy',
    why: 'These statements refuse requests without TLS, and let no one but roles of the stack delete files of tables without a version.',
    command: 'put-bucket-policy',
    option: '--policy',
    wanted: (current) => ({
      Version: '2012-10-17',
      ...current,
      Statement: withOurs(valuesOf(current.Statement), statements, 'Sid'),
    }),
  };
}

/** When objects of the bucket expire. @param own All rules of the configuration. */
function lifecycleSetting(own: readonly LifecycleRule[]): BucketSetting {
  const rules = own.map(s3Rule);
  const early = (current: BucketDocument): EarlyDeletions => {
    const there = valuesOf(current.Rules);
    const found = there.map((rule) => earlyDeletions(own, rule));
    const points = found.flat().map(({ text }) => text);
    if (points.length === 0) return { points, wanted: current };
    const kept = there.map((rule, i) => withoutEarly(rule, found[i] ?? []));
    return { points, wanted: { ...current, Rules: kept } };
  };
  return {
    name: 'lifecycle',
    why: 'Query results, quarantine and unfinished uploads stay, and are paid for, for good.',
    command: 'put-bucket-lifecycle-configuration',
    option: '--lifecycle-configuration',
    // Without this member, S3 resets the minimum size of objects to move.
    apart: { TransitionDefaultMinimumObjectSize: '--transition-default-minimum-object-size' },
    wanted: (current) => ({
      ...current,
      Rules: withOurs(valuesOf(early(current).wanted.Rules), rules, 'ID'),
    }),
    early,
  };
}

/** How a bucket encrypts objects whose writers ask for nothing, as S3 tells it. */
export interface DefaultEncryption {
  /** `AES256` for S3's own keys. */
  readonly SSEAlgorithm?: unknown;
  /** ID, ARN or alias of the key; absent for S3's own keys, and for the key that AWS has for S3. */
  readonly KMSMasterKeyID?: unknown;
}

/** What a rule of a bucket's encryption says of objects whose writers ask for none. */
export function defaultEncryption(rule: unknown): DefaultEncryption {
  const found = valueAt(rule, ['ApplyServerSideEncryptionByDefault']);
  return isJsonObject(found) ? found : {};
}

/** Keeps the bucket from being public, whatever its policy or an ACL says. */
export const publicAccessBlock = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
} as const;

/** Makes the owner of the bucket own every object in it. */
export const ownershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } as const;

/**
 * A rule as S3's API has it. S3 removes delete markers by itself where objects expire by days; of any other rule it is asked
 * to.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
function s3Rule(rule: LifecycleRule): BucketDocument {
  return {
    ID: rule.id,
    Status: 'Enabled',
    Filter: { Prefix: rule.prefix },
    Expiration: rule.expireDays === null ? { ExpiredObjectDeleteMarker: true } : { Days: rule.expireDays },
    NoncurrentVersionExpiration: { NoncurrentDays: rule.versionDays },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: rule.unfinishedUploadDays },
  };
}

/** Replaces entries of the same name by ours unless they are equal, and keeps all others. */
function withOurs(
  existing: readonly unknown[],
  ours: readonly BucketDocument[],
  name: 'Sid' | 'ID',
): readonly unknown[] {
  const nameOf = (entry: unknown): unknown => (isJsonObject(entry) ? entry[name] : undefined);
  const kept = existing.map((entry) => {
    const our = ours.find((candidate) => nameOf(candidate) === nameOf(entry));
    return our === undefined || sameJson(our, entry) ? entry : our;
  });
  const names = new Set(kept.map(nameOf));
  return [...kept, ...ours.filter((our) => !names.has(nameOf(our)))];
}
