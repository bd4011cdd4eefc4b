import { getAtt } from '../template/intrinsics.ts';
import type { Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/** ARN of the key that the bucket is encrypted with, the stack's own or brought. */
export function keyArn({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.keyArn ?? getAtt(logicalIds.key);
}
