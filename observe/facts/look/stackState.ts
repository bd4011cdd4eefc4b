import { bucketDeleters } from '../../../infra/bucketNeeds.ts';
import { parseArn } from '../../../lib/base/arn.ts';
import type { Deployment } from '../../deployment.ts';
import { type BucketFault, type BucketOwner, readBucketFaults } from '../bucketFaults.ts';
import type { AlarmState } from '../flow/alarms.ts';
import { readStackResources, undeployedOf } from '../flow/stackOutputs.ts';
import { readStackFaults } from '../stackFaults.ts';
import type { StatusFacts } from '../statusFacts.ts';
import type { Look } from './beginLook.ts';
import { bucketKey } from './bucketKey.ts';

/**
 * Where the last deployment has come to. What is deployed is compared with the template once the configuration of which the template is
 * made is the deployed one.
 *
 * @param alarms The alarms that CloudWatch has; null if nobody knows.
 * @throws What CloudFormation's client throws.
 */
export async function readStackState(
  { deployment, deployed, ask }: Pick<Look, 'deployment' | 'deployed' | 'ask'>,
  alarms: readonly AlarmState[] | null,
): Promise<Pick<StatusFacts, 'undeployed' | 'stackFaults' | 'stackState' | 'deployedAt'>> {
  const stack = await deployed;
  const { state, deployedAt } = stack;
  const settings = undeployedOf(deployment.config, stack.outputs);
  if (settings.length > 0)
    return { stackState: state, deployedAt, undeployed: { settings, deployedAt }, stackFaults: null };
  const names = alarms?.map(({ name }) => name) ?? null;
  const stackFaults = await readStackFaults(deployment, { ...stack, alarms: names }, ask);
  return { stackState: state, deployedAt, undeployed: null, stackFaults };
}

/** The settings of the bucket that differ. Without the stack nobody knows its owner, and without outputs perhaps not its key. */
export async function readStackBucketFaults({
  deployment,
  deployed,
  ask,
}: Pick<Look, 'deployment' | 'deployed' | 'ask'>): Promise<readonly BucketFault[]> {
  const stack = await deployed.catch(() => undefined);
  const owner = stack === undefined ? undefined : await readBucketOwner(deployment, stack.id);
  return readBucketFaults(deployment, bucketKey(deployment.config, stack?.outputs), owner, ask);
}

/** What is known of the stack of the bucket. Without its resources nobody looks who may delete. @param id ARN of the stack. */
async function readBucketOwner(deployment: Deployment, id: string): Promise<BucketOwner> {
  const { partition, account } = parseArn(id);
  const names = await readStackResources(deployment).catch(() => new Map<string, string>());
  const deleters = bucketDeleters(deployment, { identity: { partition, account }, names });
  return { account, partition, deleters };
}
