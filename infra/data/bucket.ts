import { bucketArn as arnOfBucket } from '../../lib/access/arns.ts';
import {
  deleteByVersionOnly,
  encryptedTransportOnly,
  keptFolders,
  ownershipControls,
  publicAccessBlock,
} from '../../lib/access/buckets/bucketSettings.ts';
import { type LifecycleRule, lifecycleRules } from '../../lib/access/buckets/lifecycleRules.ts';
import { getAtt, PSEUDO_PARAMETERS, type Resources, ref, sub, type Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { keyArn } from './key.ts';

/**
 * The bucket and its access settings, unless the configuration names an existing bucket. The bucket is retained when the
 * stack is deleted. lib/access/buckets/bucketSettings.ts has the same settings for an existing bucket.
 *
 * @param deleters Logical IDs of roles and users that may delete files without naming a version.
 */
export function bucketResources(stack: Stack, deleters: readonly string[]): Resources {
  if (stack.config.existing.bucket) return {};
  const kept = keptFolders(stack.config).map((folder) => objectsArn(stack, folder));
  return {
    [logicalIds.bucket]: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: stack.config.bucket,
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn(stack) },
              // One call of KMS for many objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
              BucketKeyEnabled: true,
            },
          ],
        },
        LifecycleConfiguration: { Rules: lifecycleRules(stack.config).map(ruleProperties) },
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
        OwnershipControls: ownershipControls,
        PublicAccessBlockConfiguration: publicAccessBlock,
        VersioningConfiguration: { Status: 'Enabled' },
      },
    },
    DataBucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(logicalIds.bucket),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            encryptedTransportOnly([bucketArn(stack), objectsArn(stack)]),
            ...(kept.length === 0
              ? []
              : [
                  deleteByVersionOnly(
                    kept,
                    deleters.map((id) => getAtt(id)),
                  ),
                ]),
          ],
        },
      },
    },
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html */
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

type Brought = Pick<Stack, 'config'>;

/** Name of the bucket, created by the stack or existing. */
export function bucketName({ config }: Brought): Value {
  return config.existing.bucket ? config.bucket : ref(logicalIds.bucket);
}

/** `s3://<bucket>/<folder>`. */
export function s3Location({ config }: Brought, folder: string): Value {
  return config.existing.bucket
    ? `s3://${config.bucket}/${folder}`
    : sub(`s3://\${${logicalIds.bucket}}/${folder}`);
}

/** ARN of the bucket. */
export function bucketArn(stack: Brought): Value {
  return stack.config.existing.bucket ? sub(bucketArnText(stack)) : getAtt(logicalIds.bucket);
}

/**
 * ARN of all objects under a folder, which ends with a slash. Without a folder, of all objects.
 *
 * @param folder Part of a key as it stands, a `${…}` in the notation of `Fn::Sub` included.
 */
export function objectsArn(stack: Brought, folder = ''): Value {
  return sub(`${bucketArnText(stack)}/${folder}*`);
}

/** The bucket's ARN in the notation of `Fn::Sub`. */
export function bucketArnText({ config }: Brought): string {
  return config.existing.bucket
    ? arnOfBucket(PSEUDO_PARAMETERS, config.bucket)
    : `\${${logicalIds.bucket}.Arn}`;
}
