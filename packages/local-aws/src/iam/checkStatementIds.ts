import type { Policy } from './Policy.ts';
import { PolicyProblem } from './PolicyProblem.ts';

/**
 * Whether no two statements have one `Sid`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html; of a bucket's policy
 * https://docs.aws.amazon.com/AmazonS3/latest/dev/AccessPolicyLanguage_SpecialInfo.html
 *
 * @throws PolicyProblem in IAM's words.
 */
export function checkStatementIds(policy: Policy): void {
  const ids = policy.flatMap(({ sid }) => sid ?? []);
  if (new Set(ids).size < ids.length)
    throw new PolicyProblem('Statement IDs (SID) in a single policy must be unique.');
}
