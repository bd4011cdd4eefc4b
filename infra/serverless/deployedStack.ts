import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { iamArn, roleNamePattern } from '../../lib/access/arns.ts';
import type { Config } from '../../lib/schema/config.ts';
import { isRole, namedIdentity } from '../../lib/schema/readers.ts';
import { identityId, readerId } from '../readers/readers.ts';
import { matchesAny } from '../template/policyMatch.ts';

/** A stack that is deployed, as the next deployment compares it with the configuration. */
export interface DeployedStack {
  /** `sluice-prod` */
  readonly stackName: string;
  readonly partition: string;
  readonly account: string;
  /** Physical IDs of its resources by logical ID: of a role or user, its name. */
  readonly resources: ReadonlyMap<string, string>;
}

/**
 * Reads the stack that a deployment updates.
 *
 * @returns Undefined if there is none.
 * @throws What CloudFormation's client throws.
 */
export async function readDeployedStack(
  options: CloudFormationClientConfig,
  StackName: string,
): Promise<DeployedStack | undefined> {
  const client = new CloudFormationClient(options);
  try {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const [, partition = '', , , account = ''] = found?.StackId?.split(':') ?? [];
    const resources = new Map<string, string>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      for (const { LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
        resources.set(LogicalResourceId, PhysicalResourceId);
    return { stackName: StackName, partition, account, resources };
  } catch (error) {
    // CloudFormation has no specific error for a stack that does not exist.
    if (error instanceof Error && error.name === 'ValidationError') return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

/** Readers whose role or user a deployment replaces, and what to enter anew; one sentence each. */
export function replacedReaders(
  { readers }: Pick<Config, 'readers'>,
  stack: DeployedStack,
): readonly string[] {
  return readers.flatMap((reader) => {
    const [present] = (['Role', 'User'] as const).flatMap((kind) => {
      const name = stack.resources.get(readerId(reader, kind));
      return name === undefined ? [] : [`${kind.toLowerCase()}/${name}`];
    });
    if (present === undefined) return [];
    const kind = isRole(reader) ? 'role' : 'user';
    const made = `${kind}/${roleNamePattern(stack.stackName, identityId(reader))}`;
    const named = namedIdentity(reader);
    if (named === undefined ? matchesAny(made, present) : named === present) return [];
    const entered = kind === 'role' ? 'this ARN' : 'its access keys';
    return [
      `The ${kind} of the reader ${reader.name} is made anew, and ${present} removed. The new ARN is ${iamArn(stack, named ?? made)}. Then enter ${entered} in the form of ${reader.kind}: \`npx sluice connect ${reader.kind} --reader ${reader.name}\`. Owners of other buckets and keys apply the printed policies again.`,
    ];
  });
}
