import { z } from 'zod';
import { unionMessage } from '../base/errors.ts';
import { notImplemented } from '../protocol/AwsError.ts';

/** One statement, with all single values as lists. */
export interface PolicyStatement {
  /** The statement's `Sid`; undefined without one. */
  readonly sid: string | undefined;
  /** Whether the statement allows or denies. */
  readonly effect: 'Allow' | 'Deny';
  /** ARNs and accounts, or `*`; undefined in an identity's policy. */
  readonly principals: readonly string[] | undefined;
  /** Patterns in lower case: actions are case-insensitive. */
  readonly actions: readonly string[];
  /** Whether `actions` lists the excluded actions. */
  readonly notActions: boolean;
  /** Patterns; undefined for the resource that the policy is attached to, as in trust policies. */
  readonly resources: readonly string[] | undefined;
  /** Whether `resources` lists the excluded resources. */
  readonly notResources: boolean;
  /** What must hold of the call, by operator and key; empty without conditions. */
  readonly conditions: Conditions;
}

/** A parsed policy document. */
export type Policy = readonly PolicyStatement[];

/** Why a document is not a valid policy, in a sentence. Each service has its own error for it. */
export class PolicyProblem extends Error {}

/**
 * Whether a text matches a pattern of a policy: `*` matches any characters, including none, and `?` one.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function matchesPattern(pattern: string, text: string): boolean {
  // Only `?` counts characters, of which some have two units of UTF-16.
  return pattern.includes('?') ? matchesUnits([...pattern], [...text]) : matchesUnits(pattern, text);
}

/** As {@link matchesPattern}, where `?` matches one unit. */
function matchesUnits(pattern: ArrayLike<string>, text: ArrayLike<string>): boolean {
  // Greedy with one backtracking point, so that no pattern takes more than |pattern| × |text| steps.
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

/** The values of conditions, by operator and then by condition key. One of the values must match. */
type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/**
 * Values of a request by condition key in lower case. A missing key means that the request doesn't have it. A key
 * with several values has a list.
 */
export type RequestContext = ReadonlyMap<string, string | readonly string[]>;

/** Whether a value of a request matches a value of a condition. */
type Test = (wanted: string, actual: string) => boolean;

/** The operators of conditions: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['StringEquals', (wanted, actual) => wanted === actual],
  ['StringEqualsIgnoreCase', (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase()],
  ['StringLike', matchesPattern],
  // "ArnEquals and ArnLike behave identically", same page.
  ['ArnEquals', matchesArn],
  ['ArnLike', matchesArn],
  ['Bool', (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase()],
]);

/** Operators that are the opposite of an operator above. They are also true when the key is absent. */
const NEGATED: ReadonlyMap<string, string> = new Map([
  ['StringNotEquals', 'StringEquals'],
  ['StringNotEqualsIgnoreCase', 'StringEqualsIgnoreCase'],
  ['StringNotLike', 'StringLike'],
  ['ArnNotEquals', 'ArnEquals'],
  ['ArnNotLike', 'ArnLike'],
]);

/** The end of an operator that is true where the request does not have the key. */
const IF_EXISTS = 'IfExists';
/** The prefix of an operator that is true if every value of the request matches. */
const FOR_ALL_VALUES = 'ForAllValues:';
/** Prefixes for keys with several values: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html */
const SET = /^For(?:AllValues|AnyValue):/;

/** Headers of S3's requests that are keys of conditions, with `s3:` before their name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html */
export const S3_HEADER_KEYS = [
  'if-match',
  'if-none-match',
  'x-amz-acl',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
] as const;

/**
 * Keys whose value is known here, or known to be absent: no caller is in an organisation, and only Athena calls for
 * others. Any other key would wrongly be assumed to be absent.
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
  'aws:calledviafirst',
  'aws:calledvialast',
  'aws:viaawsservice',
  'aws:principalisawsservice',
  's3:prefix',
  's3:delimiter',
  's3:max-keys',
  ...S3_HEADER_KEYS.map((name) => `s3:${name}`),
  's3:resourceaccount',
  'kms:viaservice',
  'kms:calleraccount',
  'sts:externalid',
  'sts:rolesessionname',
]);

/**
 * Checks that a condition is evaluated here.
 *
 * @param isKnown Whether requests that have a condition key, in lower case, always state it.
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

/** Whether a request meets every condition; for each key one matching value is enough. */
export function conditionsHold(conditions: Conditions, context: RequestContext): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, wanted, context.get(key.toLowerCase()))),
  );
}

/** Whether a condition on one key is met. @param actual Undefined for a request without the key. */
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

/** An operator without the prefix for several values and without `IfExists`. */
function baseOf(operator: string): string {
  const base = operator.replace(SET, '');
  return base.endsWith(IF_EXISTS) ? base.slice(0, -IF_EXISTS.length) : base;
}

/** Matches an ARN part by part, so that `*` crosses a colon only in the last part. */
function matchesArn(pattern: string, arn: string): boolean {
  const wanted = partsOf(pattern);
  const actual = partsOf(arn);
  return wanted.length === actual.length && wanted.every((part, i) => matchesPattern(part, actual[i] ?? ''));
}

/** The first five parts of an ARN, and the rest. */
function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** A text or a list of texts, as a list. */
const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
/** A value of a condition, as text. */
const scalar = z.union([z.string(), z.boolean(), z.number()]).transform(String);
/** A value or a list of values of a condition, as a list. */
const values = z.union([scalar, z.array(scalar)]).transform((value) => [value].flat());
/** A statement of a policy. */
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
/** A policy document. A single statement need not be in a list. */
const documentSchema = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: z.string().optional(),
  Statement: z.preprocess((value) => [value].flat(), z.array(statementSchema)),
});

/**
 * Parses a policy document.
 *
 * @param isKnown Whether requests that have a condition key, in lower case, always state it. Default: the keys that
 * the emulator knows.
 * @throws PolicyProblem when it is invalid; AwsError `NotImplemented` for elements that are not evaluated here and
 * would otherwise be ignored.
 */
export function readPolicy(
  document: unknown,
  isKnown: (key: string) => boolean = (key) => KEYS.has(key),
): Policy {
  if (hasPrototypeKey(document)) throw new PolicyProblem('the document has a member __proto__');
  const read = documentSchema.safeParse(document, { error: unionMessage });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new PolicyProblem(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
  }
  return read.data.Statement.map((statement) => readStatement(statement, isKnown));
}

/** Whether a document has a member `__proto__`. JSON can contain one, but a copy of the object loses it, and a condition with it. */
function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasPrototypeKey);
}

/** A statement with its lists. @param isKnown As of {@link readPolicy}. @throws PolicyProblem, AwsError as {@link readPolicy}. */
function readStatement(
  statement: z.output<typeof statementSchema>,
  isKnown: (key: string) => boolean,
): PolicyStatement {
  const { Sid, Effect, Action, NotAction, Resource, NotResource, Condition } = statement;
  if (statement.NotPrincipal !== undefined) throw notImplemented('A policy with NotPrincipal');
  if ((Action === undefined) === (NotAction === undefined))
    throw new PolicyProblem('a statement needs either Action or NotAction');
  if (Resource !== undefined && NotResource !== undefined)
    throw new PolicyProblem('a statement has either Resource or NotResource');
  const texts = [Resource ?? [], NotResource ?? [], Object.values(Condition).flatMap(textsOf)].flat();
  const variable = texts.find((text) => text.includes('${'));
  if (variable !== undefined) throw notImplemented(`A policy with the variable ${variable}`);
  for (const [operator, keys] of Object.entries(Condition))
    for (const key of Object.keys(keys)) checkCondition(operator, key, isKnown);
  return {
    sid: Sid,
    effect: Effect,
    principals: principalsOf(statement.Principal),
    actions: (Action ?? NotAction ?? []).map((action) => action.toLowerCase()),
    notActions: NotAction !== undefined,
    resources: Resource ?? NotResource,
    notResources: NotResource !== undefined,
    conditions: Condition,
  };
}

/** The ARNs, accounts and services that a statement names. */
function principalsOf(principal: z.output<typeof statementSchema>['Principal']): string[] | undefined {
  if (principal === undefined) return undefined;
  if (principal === '*') return ['*'];
  for (const kind of Object.keys(principal))
    if (kind !== 'AWS' && kind !== 'Service') throw notImplemented(`A policy with Principal.${kind}`);
  return Object.values(principal).flat();
}

/** The values of all keys of one operator. */
function textsOf(keys: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.values(keys).flat();
}
