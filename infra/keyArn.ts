import { getAtt } from './intrinsics.ts';
import type { Value } from './Resource.ts';
import { logicalIds, type Stack } from './Stack.ts';

/** ARN of the key that the bucket is encrypted with, the stack's own or brought. */
export function keyArn({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.keyArn ?? getAtt(logicalIds.key);
}
