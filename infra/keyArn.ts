import { viaS3 } from '../lib/access/viaS3.ts';
import { getAtt, HERE, sub } from './intrinsics.ts';
import type { Allowance } from './policies.ts';
import type { Value } from './Resource.ts';
import { logicalIds, type Stack } from './Stack.ts';

/** ARN of the key that the bucket is encrypted with, the stack's own or brought. */
export function keyArn({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.keyArn ?? getAtt(logicalIds.key);
}

/**
 * What S3 asks of the key on behalf of whoever reads (`kms:Decrypt`) or writes (`kms:GenerateDataKey`, and
 * `kms:Decrypt` for uploads in parts), by way of S3 only.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function useKey(
  stack: Pick<Stack, 'config'>,
  ...actions: readonly ('kms:Decrypt' | 'kms:GenerateDataKey')[]
): Allowance {
  return {
    Action: actions,
    Resource: [keyArn(stack)],
    Condition: { StringEquals: { 'kms:ViaService': sub(viaS3(HERE)) } },
  };
}
