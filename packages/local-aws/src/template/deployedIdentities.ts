import type { DeployedIdentity } from '../iam/Roles.ts';
import type { ResolvedTemplate } from './resolveTemplate.ts';

/** The roles and users of a template, with their trust and every policy that is inline or attached. */
export function deployedIdentities(
  { resources }: Pick<ResolvedTemplate, 'resources'>,
  account: string,
): DeployedIdentity[] {
  return resources.flatMap(({ type, arn, properties }) => {
    if (arn === undefined || (type !== 'AWS::IAM::Role' && type !== 'AWS::IAM::User')) return [];
    const attached = listOf(properties['ManagedPolicyArns']).map((reference) =>
      resources.find((one) => one.physicalId === reference || one.arn === reference),
    );
    return [
      {
        arn,
        account,
        trust: properties['AssumeRolePolicyDocument'],
        policies: [
          ...listOf(properties['Policies']).map((policy) => member(policy, 'PolicyDocument')),
          ...attached.flatMap((policy) => listOf(policy?.properties['PolicyDocument'])),
        ],
      },
    ];
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
