import { statsigBucketPolicy } from '../../lib/access/buckets/statsigBucketPolicy.ts';
import { type Output, PSEUDO_PARAMETERS, type Resources, ref, toFnSub } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { privateBucket, UNFINISHED_UPLOADS } from './bucket.ts';

/**
 * The bucket for Statsig's IAM user, unless there is none or it exists already. S3 encrypts it with a key of S3:
 * Statsig's policy names no key, so its user could not decrypt objects that are encrypted with a key of KMS. Nothing in
 * it expires, except unfinished uploads.
 */
export function statsigBucketResources({ config: { statsigBucket } }: Stack): Resources {
  if (statsigBucket === null || statsigBucket.existing) return {};
  return privateBucket(logicalIds.statsigBucket, {
    name: statsigBucket.bucket,
    rules: [UNFINISHED_UPLOADS],
    statements: statsigBucketPolicy(PSEUDO_PARAMETERS, statsigBucket).Statement.map(toFnSub),
  });
}

/** The output with the bucket's name, which Statsig's form asks for. */
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
