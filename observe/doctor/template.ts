import { GetPolicyCommand, GetPolicyVersionCommand } from '@aws-sdk/client-iam';
import { resources } from '../../infra/resources.ts';
import { roleStatements } from '../../infra/roles/fitPolicies.ts';
import { madeByServerless } from '../../infra/serverless/service.ts';
import { mayAllow } from '../../infra/template/policyMatch.ts';
import type { Resources } from '../../infra/template/Resource.ts';
import { substitution, UNKNOWN_ID } from '../../infra/template/substitute.ts';
import { type TemplateProblem, templateProblems } from '../../infra/template/templateProblems.ts';
import { isTrialBoundary, isTrialStage } from '../../lib/access/operators/trialPolicy.ts';
import { parseJson } from '../../lib/base/json.ts';
import { counted } from '../../lib/base/text.ts';
import { whyUnread } from '../explainAwsError.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { ifThere, isNamed } from '../ifThere.ts';
import { type Look, NOT_EMULATED } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The template, as packaging counts it. */
export const templateLook: Look = {
  name: 'template',
  expects:
    'CloudFormation and IAM take the stack: its resources, its bytes, and the characters of its policies',
  async find({ config, stack, stackName, identity: { region, account } }) {
    const ourTemplate = resources({ config, ...stack });
    const place = { stackName, region, account };
    return templateProblems(ourTemplate, place, madeByServerless({ config, ...stack })).map(judgeSize);
  },
};

/** Judges a template, or a resource of it, that AWS would refuse. */
export function judgeSize({ part, isTemplate, excess, text }: TemplateProblem): Finding {
  const subject = isTemplate ? part : `The resource ${part}`;
  const title = `${subject} has ${excess}`;
  const told = { case: isTemplate ? 'template' : 'resource', ...seenNow(title, text) } as const;
  return finding('SLUICE_FINDING_STACK_TOO_LARGE', told);
}

/** What the boundary of the roles allows. */
export const boundaryLook: Look = {
  name: 'boundary',
  expects: 'the permissions boundary, if there is one, lets the roles of the stack do what they do',
  async find(setup) {
    const { permissionsBoundary: arn } = setup.config;
    const { stage } = setup.stack;
    if (arn === null) return [];
    if (isTrialBoundary(arn) && !isTrialStage(stage))
      return [
        judgeBoundary(
          arn,
          'trial',
          `it is the boundary of a trial, which allows nothing to the stage ${stage}`,
        ),
      ];
    const document = await readPolicy(setup, arn);
    if (document === undefined) return [judgeBoundary(arn, 'missing', 'the account has no such policy')];
    if ('code' in document) return [document];
    const denied = deniedToRoles(setup, document.policy);
    if (denied.length === 0) return [];
    const fact = `it denies ${counted(denied.length, 'role')}, the first ${denied[0]}`;
    return [judgeBoundary(arn, 'denies', fact, `it denies ${denied.join('; ')}`)];
  },
};

/**
 * Judges a boundary.
 *
 * @param fact What is wrong with it, without a stop.
 * @param text The same with all roles.
 */
export function judgeBoundary(
  arn: string,
  fault: CaseOf<'SLUICE_FINDING_BOUNDARY_UNFIT'>,
  fact: string,
  text = fact,
): Finding {
  const told = seenNow(`The boundary ${arn}: ${fact}`, `${arn}: ${text}.`);
  return finding('SLUICE_FINDING_BOUNDARY_UNFIT', { case: fault, ...told });
}

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
    const isLocal = isNamed(error, NOT_EMULATED);
    const told = seenNow(`The boundary ${PolicyArn} cannot be read`, whyUnread(error));
    return finding('SLUICE_FINDING_UNCHECKED', { case: isLocal ? 'local' : 'silent', ...told });
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
