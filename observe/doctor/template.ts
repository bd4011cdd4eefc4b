import { GetPolicyCommand, GetPolicyVersionCommand } from '@aws-sdk/client-iam';
import { resources } from '../../infra/resources.ts';
import { roleStatements } from '../../infra/roles/fitPolicies.ts';
import { madeByServerless } from '../../infra/serverless/service.ts';
import { mayAllow } from '../../infra/template/policyMatch.ts';
import type { Resources } from '../../infra/template/Resource.ts';
import { substitution, UNKNOWN_ID } from '../../infra/template/substitute.ts';
import { templateProblems } from '../../infra/template/templateProblems.ts';
import { isTrialBoundary, isTrialStage } from '../../lib/access/operators/trialPolicy.ts';
import { parseJson } from '../../lib/base/json.ts';
import { ifThere, isNamed, whyUnread } from '../explainAwsError.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import type { Look } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The template, as packaging counts it. */
export const template: Look = {
  name: 'template',
  expects:
    'CloudFormation and IAM take the stack: its resources, its bytes, and the characters of its policies',
  async find({ config, stack, stackName, identity: { region, account } }) {
    const ourTemplate = resources({ config, ...stack });
    const place = { stackName, region, account };
    return templateProblems(ourTemplate, place, madeByServerless({ config, ...stack })).map((problem) =>
      finding('SLUICE_FINDING_STACK_TOO_LARGE', seenNow(problem.replaceAll('`', ''), problem)),
    );
  },
};

/** What the boundary of the roles allows. */
export const boundary: Look = {
  name: 'boundary',
  expects: 'the permissions boundary, if there is one, lets the roles of the stack do what they do',
  async find(setup) {
    const { permissionsBoundary: arn } = setup.config;
    const { stage } = setup.stack;
    if (arn === null) return [];
    const unfit = (detail: string) => [
      finding(
        'SLUICE_FINDING_BOUNDARY_UNFIT',
        seenNow(`The boundary ${arn}: ${detail}`, `${arn}: ${detail}`),
      ),
    ];
    if (isTrialBoundary(arn) && !isTrialStage(stage))
      return unfit(`it is the boundary of a trial, which allows nothing to the stage ${stage}.`);
    const document = await readPolicy(setup, arn);
    if (document === undefined) return unfit('the account has no such policy.');
    if ('code' in document) return [document];
    const denied = deniedToRoles(setup, document.policy);
    return denied.length === 0 ? [] : unfit(`it denies ${denied.join('; ')}.`);
  },
};

/** A managed policy; undefined if there is none, and a finding if these credentials may not read it, as those of a trial. */
async function readPolicy({ clients: { iam } }: Setup, PolicyArn: string) {
  const read = async () => {
    const { Policy: { DefaultVersionId: VersionId } = {} } = await iam.send(
      new GetPolicyCommand({ PolicyArn }),
    );
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
    // IAM answers with JSON in URL encoding: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html
    return { policy: parseJson(decodeURIComponent(PolicyVersion?.Document ?? '')) };
  };
  return ifThere(read()).catch((error: unknown): Finding => {
    if (!isNamed(error, /^(AccessDenied|NotImplemented)/)) throw error;
    return finding('SLUICE_FINDING_UNCHECKED', seenNow(whyUnread(error)));
  });
}

/** Roles with what a boundary does not allow them, the first action of each. */
function deniedToRoles({ config, stack, stackName, identity }: Setup, policy: unknown): readonly string[] {
  const ourTemplate: { readonly Resources: Resources } = resources({ config, ...stack });
  const filled = substitution(ourTemplate, { ...identity, stackName });
  return roleStatements(ourTemplate.Resources).flatMap(({ id, statements }) => {
    const needed = statements.filter(({ Effect }) => Effect === 'Allow');
    const denied = needed.flatMap(({ Action, Resource }) => {
      // Names that AWS will choose say nothing about a pattern.
      const known = [filled(Resource)]
        .flat()
        .map(String)
        .filter((resource) => !resource.includes(UNKNOWN_ID));
      return Action.flatMap((action) =>
        known
          .filter((resource) => !mayAllow(policy, action, resource))
          .map((resource) => `${action} on ${resource}`),
      );
    });
    return denied.slice(0, 1).map((first) => `${id} ${first}`);
  });
}
