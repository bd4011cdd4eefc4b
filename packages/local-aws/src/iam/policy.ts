import { z } from 'zod';
import { notImplemented } from '../protocol/AwsError.ts';

/** One statement, its lists made lists. */
export interface PolicyStatement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** ARNs and accounts, or `*`; undefined in a policy of an identity. */
  readonly principals: readonly string[] | undefined;
  /** Patterns in lower case: actions are compared without regard to case. */
  readonly actions: readonly string[];
  /** Whether `actions` are those that it is not about. */
  readonly notActions: boolean;
  /** Patterns; undefined where what the policy is attached to is meant, as in trust policies. */
  readonly resources: readonly string[] | undefined;
  readonly notResources: boolean;
  readonly conditions: Conditions;
}

/** A policy document as it was read. */
export type Policy = readonly PolicyStatement[];

/** What is wrong with a document that is no policy, in a sentence: each service has its own error for it. */
export class PolicyProblem extends Error {}

/**
 * Whether a text is what a pattern of a policy means: `*` stands for any characters, also none, and `?` for one.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function matchesPattern(pattern: string, text: string): boolean {
  // Greedy with one step back, so that no pattern takes more than |pattern| × |text| steps.
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      resume = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      resume += 1;
      t = resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** Operator, then condition key, then the values of which one must match. */
type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/**
 * What a request carries, by condition key in lower case. What is not there, the request does not have. A key that takes
 * several values has a list.
 */
export type RequestContext = ReadonlyMap<string, string | readonly string[]>;

type Test = (wanted: string, actual: string) => boolean;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['StringEquals', (wanted, actual) => wanted === actual],
  ['StringEqualsIgnoreCase', (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase()],
  ['StringLike', matchesPattern],
  // "ArnEquals and ArnLike behave identically", same page.
  ['ArnEquals', matchesArn],
  ['ArnLike', matchesArn],
  ['Bool', (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase()],
]);

/** Each the opposite of one above; true also where the key is absent. */
const NEGATED: ReadonlyMap<string, string> = new Map([
  ['StringNotEquals', 'StringEquals'],
  ['StringNotEqualsIgnoreCase', 'StringEqualsIgnoreCase'],
  ['StringNotLike', 'StringLike'],
  ['ArnNotEquals', 'ArnEquals'],
  ['ArnNotLike', 'ArnLike'],
]);

const IF_EXISTS = 'IfExists';
const FOR_ALL_VALUES = 'ForAllValues:';
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html */
const SET = /^For(?:AllValues|AnyValue):/;

/**
 * Keys whose value is known here, or known to be absent: no caller is in an organisation or calls through a
 * service. Any other key would be taken for absent without being so.
 */
const KEYS: ReadonlySet<string> = new Set([
  'aws:securetransport',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:resourceaccount',
  'aws:principalorgid',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:calledvia',
  'aws:viaawsservice',
  'aws:principalisawsservice',
  's3:prefix',
  's3:delimiter',
  's3:max-keys',
  's3:resourceaccount',
  's3:x-amz-acl',
  's3:x-amz-storage-class',
  's3:x-amz-server-side-encryption',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  'kms:viaservice',
  'kms:calleraccount',
  'sts:externalid',
  'sts:rolesessionname',
]);

/**
 * @param isKnown Whether requests are sure to carry a condition key, in lower case, if they have it.
 * @throws PolicyProblem for `NullIfExists`, which IAM doesn't have; AwsError `NotImplemented` for an operator or a key
 * that is not evaluated.
 */
function checkCondition(operator: string, key: string, isKnown: (key: string) => boolean): void {
  const base = baseOf(operator);
  if (base === 'Null' && operator !== base) throw new PolicyProblem(`Invalid Condition type : ${operator}`);
  if (base !== 'Null' && !TESTS.has(base) && !NEGATED.has(base))
    throw notImplemented(`A policy with the condition operator ${operator}`);
  if (!isKnown(key.toLowerCase())) throw notImplemented(`A policy with the condition key ${key}`);
}

/** Whether a request meets every condition: one value of each key is enough. */
export function conditionsHold(conditions: Conditions, context: RequestContext): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, wanted, context.get(key.toLowerCase()))),
  );
}

function holds(
  operator: string,
  wanted: readonly string[],
  actual: string | readonly string[] | undefined,
): boolean {
  const base = baseOf(operator);
  if (base === 'Null') return wanted.some((text) => text.toLowerCase() === String(actual === undefined));
  const negated = NEGATED.get(base);
  const test = TESTS.get(negated ?? base);
  if (test === undefined) throw notImplemented(`A policy with the condition operator ${operator}`);
  const [set] = SET.exec(operator) ?? [];
  if (actual === undefined) {
    if (operator.endsWith(IF_EXISTS)) return true;
    return set === undefined ? negated !== undefined : set === FOR_ALL_VALUES;
  }
  const matches = (value: string) => wanted.some((text) => test(text, value)) === (negated === undefined);
  const values = [actual].flat();
  return set === FOR_ALL_VALUES ? values.every(matches) : values.some(matches);
}

function baseOf(operator: string): string {
  const base = operator.replace(SET, '');
  return base.endsWith(IF_EXISTS) ? base.slice(0, -IF_EXISTS.length) : base;
}

/** Part by part, so that `*` doesn't reach over a colon but in the last. */
function matchesArn(pattern: string, arn: string): boolean {
  const [wanted, actual] = [pattern, arn].map(partsOf);
  if (wanted === undefined || actual === undefined) return false;
  return wanted.length === actual.length && wanted.every((part, i) => matchesPattern(part, actual[i] ?? ''));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
const scalar = z.union([z.string(), z.boolean(), z.number()]).transform(String);
const values = z.union([scalar, z.array(scalar)]).transform((one) => [one].flat());
const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), oneOrMore)]).optional(),
  NotPrincipal: z.unknown().optional(),
  Action: oneOrMore.optional(),
  NotAction: oneOrMore.optional(),
  Resource: oneOrMore.optional(),
  NotResource: oneOrMore.optional(),
  Condition: z.record(z.string(), z.record(z.string(), values)).default({}),
});
const documentSchema = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: z.string().optional(),
  Statement: z.preprocess((given) => [given].flat(), z.array(statementSchema)),
});

/**
 * Reads a policy document.
 *
 * @param isKnown Whether requests are sure to carry a condition key, in lower case, if they have it. Default those that
 * the emulator knows.
 * @throws PolicyProblem when it is none; AwsError `NotImplemented` naming what is not evaluated here, which would
 * otherwise decide without being asked.
 */
export function readPolicy(
  document: unknown,
  isKnown: (key: string) => boolean = (key) => KEYS.has(key),
): Policy {
  if (hasPrototypeKey(document)) throw new PolicyProblem('the document has a member __proto__');
  const read = documentSchema.safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new PolicyProblem(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
  }
  return read.data.Statement.map((statement) => readStatement(statement, isKnown));
}

/** JSON can have such a member, and a copy of the object loses it: a condition would be gone. */
function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasPrototypeKey);
}

function readStatement(
  given: z.output<typeof statementSchema>,
  isKnown: (key: string) => boolean,
): PolicyStatement {
  const { Sid, Effect, Action, NotAction, Resource, NotResource, Condition } = given;
  if (given.NotPrincipal !== undefined) throw notImplemented('A policy with NotPrincipal');
  if ((Action === undefined) === (NotAction === undefined))
    throw new PolicyProblem('a statement needs either Action or NotAction');
  if (Resource !== undefined && NotResource !== undefined)
    throw new PolicyProblem('a statement has either Resource or NotResource');
  for (const text of [
    ...(Resource ?? []),
    ...(NotResource ?? []),
    ...Object.values(Condition).flatMap(textsOf),
  ])
    if (text.includes('${')) throw notImplemented(`A policy with the variable ${text}`);
  for (const [operator, keys] of Object.entries(Condition))
    for (const key of Object.keys(keys)) checkCondition(operator, key, isKnown);
  return {
    sid: Sid,
    effect: Effect,
    principals: principalsOf(given.Principal),
    actions: (Action ?? NotAction ?? []).map((action) => action.toLowerCase()),
    notActions: NotAction !== undefined,
    resources: Resource ?? NotResource,
    notResources: NotResource !== undefined,
    conditions: Condition,
  };
}

/** No caller acts as a service here, so services match no caller. */
function principalsOf(principal: z.output<typeof statementSchema>['Principal']): string[] | undefined {
  if (principal === undefined || principal === '*') return principal === undefined ? undefined : ['*'];
  for (const kind of Object.keys(principal))
    if (kind !== 'AWS' && kind !== 'Service') throw notImplemented(`A policy with Principal.${kind}`);
  return Object.values(principal).flat();
}

function textsOf(keys: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.values(keys).flat();
}
