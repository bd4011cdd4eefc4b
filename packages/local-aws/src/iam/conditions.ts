import { notImplemented } from '../protocol/AwsError.ts';
import { matchesPattern } from './matchesPattern.ts';
import { PolicyProblem } from './PolicyProblem.ts';

/** Operator, then condition key, then the values of which one must match. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What a request carries, by condition key in lower case. What is not there, the request does not have. */
export type RequestContext = ReadonlyMap<string, string>;

type Test = (wanted: string, came: string) => boolean;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['StringEquals', (wanted, came) => wanted === came],
  ['StringEqualsIgnoreCase', (wanted, came) => wanted.toLowerCase() === came.toLowerCase()],
  ['StringLike', matchesPattern],
  // "ArnEquals and ArnLike behave identically", same page.
  ['ArnEquals', matchesArn],
  ['ArnLike', matchesArn],
  ['Bool', (wanted, came) => wanted.toLowerCase() === came.toLowerCase()],
]);

/** Each the opposite of one above; true also where the key is absent. */
const NEGATED: ReadonlyMap<string, string> = new Map([
  ['StringNotEquals', 'StringEquals'],
  ['StringNotEqualsIgnoreCase', 'StringEqualsIgnoreCase'],
  ['StringNotLike', 'StringLike'],
  ['ArnNotEquals', 'ArnEquals'],
  ['ArnNotLike', 'ArnLike'],
]);

/**
 * Keys whose value is known here, or known to be absent: nobody here is in an organisation or calls through a
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
 * @throws PolicyProblem for `NullIfExists`, which IAM doesn't have; AwsError `NotImplemented` for an operator or a key
 * that is not evaluated.
 */
export function checkCondition(operator: string, key: string): void {
  const base = baseOf(operator);
  if (base === 'Null' && operator !== base) throw new PolicyProblem(`Invalid Condition type : ${operator}`);
  if (base !== 'Null' && !TESTS.has(base) && !NEGATED.has(base))
    throw notImplemented(`A policy with the condition operator ${operator}`);
  if (!KEYS.has(key.toLowerCase())) throw notImplemented(`A policy with the condition key ${key}`);
}

/** Whether a request meets every condition: one value of each key is enough. */
export function conditionsHold(conditions: Conditions, context: RequestContext): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, wanted, context.get(key.toLowerCase()))),
  );
}

function holds(operator: string, wanted: readonly string[], came: string | undefined): boolean {
  const base = baseOf(operator);
  if (base === 'Null') return wanted.some((text) => text.toLowerCase() === String(came === undefined));
  const negated = NEGATED.get(base);
  if (came === undefined) return operator !== base || negated !== undefined;
  const test = TESTS.get(negated ?? base);
  if (test === undefined) throw notImplemented(`A policy with the condition operator ${operator}`);
  const matches = wanted.some((text) => test(text, came));
  return negated === undefined ? matches : !matches;
}

function baseOf(operator: string): string {
  return operator.replace(/IfExists$/, '');
}

/** Part by part, so that `*` doesn't reach over a colon but in the last. */
function matchesArn(pattern: string, arn: string): boolean {
  const [wanted, came] = [pattern, arn].map(partsOf);
  if (wanted === undefined || came === undefined) return false;
  return wanted.length === came.length && wanted.every((part, i) => matchesPattern(part, came[i] ?? ''));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
