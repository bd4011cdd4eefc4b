import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { type BucketNeed, bucketDeleters, bucketNeeds } from '../../infra/bucketNeeds.ts';
import { deleteByVersionOnly } from '../../lib/access/buckets/bucketDenials.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { counted } from '../../lib/base/text.ts';
import {
  type BucketDenial,
  deniedByBucket,
  exceptedDenials,
  withOwnStatements,
} from '../facts/bucketDenials.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { ifThere } from '../ifThere.ts';
import type { Look } from './Look.ts';
import type { Setup } from './Setup.ts';
import { type Simulated, simulateStatement, wrongDecisions } from './simulator.ts';

/** The roles that delete are the exception of this statement. */
const OWN_STATEMENT = deleteByVersionOnly([], []).Sid;

/** Simulations at the same time. */
const AT_ONCE = 4;

/** What the roles of the stack need of the bucket. */
function needsOf({ config, stack, identity, resources: names }: Setup): readonly BucketNeed[] {
  return bucketNeeds({ config, ...stack }, { identity, names });
}

/** The bucket's policy: what it denies the roles of the stack. Also before a deployment. */
export const bucketPolicyLook: Look = {
  name: 'bucket-policy',
  expects: 'the policy of the bucket denies no role of the stack what it does there',
  async find(setup) {
    const { s3, config, resources, commands, identity } = setup;
    const { bucket: Bucket } = config;
    const found = await ifThere(s3.send(new GetBucketPolicyCommand({ Bucket })), /^NoSuchBucket/);
    const policy = found?.Policy ?? '';
    const denials = deniedByBucket(policy, needsOf(setup)).filter(
      // Without a stack, our own statement names no role yet, or roles of a former stack. `bucket-settings` looks at it
      // later.
      ({ sid }) => resources.size > 0 || sid !== OWN_STATEMENT,
    );
    // What a log tells of is certain: `sluice status` has since when, and how many calls.
    const status = resources.size === 0 ? null : await setup.status();
    const calls = status?.deniedCalls ?? [];
    const logged = calls.flatMap(({ statements }) => statements?.sids ?? []);
    const denied = denials.filter(({ sid }) => !logged.includes(sid));
    // The command of each finding excepts the roles from the statements of all, so that no command takes back another's.
    const { partition } = identity;
    const deleters = bucketDeleters(setup, { identity, names: resources });
    const wanted = withOwnStatements(policy, { config, partition, deleters });
    const repair =
      calls.find(({ by }) => by === 'bucket')?.repair?.at(-1) ?? exceptedDenials(wanted, denials);
    // Before there is a stack, nobody knows the names of its roles.
    const excepted = resources.size > 0 ? repair : undefined;
    const others = denied.map((denial) =>
      judgeDenial(Bucket, denial, commands, denial.isKnown ? excepted : undefined),
    );
    return [...(status?.problems ?? []).filter(isOfBucketPolicy), ...others];
  },
};

/** Whether a finding of `sluice status` is of calls that the bucket's policy denied. */
export function isOfBucketPolicy({ code, case: name }: Finding): boolean {
  return code === 'SLUICE_FINDING_ROLE_DENIED' && name === ('bucket' satisfies CaseOf<typeof code>);
}

/**
 * Judges what a statement of a bucket's policy denies roles.
 *
 * @param excepted The policy, JSON, with these roles excepted; undefined of a condition that is not known, and before there is a stack.
 */
export function judgeDenial(
  bucket: string,
  { sid, isKnown, roles, text }: BucketDenial,
  { aws }: Pick<Setup['commands'], 'aws'>,
  excepted?: string,
): Finding {
  const [first] = roles;
  const verb = isKnown ? 'denies' : 'denies, under a condition,';
  const title = `The statement ${sid} of the policy of ${bucket} ${verb} ${counted(roles.length, 'role')}, the first ${first?.role} ${first?.denied[0]}`;
  const knownCase = excepted === undefined ? 'new' : 'bucket';
  const told = { case: isKnown ? knownCase : 'condition', ...seenNow(title, text) } as const;
  const show = ['get-bucket-policy', '--bucket', bucket, '--query', 'Policy'];
  const repair = ['put-bucket-policy', '--bucket', bucket, '--policy', `${excepted}`];
  return finding('SLUICE_FINDING_ROLE_DENIED', told, [
    aws('s3api', ...(excepted === undefined ? show : repair)),
  ]);
}

/** The policies of the account and of the organization, which the simulator asks besides those of a role, but not the bucket's. */
export const rolesLook: Look = {
  name: 'roles',
  expects: 'each role of the stack may do what it does in the bucket, by simulation',
  async find(setup) {
    const needs = needsOf(setup).filter(({ id }) => setup.resources.has(id));
    const denied = await mapLimit(needs, AT_ONCE, async ({ id: Sid, role, statement }) => {
      const simulated = await simulateStatement(setup, role, { Sid, Effect: 'Allow', ...statement });
      return judgeRole(role, simulated, setup.commands);
    });
    return denied.flat();
  },
};

/** Judges what a role is denied in the bucket. @param role Its ARN. */
export function judgeRole(
  role: string,
  simulated: Simulated,
  commands: Pick<Setup['commands'], 'sluice'>,
): readonly Finding[] {
  return wrongDecisions(simulated, true).map(({ reason, fact, text }) => {
    const title = `The role ${role} is denied what it does in the bucket: ${fact}`;
    const told = { case: reason, ...seenNow(title, `IAM's simulator: ${text}`) };
    const shown = reason === 'missing' ? [commands.sluice('doctor', '--drift')] : [];
    return finding('SLUICE_FINDING_ROLE_DENIED', told, shown);
  });
}
