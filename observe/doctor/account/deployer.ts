import { GetRoleCommand } from '@aws-sdk/client-iam';
import { LOOK_SIDS } from '../../../lib/access/deployPolicy.ts';
import { allow, type Statement } from '../../../lib/access/policyDocument.ts';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { type Look, type Question, settled } from '../Look.ts';
import type { Setup } from '../Setup.ts';
import { type Simulated, simulateStatement, wrongDecisions } from '../simulator.ts';

/**
 * The permissions of the caller, or of the role that CloudFormation takes and the caller passes, by IAM's simulator,
 * against the policies that `sluice policy print --for deploy` prints.
 */
export const deployerLook: Look = {
  name: 'deployer',
  expects:
    'these credentials, or the role that CloudFormation has, may deploy, update and remove the stack, by simulation',
  async find(setup) {
    const { config, stackName, identity, deploymentRole } = setup;
    const { region, account, arn } = identity;
    const caller = await readCallerArn(setup);
    const source = deploymentRole ?? caller ?? arn;
    // serverless.yml may name the role by a variable.
    if (caller === undefined || !source.startsWith('arn:')) return [judgeCaller(source)];
    const findDenied = (by: string, statement: Statement): Question => {
      const simulated = simulateStatement(setup, by, statement);
      const judged = simulated.then((decided) => judgeDeployer(by, decided, setup.commands));
      return [`the simulation of ${statement.Sid}`, judged];
    };
    const passed = deploymentRole === undefined ? [] : [deploymentRole];
    const policies = printedPolicies('deploy', config, { region, account, stack: stackName });
    return settled([
      ...policies
        .flatMap(({ document }) => document.Statement)
        // A look that is denied is a finding about the bucket or the key itself.
        .filter(({ Effect, Sid }) => Effect === 'Allow' && !LOOK_SIDS.includes(Sid))
        .map((statement) => findDenied(source, statement)),
      ...passed.map((role) => findDenied(caller, allow(PASS_ROLE, ['iam:PassRole'], [role]))),
    ]);
  },
};

/** Judges a caller, or a role, that IAM does not simulate. @param source Its ARN, or a variable of serverless.yml. */
export function judgeCaller(source: string): Finding {
  const told = seenNow(`IAM simulates users and roles only, not ${source}.`);
  return finding('SLUICE_FINDING_UNCHECKED', { case: 'caller', ...told });
}

/** The name of the statement about the role that the caller passes to CloudFormation. */
const PASS_ROLE = 'PassRole';

/** Judges what a deployment would be denied. @param by ARN of the caller, or of the role that CloudFormation takes. */
export function judgeDeployer(
  by: string,
  simulated: Simulated,
  commands: Pick<Setup['commands'], 'sluice'>,
): readonly Finding[] {
  return wrongDecisions(simulated, true).map(({ reason, text, fact }) => {
    const isPassed = reason === 'missing' && simulated.sid === PASS_ROLE;
    const told = seenNow(`${by} is denied what a deployment does: ${fact}`, text);
    const isPrinted = reason === 'missing' && !isPassed;
    const shown = isPrinted ? [commands.sluice('policy', 'print', '--for', 'deploy')] : [];
    const kind = isPassed ? 'passRole' : reason;
    return finding('SLUICE_FINDING_DEPLOY_DENIED', { case: kind, ...told }, shown);
  });
}

/** The user or role behind the caller; undefined for root and federated users, which cannot be simulated. */
export async function readCallerArn({
  clients: { iam },
  identity: { arn },
}: Setup): Promise<string | undefined> {
  if (/:user\//.test(arn)) return arn;
  const [, RoleName] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (RoleName === undefined) return undefined;
  // The ARN of a session lacks the role's path, which roles of IAM Identity Center have.
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  return Role?.Arn;
}
