import { bucketArn, iamArn } from '../lib/access/arns.ts';
import type { Statement } from '../lib/access/policyDocument.ts';
import { valueAt } from '../lib/base/json.ts';
import { resources } from './resources.ts';
import { roleStatements } from './roles/fitPolicies.ts';
import { deleterIds } from './roles/functionRoles.ts';
import { PSEUDO_PARAMETERS } from './template/Resource.ts';
import type { Stack } from './template/Stack.ts';

/** What a role of the stack may do in the bucket. */
export interface BucketNeed {
  /** Logical ID of the role. */
  readonly id: string;
  /** ARN of the role. */
  readonly role: string;
  /**
   * The statement, whose resources are the bucket, and folders in it. IAM's simulator denies a statement with a
   * condition unless it gets a context that meets the condition.
   */
  readonly statement: Pick<Statement, 'Action' | 'Condition'> & { readonly Resource: readonly string[] };
}

/** The roles of a stack. */
interface DeployedRoles {
  /** The place that the stack is deployed to. */
  readonly identity: { readonly partition: string; readonly account: string };
  /** Names of the roles by their logical IDs. A role that is not deployed has a name of the form that it will get. */
  readonly names: ReadonlyMap<string, string>;
}

/** What the roles of the stack may do in the bucket, by their policies in the template. */
export function bucketNeeds(stack: Stack, { identity, names }: DeployedRoles): readonly BucketNeed[] {
  const { config, service, stage } = stack;
  // The ARN of an existing bucket is a text, and that of the stack's own bucket is a reference.
  const withBucket = { ...stack, config: { ...config, existing: { ...config.existing, bucket: true } } };
  const bucket = bucketArn(identity, config.bucket);
  const inBucket = (resource: unknown) => {
    const arn = String(valueAt(resource, ['Fn::Sub'])).replace(
      PSEUDO_PARAMETERS.partition,
      identity.partition,
    );
    return arn === bucket || arn.startsWith(`${bucket}/`) ? [arn] : [];
  };
  return roleStatements(resources(withBucket).Resources).flatMap(({ id, statements }) => {
    const name = names.get(id) ?? `${service}-${stage}-${id}-x`;
    return statements.flatMap((roleStatement) => {
      const resourcesInBucket =
        roleStatement.Effect === 'Allow' ? roleStatement.Resource.flatMap(inBucket) : [];
      const statement = { ...roleStatement, Resource: resourcesInBucket };
      return resourcesInBucket.length === 0
        ? []
        : [{ id, role: iamArn(identity, `role/${name}`), statement }];
    });
  });
}

/** ARNs of whom the bucket's policy lets delete without a version; none before the stack has all of them. */
export function bucketDeleters(
  { config }: Pick<Stack, 'config'>,
  { identity, names }: DeployedRoles,
): readonly string[] {
  const ids = deleterIds(config);
  const arns = ids.flatMap((id) => {
    const name = names.get(id);
    return name === undefined ? [] : [iamArn(identity, `${id.endsWith('User') ? 'user' : 'role'}/${name}`)];
  });
  return arns.length === ids.length ? arns : [];
}
