import type { BucketNeed } from '../../infra/bucketNeeds.ts';
import { isOfAction, isOfRole, matchesAny, partsOf } from '../../infra/template/policyMatch.ts';
import { WRITE_ROLE } from '../../infra/template/Stack.ts';
import { bucketSettings } from '../../lib/access/buckets/bucketSettings.ts';
import { isJsonObject, type JsonObject, parseJson, valueAt, valuesOf } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';

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
  return statementsOf(policy).flatMap((statement, i) => {
    if (statement['Effect'] !== 'Deny') return [];
    const { Condition } = statement;
    const sid = sidOf(statement, i);
    const denialsByRole = new Map<string, readonly string[]>();
    let isKnown = true;
    for (const need of needs)
      for (const action of need.statement.Action) {
        const { role } = need;
        const isAbout = isOfRole(statement, role) && isOfAction(statement, action);
        const keys = need.statement.Resource.flatMap((resource) => partsOf(statement, resource)).map(
          (arn) => /:::[^/]+\/(.+)$/.exec(arn)?.[1] ?? 'the bucket',
        );
        if (!isAbout || keys.length === 0) continue;
        const held = conditionOf(Condition, need, action);
        if (held === 'fails') continue;
        if (held === 'unknown') isKnown = false;
        denialsByRole.set(role, [...(denialsByRole.get(role) ?? []), `${action} on ${keys.join(', ')}`]);
      }
    if (denialsByRole.size === 0) return [];
    const texts = [...denialsByRole].map(([role, what]) => `${role}: ${what.join('; ')}.`);
    const roles = Array.from(denialsByRole, ([role, denied]) => ({ role, denied }));
    const text = `${sid} ${isKnown ? 'denies' : 'may deny'} ${texts.join(' ')}`;
    return [{ sid, isKnown, roles, text }];
  });
}

/** What is known of a condition for some calls. `unknown`: it has a part of which nothing is known here, and no part that fails. */
type ConditionResult = 'holds' | 'fails' | 'unknown';

/**
 * What is known of a condition for calls of a role over TLS. The writer deletes nothing without `If-Match`. Of texts, `Equals` takes no
 * patterns: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
function conditionOf(
  condition: unknown,
  { id, role }: Pick<BucketNeed, 'id' | 'role'>,
  action: string,
): ConditionResult {
  let result: ConditionResult = 'holds';
  for (const [operator, keys] of Object.entries(Object(condition)))
    for (const [key, values] of Object.entries<unknown>(Object(keys))) {
      const lowerKey = key.toLowerCase();
      const wants = String(valuesOf(values)[0]);
      if (lowerKey === 'aws:securetransport' && wants === 'false') return 'fails';
      const isWriters = id === WRITE_ROLE && action === 's3:DeleteObject';
      if (lowerKey === 's3:if-match' && operator === 'Null' && isWriters && wants === 'true') return 'fails';
      if (lowerKey !== 'aws:principalarn') {
        result = 'unknown';
        continue;
      }
      const isExact = /String(Not)?Equals(IfExists)?$/.test(operator);
      const isNamed = isExact ? valuesOf(values).includes(role) : matchesAny(values, role);
      if (isNamed === /Not/.test(operator)) return 'fails';
    }
  return result;
}

/** The statements of a policy. @param policy JSON; empty without a policy. */
export function statementsOf(policy: string): readonly JsonObject[] {
  return valuesOf(valueAt(parseJson(policy), ['Statement'])).filter(isJsonObject);
}

/** The name of a statement, or `Statement 2`. */
export function sidOf({ Sid }: JsonObject, i: number): string {
  return typeof Sid === 'string' ? Sid : `Statement ${i + 1}`;
}

/** The names of the statements of a policy that deny something. @param policy JSON; empty without a policy. */
export function deniersIn(policy: string): readonly string[] {
  return statementsOf(policy).flatMap((statement, i) =>
    statement['Effect'] === 'Deny' ? [sidOf(statement, i)] : [],
  );
}

/** A call that a policy has denied. */
export interface DeniedCall {
  /** ARN of the role, without its session. */
  readonly role: string;
  /** `s3:PutObject` */
  readonly action: string;
  /** ARN of what was asked for. */
  readonly resource: string;
}

/**
 * The names of the statements of a policy that deny a call. The call was denied, so that a condition of which nothing is known here
 * holds. Conditions of a statement have to hold together:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 *
 * @param policy JSON; empty without a policy.
 * @returns Empty if no statement denies the call: somebody has changed the policy since.
 */
export function denyingStatements(policy: string, { role, action, resource }: DeniedCall): readonly string[] {
  return statementsOf(policy).flatMap((statement, i) => {
    const isDenying =
      statement['Effect'] === 'Deny' &&
      isOfRole(statement, role) &&
      isOfAction(statement, action) &&
      partsOf(statement, resource).length > 0 &&
      conditionOf(statement['Condition'], { id: '', role }, action) !== 'fails';
    return isDenying ? [sidOf(statement, i)] : [];
  });
}

/**
 * A policy with roles excepted from its statements that deny, and the rest of it as it is.
 *
 * @param policy JSON.
 * @param rolesOf ARNs of the roles to except from a statement, by its name.
 * @returns JSON.
 */
export function exceptedPolicy(policy: string, rolesOf: (sid: string) => readonly string[]): string {
  const Statement = statementsOf(policy).map((statement, i) => {
    const roles = statement['Effect'] === 'Deny' ? rolesOf(sidOf(statement, i)) : [];
    return roles.length === 0
      ? statement
      : { ...statement, Condition: excepting(statement['Condition'], roles) };
  });
  const document = Object(parseJson(policy));
  return JSON.stringify({ ...document, Statement });
}

/**
 * A bucket's policy, JSON, with the statements of the stack in it: a command that puts it takes back none of a command that puts these.
 *
 * @param deleters ARNs of the stack's roles and users that may delete without a version.
 */
export function withOwnStatements(
  policy: string,
  {
    config,
    partition,
    deleters,
  }: {
    readonly config: Config;
    readonly partition: string;
    readonly deleters: readonly string[];
  },
): string {
  const settings = bucketSettings(config, { keyArn: null, partition, deleters });
  const own = settings.find(({ name }) => name === 'policy');
  return own === undefined ? policy : JSON.stringify(own.wanted(Object(parseJson(policy))));
}

/** A policy, JSON, with roles excepted from each statement that denies them something for certain. @param denials Of this policy. */
export function exceptedDenials(policy: string, denials: readonly BucketDenial[]): string {
  return exceptedPolicy(policy, (sid) => {
    const known = denials.filter((denial) => denial.isKnown && denial.sid === sid);
    return known.flatMap(({ roles }) => roles.map(({ role }) => role));
  });
}

/** A condition that holds for none of some roles. */
function excepting(condition: unknown, roles: readonly string[]): JsonObject {
  const others: JsonObject = Object(condition);
  const present = Object(others['ArnNotEquals']);
  const key = Object.keys(present).find((name) => /^aws:principalarn$/i.test(name)) ?? 'aws:PrincipalArn';
  const excepted = [...new Set([...valuesOf(present[key]), ...roles])];
  return { ...others, ArnNotEquals: { ...present, [key]: excepted } };
}
