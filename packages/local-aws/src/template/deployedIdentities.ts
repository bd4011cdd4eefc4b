import type { DeployedIdentity } from '../iam/Roles.ts';
import type { ResolvedTemplate } from './resolveTemplate.ts';

/**
 * The roles and users of a template, with their trust policies, all inline and attached policies, and boundaries.
 *
 * @param account The account that the template is deployed to: twelve digits.
 */
export function deployedIdentities(
  { resources }: Pick<ResolvedTemplate, 'resources'>,
  account: string,
): DeployedIdentity[] {
  const managedPolicies = resources.filter(({ type }) => type === 'AWS::IAM::ManagedPolicy');
  /** The managed policy that a name or an ARN says; without document if the template has none. */
  const policyAt = (reference: unknown) => {
    const named = managedPolicies.find(
      ({ physicalId, arn }) => physicalId === reference || arn === reference,
    );
    return { reference, document: named?.properties['PolicyDocument'] };
  };
  return resources.flatMap(({ type, arn, physicalId, properties }) => {
    if (arn === undefined || (type !== 'AWS::IAM::Role' && type !== 'AWS::IAM::User')) return [];
    // An identity names its managed policies, or a managed policy the identities that it is attached to.
    const side = type === 'AWS::IAM::Role' ? 'Roles' : 'Users';
    const attachedThere = managedPolicies.filter((policy) =>
      listOf(policy.properties[side]).includes(physicalId),
    );
    const attached = listOf(properties['ManagedPolicyArns']).map(policyAt);
    const boundaries = listOf(properties['PermissionsBoundary']).map(policyAt);
    return [
      {
        arn,
        account,
        trust: properties['AssumeRolePolicyDocument'],
        policies: [
          ...listOf(properties['Policies']).map((policy) => member(policy, 'PolicyDocument')),
          ...attached.flatMap(({ document }) => listOf(document)),
          ...attachedThere.map((policy) => policy.properties['PolicyDocument']),
        ],
        boundary: boundaries[0]?.document,
        unknownPolicies: [...attached, ...boundaries]
          .filter(({ document }) => document === undefined)
          .map(({ reference }) => String(reference)),
      },
    ];
  });
}

/** A member of an object; undefined for any other value. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The items of a list; a value that is no list is the only item, and an absent one has none. */
function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : [value].flat();
}
