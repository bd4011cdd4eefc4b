import { parseArn } from '../../base/arn.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';

/**
 * What is wrong with the permissions boundary of a configuration, a sentence for each problem: it is a policy of another
 * account than the deployment's, or has a name that the deploying role may change. Empty without a boundary.
 *
 * @param stages The names of the configuration's stages.
 */
export function boundaryProblems(
  config: Pick<Config, 'account' | 'permissionsBoundary' | 'service'>,
  stages: readonly string[],
): ConfigProblem[] {
  const { account, permissionsBoundary: arn } = config;
  if (arn === null) return [];
  // A policy of AWS has `aws` in place of an account. A path may stand before the name.
  const { account: policyAccount, resource } = parseArn(arn);
  const name = resource.slice(resource.lastIndexOf('/') + 1);
  const problems: ConfigProblem[] = [];
  if (account !== null && policyAccount !== 'aws' && policyAccount !== account)
    problems.push(
      unexpected(
        'permissionsBoundary',
        arn,
        `a policy of the account ${account}, which is deployed to: a boundary is of the role's own account`,
      ),
    );
  const prefix = stages.map((stage) => `${config.service}-${stage}-`).find((start) => name.startsWith(start));
  if (prefix !== undefined)
    problems.push(
      unexpected(
        'permissionsBoundary',
        arn,
        `a policy whose name does not begin with ${prefix}: the deploying role may change those, and could widen its own boundary`,
      ),
    );
  return problems;
}
