import { bucketArn as arnOfBucket } from '../../lib/access/arns.ts';
import {
  deleteByVersionOnly,
  encryptedTransportOnly,
  keptFolders,
} from '../../lib/access/buckets/bucketDenials.ts';
import { ownershipControls, publicAccessBlock } from '../../lib/access/buckets/bucketSettings.ts';
import {
  type LifecycleRule,
  lifecycleRules,
  UNFINISHED_UPLOAD_DAYS,
} from '../../lib/access/buckets/lifecycleRules.ts';
import {
  getAtt,
  PSEUDO_PARAMETERS,
  type Resource,
  type Resources,
  ref,
  sub,
  type Value,
} from '../template/Resource.ts';
import { logicalIds, RETAINED, type Stack } from '../template/Stack.ts';
import { keyArn } from './key.ts';

/**
 * The bucket and its access settings, unless the configuration names an existing bucket. The bucket is retained when the
 * stack is deleted. lib/access/buckets/bucketSettings.ts has the same settings for an existing bucket.
 *
 * @param deleters Logical IDs of roles and users that may delete files without naming a version.
 */
export function bucketResources(stack: Stack, deleters: readonly string[]): Resources {
  if (stack.config.existing.bucket) return {};
  const kept = objectsArns(stack, keptFolders(stack.config));
  return privateBucket(logicalIds.bucket, {
    name: stack.config.bucket,
    key: keyArn(stack),
    rules: lifecycleRules(stack.config).map(ruleProperties),
    statements:
      kept.length === 0
        ? []
        : [
            deleteByVersionOnly(
              kept,
              deleters.map((id) => getAtt(id)),
            ),
          ],
    also: {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      VersioningConfiguration: { Status: 'Enabled' },
    },
  });
}

/**
 * A bucket of the stack and its policy, which refuses requests without encryption in transit. It is retained when the
 * stack is deleted.
 */
export function privateBucket(
  id: string,
  bucket: {
    /** Name of the bucket. */
    readonly name: string;
    /** ARN of the key that encrypts the bucket. Default: S3's own keys. */
    readonly key?: Value | undefined;
    /** Rules of its lifecycle. */
    readonly rules: readonly Value[];
    /** Additional statements of the bucket's policy. Default none. */
    readonly statements?: readonly Value[];
    /** Additional properties of the bucket. Default none. */
    readonly also?: Resource['Properties'];
  },
): Resources {
  const { name, key, rules, statements = [], also } = bucket;
  return {
    [id]: {
      Type: 'AWS::S3::Bucket',
      ...RETAINED,
      Properties: {
        BucketName: name,
        BucketEncryption: { ServerSideEncryptionConfiguration: [encryptionRule(key)] },
        LifecycleConfiguration: { Rules: rules },
        OwnershipControls: ownershipControls,
        PublicAccessBlockConfiguration: publicAccessBlock,
        ...also,
      },
    },
    [`${id}Policy`]: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(id),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [encryptedTransportOnly([getAtt(id), sub(`\${${id}.Arn}/*`)]), ...statements],
        },
      },
    },
  };
}

/** How a bucket encrypts its objects. @param key ARN; undefined: S3's own keys. */
function encryptionRule(key: Value | undefined): Value {
  if (key === undefined) return { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } };
  return {
    ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key },
    // With a bucket key, one call of KMS serves many objects:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    BucketKeyEnabled: true,
  };
}

/** The rule that ends uploads that nobody has finished. */
export const UNFINISHED_UPLOADS: Value = {
  Id: 'unfinished-uploads',
  Status: 'Enabled',
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED_UPLOAD_DAYS },
};

/**
 * A rule as CloudFormation takes it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
 */
function ruleProperties(rule: LifecycleRule): Value {
  return {
    Id: rule.id,
    Status: 'Enabled',
    Prefix: rule.prefix,
    ...(rule.expireDays === null
      ? { ExpiredObjectDeleteMarker: true }
      : { ExpirationInDays: rule.expireDays }),
    NoncurrentVersionExpiration: { NoncurrentDays: rule.versionDays },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: rule.unfinishedUploadDays },
  };
}

/** What names the bucket. */
type Configured = Pick<Stack, 'config'>;

/** Name of the bucket, whether the stack creates it or it exists already. */
export function bucketName({ config }: Configured): Value {
  return config.existing.bucket ? config.bucket : ref(logicalIds.bucket);
}

/** `s3://<bucket>/<folder>`. */
export function s3Location({ config }: Configured, folder: string): Value {
  return config.existing.bucket
    ? `s3://${config.bucket}/${folder}`
    : sub(`s3://\${${logicalIds.bucket}}/${folder}`);
}

/** ARN of the bucket. */
export function bucketArn(stack: Configured): Value {
  return stack.config.existing.bucket ? sub(bucketArnText(stack)) : getAtt(logicalIds.bucket);
}

/**
 * ARN of all objects under a folder, which ends with a slash. Without a folder it is that of all objects.
 *
 * @param folder The beginning of a key, in the notation of `Fn::Sub`: `${…}` is filled in.
 */
export function objectsArn(stack: Configured, folder = ''): Value {
  return sub(`${bucketArnText(stack)}/${folder}*`);
}

/** The ARNs of all objects under several folders. */
export function objectsArns(stack: Configured, folders: readonly string[]): Value[] {
  return folders.map((folder) => objectsArn(stack, folder));
}

/** The bucket's ARN in the notation of `Fn::Sub`. */
export function bucketArnText({ config }: Configured): string {
  return config.existing.bucket
    ? arnOfBucket(PSEUDO_PARAMETERS, config.bucket)
    : `\${${logicalIds.bucket}.Arn}`;
}
