import { checkPrincipals } from '../../iam/checkPrincipals.ts';
import { checkStatementIds } from '../../iam/checkStatementIds.ts';
import { matchesPattern } from '../../iam/matchesPattern.ts';
import type { Policy, PolicyStatement } from '../../iam/Policy.ts';
import { PolicyProblem } from '../../iam/PolicyProblem.ts';
import { notImplemented } from '../../protocol/AwsError.ts';
import { type S3Target, s3Actions } from './s3Actions.ts';

/**
 * Whether S3 would take a policy for a bucket: of each statement the principals are some, the resources this bucket's,
 * no `Sid` is another's, and every action is one of S3's and about one of them. S3 refuses the whole policy when one action isn't, as
 * `s3:ListBucket` beside objects alone. Its words are those of
 * https://github.com/wandb/terraform-aws-wandb/issues/156 and https://github.com/noobaa/noobaa-core/issues/10058
 *
 * @param exists Whether there is a role or user.
 * @throws PolicyProblem in S3's words; AwsError `NotImplemented` naming what isn't evaluated here.
 */
export function checkBucketPolicy(policy: Policy, bucket: string, exists: (arn: string) => boolean): void {
  if (policy.length === 0) throw new PolicyProblem('Could not parse the policy: Statement is empty!');
  checkStatementIds(policy);
  checkPrincipals(policy, exists, 'Invalid principal in policy');
  for (const statement of policy) {
    if (statement.actions.length === 0) throw new PolicyProblem('Missing required field Action');
    checkActions(statement, targetsOf(statement, `arn:aws:s3:::${bucket}`));
  }
}

/** What the resources of a statement are: the bucket, objects of it, or both. */
function targetsOf({ resources, notResources }: PolicyStatement, arn: string): ReadonlySet<S3Target> {
  if (notResources) throw notImplemented('A bucket policy with NotResource');
  if (resources === undefined || resources.length === 0)
    throw new PolicyProblem('Missing required field Resource');
  return new Set(
    resources.map((resource) => {
      if (resource === arn) return 'bucket';
      if (resource.startsWith(`${arn}/`)) return 'object';
      throw new PolicyProblem('Policy has invalid resource');
    }),
  );
}

function checkActions({ actions, notActions }: PolicyStatement, targets: ReadonlySet<S3Target>): void {
  for (const pattern of actions) {
    const meant = [...s3Actions].filter(([action]) => matchesPattern(pattern, action));
    if (meant.length === 0) throw new PolicyProblem('Policy has invalid action');
    if (!notActions && !meant.some(([, target]) => targets.has(target)))
      throw new PolicyProblem('Action does not apply to any resource(s) in statement');
  }
}
