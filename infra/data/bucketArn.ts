import { bucketArn as arnOfBucket } from '../../lib/access/placeArns.ts';
import { getAtt, HERE, ref, sub } from '../template/intrinsics.ts';
import type { Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

type Brought = Pick<Stack, 'config'>;

/** Name of the bucket, the stack's own or brought. */
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
 * ARN of all objects under a folder, which ends in a slash; without one, of all objects.
 *
 * @param folder Part of a key as it stands, a `${…}` in the notation of `Fn::Sub` included.
 */
export function objectsArn(stack: Brought, folder = ''): Value {
  return sub(`${bucketArnText(stack)}/${folder}*`);
}

/** The bucket's ARN in the notation of `Fn::Sub`. */
export function bucketArnText({ config }: Brought): string {
  return config.existing.bucket ? arnOfBucket(HERE, config.bucket) : `\${${logicalIds.bucket}.Arn}`;
}
