import { valuesOf } from '../../lib/base/json.ts';
import type { ResolvedTemplate } from '../../packages/local-aws/src/template/index.ts';

/** A statement of a policy document, its lists made lists. */
export interface Statement {
  /** Its name; absent if it has none. */
  readonly Sid?: string;
  /** Whether it lets calls through or refuses them. */
  readonly Effect: 'Allow' | 'Deny';
  /** Actions, which may have wildcards. */
  readonly Action: readonly string[];
  /** ARNs, which may have wildcards; absent of a trust. */
  readonly Resource?: readonly string[];
  /** Who is meant, as the document has it; absent of a policy of a role. */
  readonly Principal?: unknown;
  /** Values by the operator and the key of the condition; absent if it always holds. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A role or user of the template and what it may do. */
export interface Role {
  /** Its name in the template. */
  readonly logicalId: string;
  /** Its ARN. */
  readonly arn: string;
  /** The statements of its own policies and of those that are attached to it. */
  readonly statements: readonly Statement[];
}

/** Every policy of a template that has a say in a call. */
interface Policies {
  /** Roles and users. */
  readonly roles: readonly Role[];
  /** Statements at resources, by ARN: trusts of roles, policies of keys, buckets and queues, and of functions. */
  readonly atResources: ReadonlyMap<string, readonly Statement[]>;
}

type Resource = ResolvedTemplate['resources'][number];

/**
 * Reads the policies out of a template whose intrinsics are resolved.
 *
 * @throws Error if a policy is of something that is not in the template, or something has a policy that is not: nobody would ask it.
 */
export function readPolicies({ resources }: ResolvedTemplate): Policies {
  const atResources = new Map<string, readonly Statement[]>();
  const put = (arn: string, document: unknown) =>
    atResources.set(arn, [...(atResources.get(arn) ?? []), ...statementsOf(document)]);
  const arnOf = (reference: unknown) => resourceOf(resources, reference).arn ?? '';
  const roles: Role[] = [];
  for (const resource of resources) {
    const { type, logicalId, arn = '', properties } = resource;
    switch (type) {
      case 'AWS::IAM::User':
      case 'AWS::IAM::Role':
        if (type === 'AWS::IAM::Role') put(arn, properties['AssumeRolePolicyDocument']);
        roles.push({ logicalId, arn, statements: attachedTo(resource, resources).flatMap(statementsOf) });
        break;
      case 'AWS::KMS::Key':
        put(arn, properties['KeyPolicy']);
        break;
      case 'AWS::S3::BucketPolicy':
        put(arnOf(properties['Bucket']), properties['PolicyDocument']);
        break;
      case 'AWS::SQS::QueuePolicy':
        for (const url of valuesOf(properties['Queues'])) put(arnOf(url), properties['PolicyDocument']);
        break;
      case 'AWS::Lambda::Permission': {
        const named = String(properties['FunctionName']);
        const functionArn = named.startsWith('arn:') ? named : arnOf(named);
        put(functionArn, { Statement: [permissionStatement(functionArn, properties)] });
        break;
      }
    }
  }
  return { roles, atResources };
}

/** The policy documents of a role or user: its own, those that it names, and those that name it. */
function attachedTo(
  { physicalId, properties }: Resource,
  resources: readonly Resource[],
): readonly unknown[] {
  const own = valuesOf(properties['Policies']).map((policy) => member(policy, 'PolicyDocument'));
  const named = valuesOf(properties['ManagedPolicyArns']).map((reference) =>
    resourceOf(resources, reference),
  );
  const naming = resources.filter(
    ({ type, properties: { Roles, Users } }) =>
      ['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'].includes(type) &&
      [...valuesOf(Roles), ...valuesOf(Users)].includes(physicalId),
  );
  return [...own, ...[...named, ...naming].map((policy) => policy.properties['PolicyDocument'])];
}

/** The resource that a reference names. @throws Error if the template has none. */
function resourceOf(resources: readonly Resource[], reference: unknown): Resource {
  const named = resources.find(({ physicalId, arn }) => physicalId === reference || arn === reference);
  if (named === undefined) throw new Error(`The template has no ${reference}, which a policy is of.`);
  return named;
}

/** A Lambda permission as a statement of the function's policy. */
function permissionStatement(functionArn: string, properties: Readonly<Record<string, unknown>>) {
  const { Action, Principal, SourceArn, SourceAccount } = properties;
  return {
    Effect: 'Allow',
    Principal: { Service: Principal },
    Action,
    Resource: functionArn,
    Condition: {
      ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } }),
      ...(SourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
    },
  };
}

/** The statements of a policy document. */
function statementsOf(document: unknown): Statement[] {
  return valuesOf(member(document, 'Statement')).map((statement) => {
    const listOf = (name: string) => valuesOf(member(statement, name)).map(String);
    const Resource = listOf('Resource');
    const read: Omit<Statement, 'Action' | 'Resource'> = JSON.parse(JSON.stringify(statement));
    return { ...read, Action: listOf('Action'), ...(Resource.length === 0 ? {} : { Resource }) };
  });
}

/** A member of an object; undefined of another value. */
function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
