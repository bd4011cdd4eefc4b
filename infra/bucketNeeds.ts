import { bucketArn, iamArn } from '../lib/access/arns.ts';
import type { Statement } from '../lib/access/policyDocument.ts';
import { valueAt } from '../lib/base/json.ts';
import { resources } from './resources.ts';
import { roleStatements } from './roles/fitPolicies.ts';
import { PSEUDO_PARAMETERS } from './template/Resource.ts';
import type { Stack } from './template/Stack.ts';

/** What a role of the stack does in the bucket. */
export interface BucketNeed {
  /** Logical ID of the role. */
  readonly id: string;
  /** ARN of the role. */
  readonly role: string;
  /** Its resources are the bucket, and folders in it. IAM's simulator denies what has a condition without a context that meets it. */
  readonly statement: Pick<Statement, 'Action' | 'Condition'> & { readonly Resource: readonly string[] };
}

/**
 * What the roles of the stack do in the bucket, by their policies in the template.
 *
 * @param of.names Names of the stack's roles by logical ID. One that is not deployed has a name of the form that it will get.
 */
export function bucketNeeds(
  stack: Stack,
  of: {
    readonly identity: { readonly partition: string; readonly account: string };
    readonly names: ReadonlyMap<string, string>;
  },
): readonly BucketNeed[] {
  const { identity, names } = of;
  const { config, service, stage } = stack;
  // The ARN of an existing bucket is a text, that of the stack's own a reference.
  const written = { ...stack, config: { ...config, existing: { ...config.existing, bucket: true } } };
  const bucket = bucketArn(identity, config.bucket);
  const inBucket = (resource: unknown) => {
    const arn = String(valueAt(resource, ['Fn::Sub'])).replace(
      PSEUDO_PARAMETERS.partition,
      identity.partition,
    );
    return arn === bucket || arn.startsWith(`${bucket}/`) ? [arn] : [];
  };
  return roleStatements(resources(written).Resources).flatMap(({ id, statements }) => {
    const name = names.get(id) ?? `${service}-${stage}-${id}-x`;
    return statements.flatMap((one) => {
      const own = one.Effect === 'Allow' ? one.Resource.flatMap(inBucket) : [];
      const statement = { ...one, Resource: own };
      return own.length === 0 ? [] : [{ id, role: iamArn(identity, `role/${name}`), statement }];
    });
  });
}
