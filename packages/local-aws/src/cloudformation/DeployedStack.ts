import type { ResolvedTemplate } from '../template/resolveTemplate.ts';

/** One resource of a stack, as CloudFormation lists it. */
export interface StackResource {
  readonly logicalId: string;
  /** `Ref`: mostly the name; for a queue its URL. */
  readonly physicalId: string;
  /** e.g. `AWS::S3::Bucket`. */
  readonly type: string;
}

/** The stack that the local cloud was built from. */
export interface DeployedStack {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly partition: string;
  /** When the local cloud took it up, epoch ms. */
  readonly createdMs: number;
  readonly resources: readonly StackResource[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** The stack of a template, its resources in the order in which they were made. */
export function deployedStack(
  { resources, outputs }: ResolvedTemplate,
  identity: Omit<DeployedStack, 'resources' | 'outputs' | 'account'> & { readonly id: string },
): DeployedStack {
  const { name, region, partition, id: account, createdMs } = identity;
  return { name, region, partition, account, createdMs, resources, outputs };
}
