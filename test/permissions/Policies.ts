import { valuesOf } from '../../lib/base/json.ts';
import type { ResolvedTemplate } from '../../packages/local-aws/src/template/index.ts';

/** A statement of a policy document, its lists made lists. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A role or user of the template and what it may do. */
export interface Role {
  readonly logicalId: string;
  readonly arn: string;
  readonly statements: readonly Statement[];
}

/** Every policy of a template that has a say in a call. */
export interface Policies {
  readonly roles: readonly Role[];
  /** Statements at resources, by ARN: trusts of roles, policies of keys, buckets and queues, and of functions. */
  readonly atResources: ReadonlyMap<string, readonly Statement[]>;
}

/**
 * Reads the policies out of a template whose intrinsics are resolved.
 *
 * @throws Error if a policy is of something that is not in the template: nobody would ask it.
 */
export function readPolicies({ resources }: ResolvedTemplate): Policies {
  const atResources = new Map<string, readonly Statement[]>();
  const put = (arn: string, document: unknown) =>
    atResources.set(arn, [...(atResources.get(arn) ?? []), ...statementsOf(document)]);
  const roles: Role[] = [];
  const arnOf = (reference: unknown) => {
    const named = resources.find(({ physicalId, arn }) => physicalId === reference || arn === reference);
    if (named?.arn === undefined)
      throw new Error(`No resource of the template has the policy of ${reference}.`);
    return named.arn;
  };
  for (const { type, logicalId, arn = '', physicalId, properties } of resources) {
    switch (type) {
      case 'AWS::IAM::User':
      case 'AWS::IAM::Role': {
        if (type === 'AWS::IAM::Role') put(arn, properties['AssumeRolePolicyDocument']);
        const managed = valuesOf(properties['ManagedPolicyArns']).map((reference) =>
          resources.find((resource) => resource.physicalId === reference || resource.arn === reference),
        );
        const documents = [
          ...valuesOf(properties['Policies']).map((policy) => member(policy, 'PolicyDocument')),
          ...managed.map((policy) => policy?.properties['PolicyDocument']),
          // A policy may name whom it is attached to, too.
          ...resources
            .filter(
              (resource) =>
                resource.type === 'AWS::IAM::ManagedPolicy' &&
                [
                  ...valuesOf(resource.properties['Roles']),
                  ...valuesOf(resource.properties['Users']),
                ].includes(physicalId),
            )
            .map((policy) => policy.properties['PolicyDocument']),
        ];
        roles.push({ logicalId, arn, statements: documents.flatMap(statementsOf) });
        break;
      }
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

function statementsOf(document: unknown): Statement[] {
  return valuesOf(member(document, 'Statement')).map((statement) => {
    const [Action, Resource] = ['Action', 'Resource'].map((name) =>
      valuesOf(member(statement, name)).map(String),
    );
    const read = JSON.parse(JSON.stringify(statement));
    return { ...read, Action: Action ?? [], ...(Resource?.length === 0 ? {} : { Resource }) };
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
