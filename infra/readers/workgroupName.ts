import { ref } from '../template/intrinsics.ts';
import type { Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/** Name of the Athena workgroup, the stack's own or brought. */
export function workgroupName({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.workgroup ? config.athena.workgroup : ref(logicalIds.workgroup);
}
