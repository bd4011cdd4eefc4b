import { z } from 'zod';
import { notImplemented } from '../protocol/AwsError.ts';
import { checkCondition } from './conditions.ts';
import type { Policy, PolicyStatement } from './Policy.ts';
import { PolicyProblem } from './PolicyProblem.ts';

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
 * @throws PolicyProblem when it is none; AwsError `NotImplemented` naming what is not evaluated here, which would
 * otherwise decide without being asked.
 */
export function readPolicy(document: unknown): Policy {
  if (hasPrototypeKey(document)) throw new PolicyProblem('the document has a member __proto__');
  const read = documentSchema.safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new PolicyProblem(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
  }
  return read.data.Statement.map(readStatement);
}

/** JSON can name a member so, and whoever copies the object loses it: a condition would be gone. */
function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasPrototypeKey);
}

function readStatement(given: z.output<typeof statementSchema>): PolicyStatement {
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
    for (const key of Object.keys(keys)) checkCondition(operator, key);
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

/** Of services nobody acts as one here, so that they match nobody. */
function principalsOf(principal: z.output<typeof statementSchema>['Principal']): string[] | undefined {
  if (principal === undefined || principal === '*') return principal === undefined ? undefined : ['*'];
  for (const kind of Object.keys(principal))
    if (kind !== 'AWS' && kind !== 'Service') throw notImplemented(`A policy with Principal.${kind}`);
  return Object.values(principal).flat();
}

function textsOf(keys: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.values(keys).flat();
}
