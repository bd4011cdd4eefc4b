import { z } from 'zod';
import type { Config } from '../../../../lib/config/configSchema.ts';
import type { Place } from '../iam/Place.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { ofType } from './ofType.ts';

// Only the members that say who calls whom; the services that build the resources check all of them.
const encryptionSchema = z.object({
  BucketEncryption: z
    .object({
      ServerSideEncryptionConfiguration: z.array(
        z.object({
          ServerSideEncryptionByDefault: z.object({ KMSMasterKeyID: z.string().optional() }),
        }),
      ),
    })
    .optional(),
});

/**
 * ARN of the key that each bucket encrypts with by default, by the bucket's name. One that is brought has the key that
 * is brought with it, else the stack's own.
 */
export function bucketKeys(
  resolved: ResolvedTemplate,
  place: Omit<Place, 'bucketKey'>,
  { bucket, existing }: Pick<Config, 'bucket' | 'existing'>,
): Map<string, string> {
  const keys = new Map<string, string>();
  const brought = existing.keyArn ?? ofType(resolved, 'AWS::KMS::Key')[0]?.arn;
  if (existing.bucket && brought !== undefined) keys.set(bucket, brought);
  for (const { physicalId, properties } of ofType(resolved, 'AWS::S3::Bucket')) {
    const [rule] =
      encryptionSchema.parse(properties).BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const key = rule?.ServerSideEncryptionByDefault.KMSMasterKeyID;
    if (key === undefined) continue;
    const { partition, region, account } = place;
    keys.set(
      physicalId,
      key.startsWith('arn:') ? key : `arn:${partition}:kms:${region}:${account}:key/${key}`,
    );
  }
  return keys;
}
