import type { StatsigBucket } from '../../schema/fields/statsigBucket.ts';
import { bucketArn, objectsArn } from '../arns.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from '../policyDocument.ts';

/**
 * The policy of the bucket for Statsig's IAM user: the statements of Statsig's document, and, for Statsig's own
 * exports, the actions of its second policy on one folder. `s3:ListBucketMultipartUploads` is an action on the bucket:
 * S3 refuses a policy that has it on objects, "Action does not apply to any resource(s) in statement".
 * https://docs.statsig.com/data-warehouse-ingestion/s3 and
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function statsigBucketPolicy(
  scope: { readonly partition: string },
  { bucket, user, writesTo }: Pick<StatsigBucket, 'bucket' | 'user' | 'writesTo'>,
): PolicyDocument {
  const toUser = (statement: Statement): Statement => ({ ...statement, Principal: { AWS: user } });
  return policyDocument([
    toUser(allow('StatsigLists', ['s3:GetBucketLocation', 's3:ListBucket'], [bucketArn(scope, bucket)])),
    toUser(allow('StatsigReads', ['s3:GetObject'], [objectsArn(scope, bucket)])),
    ...(writesTo === null
      ? []
      : [
          toUser(allow('StatsigFindsUploads', ['s3:ListBucketMultipartUploads'], [bucketArn(scope, bucket)])),
          toUser(
            allow(
              'StatsigWrites',
              [
                's3:AbortMultipartUpload',
                's3:DeleteObject',
                's3:DeleteObjectVersion',
                's3:GetObject',
                's3:ListMultipartUploadParts',
                's3:PutObject',
              ],
              [objectsArn(scope, bucket, `${writesTo}/`)],
            ),
          ),
        ]),
  ]);
}
