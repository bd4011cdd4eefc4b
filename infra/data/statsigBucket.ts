import {
  encryptedTransportOnly,
  ownershipControls,
  publicAccessBlock,
} from '../../lib/access/buckets/bucketSettings.ts';
import { UNFINISHED_UPLOAD_DAYS } from '../../lib/access/buckets/lifecycleRules.ts';
import { statsigBucketPolicy } from '../../lib/access/buckets/statsigBucketPolicy.ts';
import {
  getAtt,
  type Output,
  PSEUDO_PARAMETERS,
  type Resources,
  ref,
  sub,
  toFnSub,
} from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/**
 * The bucket for Statsig's IAM user, unless there is none or it exists already. S3 encrypts it with a key of its own: Statsig's
 * policy names no key, so its user could not decrypt anything that is encrypted with one of KMS. Unfinished uploads are the
 * only objects that expire.
 */
export function statsigBucketResources({ config: { statsigBucket } }: Stack): Resources {
  if (statsigBucket === null || statsigBucket.existing) return {};
  const { bucket } = statsigBucket;
  return {
    [logicalIds.statsigBucket]: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: bucket,
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        LifecycleConfiguration: {
          Rules: [
            {
              Id: 'unfinished-uploads',
              Status: 'Enabled',
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED_UPLOAD_DAYS },
            },
          ],
        },
        OwnershipControls: ownershipControls,
        PublicAccessBlockConfiguration: publicAccessBlock,
      },
    },
    StatsigBucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(logicalIds.statsigBucket),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            encryptedTransportOnly([
              getAtt(logicalIds.statsigBucket),
              sub(`\${${logicalIds.statsigBucket}.Arn}/*`),
            ]),
            ...statsigBucketPolicy(PSEUDO_PARAMETERS, statsigBucket).Statement.map(toFnSub),
          ],
        },
      },
    },
  };
}

/** The name that Statsig's form asks for. */
export function statsigBucketOutputs({
  config: { statsigBucket },
}: Pick<Stack, 'config'>): Readonly<Record<string, Output>> {
  if (statsigBucket === null) return {};
  return {
    StatsigBucketName: {
      Description: "Bucket that Statsig's IAM user reads exports from",
      Value: statsigBucket.existing ? statsigBucket.bucket : ref(logicalIds.statsigBucket),
    },
  };
}
