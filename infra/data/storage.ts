import { ownershipControls, publicAccessBlock } from '../../lib/bucket/bucketSettings.ts';
import { encryptedTransportOnly } from '../../lib/bucket/encryptedTransportOnly.ts';
import { type LifecycleRule, lifecycleRules } from '../../lib/bucket/lifecycleRules.ts';
import { ref } from '../template/intrinsics.ts';
import type { Resources, Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { bucketArn, objectsArn } from './bucketArn.ts';
import { keyArn } from './keyArn.ts';

/**
 * The one bucket and who may reach it, unless one is brought. It outlives the stack: data goes only by someone's own
 * hand. lib/bucket/bucketSettings.ts says the same of a bucket that the stack can't set up.
 */
export function storage(stack: Stack): Resources {
  if (stack.config.existing.bucket) return {};
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
          Statement: [encryptedTransportOnly([bucketArn(stack), objectsArn(stack)])],
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
    ...(rule.coldDays === null
      ? {}
      : { Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: rule.coldDays }] }),
  };
}
