import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { type BucketNeed, bucketNeeds } from '../../infra/bucketNeeds.ts';
import { deniedOf, isOfAction, isOfRole, matchesAny } from '../../infra/template/policyMatch.ts';
import { WRITE_ROLE } from '../../infra/template/Stack.ts';
import { deleteByVersionOnly } from '../../lib/access/buckets/bucketSettings.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { isJsonObject, parseJson, valueAt, valuesOf } from '../../lib/base/json.ts';
import { counted } from '../../lib/base/text.ts';
import { ifThere } from '../explainAwsError.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import type { Look } from './Look.ts';
import { type Simulated, simulateStatement, wrongDecisions } from './readers.ts';
import type { Setup } from './Setup.ts';

/** The roles that delete are the exception of this statement. */
const OWN_STATEMENT = deleteByVersionOnly([], []).Sid;

/** Simulations at the same time. */
const AT_ONCE = 4;

function needsOf({ config, stack, identity, resources: names }: Setup): readonly BucketNeed[] {
  return bucketNeeds({ config, ...stack }, { identity, names });
}

/** The bucket's policy: what it denies the roles of the stack. Also before a deployment. */
export const bucketPolicy: Look = {
  name: 'bucket-policy',
  expects: 'the policy of the bucket denies no role of the stack what it does there',
  async find(setup) {
    const { s3, config, resources, commands } = setup;
    const { bucket: Bucket } = config;
    const found = await ifThere(s3.send(new GetBucketPolicyCommand({ Bucket })), /^NoSuchBucket/);
    const denied = deniedByBucket(found?.Policy ?? '', needsOf(setup)).filter(
      // Without a stack, our own statement names no role yet, or roles of a former stack. `bucket-settings` looks at it
      // later.
      ({ sid }) => resources.size > 0 || sid !== OWN_STATEMENT,
    );
    return denied.map((denial) => judgeDenial(Bucket, denial, commands));
  },
};

/** Judges what a statement of a bucket's policy denies roles. */
export function judgeDenial(
  bucket: string,
  { sid, isKnown, roles, text }: BucketDenial,
  commands: Pick<Setup['commands'], 'aws'>,
): Finding {
  const [first] = roles;
  const verb = isKnown ? 'denies' : 'denies, under a condition,';
  const title = `The statement ${sid} of the policy of ${bucket} ${verb} ${counted(roles.length, 'role')}, the first ${first?.role} ${first?.denied[0]}`;
  const told = { case: isKnown ? 'bucket' : 'condition', ...seenNow(title, text) } as const;
  return finding('SLUICE_FINDING_ROLE_DENIED', told, [
    commands.aws('s3api', 'get-bucket-policy', '--bucket', bucket, '--query', 'Policy'),
  ]);
}

/** The policies of the account and of the organization, which the simulator asks besides those of a role, but not the bucket's. */
export const roles: Look = {
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

/** What a statement of a bucket's policy denies roles of the stack. */
export interface BucketDenial {
  /** The statement's name, or `Statement 2`. */
  readonly sid: string;
  /** Whether it denies them for certain. False: under a condition that is not known here. */
  readonly isKnown: boolean;
  /** ARNs of the roles, each with actions and folders: `s3:PutObject on landing/*`. */
  readonly roles: readonly { readonly role: string; readonly denied: readonly string[] }[];
  /** All of it in sentences. */
  readonly text: string;
}

/**
 * What a bucket's policy denies roles, by statement.
 *
 * @param policy JSON; empty without a policy.
 */
export function deniedByBucket(policy: string, needs: readonly BucketNeed[]): readonly BucketDenial[] {
  return valuesOf(valueAt(parseJson(policy), ['Statement'])).flatMap((statement, i) => {
    if (!isJsonObject(statement) || statement['Effect'] !== 'Deny') return [];
    const { Sid = `Statement ${i + 1}`, Condition } = statement;
    const sid = String(Sid);
    const denialsByRole = new Map<string, readonly string[]>();
    let isKnown = true;
    for (const need of needs)
      for (const action of need.statement.Action) {
        const { role } = need;
        const isAbout = isOfRole(statement, role) && isOfAction(statement, action);
        const may = isAbout && conditionHolds(Condition, need, action);
        const keys = need.statement.Resource.flatMap((resource) => deniedOf(statement, resource)).map(
          (arn) => /:::[^/]+\/(.+)$/.exec(arn)?.[1] ?? 'the bucket',
        );
        if (may === false || keys.length === 0) continue;
        if (may === null) isKnown = false;
        denialsByRole.set(role, [...(denialsByRole.get(role) ?? []), `${action} on ${keys.join(', ')}`]);
      }
    if (denialsByRole.size === 0) return [];
    const texts = [...denialsByRole].map(([role, what]) => `${role}: ${what.join('; ')}.`);
    const roles = Array.from(denialsByRole, ([role, denied]) => ({ role, denied }));
    const text = `${sid} ${isKnown ? 'denies' : 'may deny'} ${texts.join(' ')}`;
    return [{ sid, isKnown, roles, text }];
  });
}

/** Whether a condition holds for calls of a role over TLS; null if that is not known. The writer deletes nothing without `If-Match`. */
function conditionHolds(condition: unknown, { id, role }: BucketNeed, action: string): boolean | null {
  let known: boolean | null = true;
  for (const [operator, keys] of Object.entries(Object(condition)))
    for (const [key, values] of Object.entries<unknown>(Object(keys))) {
      const lowerKey = key.toLowerCase();
      const wants = String(valuesOf(values)[0]);
      if (lowerKey === 'aws:securetransport' && wants === 'false') return false;
      const isWriters = id === WRITE_ROLE && action === 's3:DeleteObject';
      if (lowerKey === 's3:if-match' && operator === 'Null' && isWriters && wants === 'true') return false;
      if (lowerKey !== 'aws:principalarn') {
        known = null;
        continue;
      }
      if (matchesAny(values, role) === /Not/.test(operator)) return false;
    }
  return known;
}
