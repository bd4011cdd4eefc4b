import type { DeployedIdentity } from '../iam/Roles.ts';
import type { ResolvedTemplate } from './resolveTemplate.ts';

/**
 * The roles and users of a template, with their trust policies, boundaries, and inline and attached policies. Of a policy
 * that is not in the template only the ARN is known.
 *
 * @param account The account that the template is deployed to: twelve digits.
 */
export function deployedIdentities(
  { resources }: Pick<ResolvedTemplate, 'resources'>,
  account: string,
): readonly DeployedIdentity[] {
  const managedPolicies = resources.filter(({ type }) => type === 'AWS::IAM::ManagedPolicy');
  /** The managed policy of an ARN. The physical ID of a managed policy is its ARN. */
  const policyAt = (arn: unknown): NamedPolicy => ({
    arn,
    document: managedPolicies.find(({ physicalId }) => physicalId === arn)?.properties['PolicyDocument'],
  });
  return resources.flatMap(({ type, arn, physicalId, properties }) => {
    // Every role and every user has an ARN.
    if (arn === undefined || (type !== 'AWS::IAM::Role' && type !== 'AWS::IAM::User')) return [];
    // An identity names its managed policies, or a managed policy the identities that it is attached to.
    const side = type === 'AWS::IAM::Role' ? 'Roles' : 'Users';
    const attachedThere = managedPolicies.filter((policy) =>
      listOf(policy.properties[side]).includes(physicalId),
    );
    const attached = listOf(properties['ManagedPolicyArns']).map(policyAt);
    const boundaryArn = properties['PermissionsBoundary'];
    const boundary = boundaryArn === undefined ? undefined : policyAt(boundaryArn);
    const named = boundary === undefined ? attached : [...attached, boundary];
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
        boundary: boundary?.document,
        unknownPolicies: named
          .filter(({ document }) => document === undefined)
          .map((policy) => String(policy.arn)),
      },
    ];
  });
}

/** A managed policy that a role or user names. */
interface NamedPolicy {
  /** Its ARN, as the template has it. */
  readonly arn: unknown;
  /** Its document; undefined for a policy that is not in the template, as those of AWS itself. */
  readonly document: unknown;
}

/** A member of an object; undefined for any other value. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** The items of a list; a value that is no list is the only item, and an absent one has none. */
function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : [value].flat();
}
