import { createHash } from 'node:crypto';
import type { StackIdentity } from './StackIdentity.ts';

/** ARN of a stack as CloudFormation makes one. Its last part is a UUID that here depends on the name alone. */
export function stackId(
  { partition, region, account }: Pick<StackIdentity, 'partition' | 'region' | 'account'>,
  name: string,
): string {
  const digest = createHash('sha256').update(name).digest('hex');
  const uuid = digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  return `arn:${partition}:cloudformation:${region}:${account}:stack/${name}/${uuid}`;
}
