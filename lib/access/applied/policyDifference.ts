import * as z from 'zod';
import type { PolicyDocument } from '../policyDocument.ts';
import { type PolicyMark, readMark, withoutMarks } from './policyMark.ts';

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** The value of a condition may be a number or a boolean: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const values = z.union([scalar.transform((one) => [one]), z.array(scalar)]);

/**
 * A statement as it is read back: somebody may have edited it, and AWS may have written a list of one as a text. Principals
 * are left out: who applies a policy chooses them.
 */
const statementSchema = z.object({
  Sid: z.string().default(''),
  Effect: z.enum(['Allow', 'Deny']),
  Action: texts.default([]),
  Resource: texts.default([]),
  Condition: z.record(z.string(), z.record(z.string(), values)).default({}),
});

const documentSchema = z.object({
  Statement: z.union([statementSchema.transform((one) => [one]), z.array(statementSchema)]),
});

/** A statement of a policy that was read back, every single value as a list. */
export type ReadStatement = z.output<typeof statementSchema>;

/** A policy that was read back. */
export interface ReadPolicy {
  /** Without marks in their IDs. */
  readonly statements: readonly ReadStatement[];
  readonly mark: PolicyMark | undefined;
}

/**
 * Reads a policy's JSON; undefined if it is not a policy. Elements that Sluice never prints are left out, so that a
 * statement with NotAction differs from a printed one by all of its actions.
 */
export function readPolicy(json: unknown): ReadPolicy | undefined {
  const read = documentSchema.safeParse(json);
  if (!read.success) return undefined;
  const { Statement: statements } = read.data;
  return {
    statements: withoutMarks(statements),
    mark: statements.flatMap(({ Sid }) => readMark(Sid) ?? [])[0],
  };
}

/** How the content of one statement differs. */
interface ChangedStatement {
  readonly sid: string;
  /** Actions and resources that the newer one has and the older one has not, and the other way round. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Its effect or its condition differ. */
  readonly isOtherwiseDifferent: boolean;
}

/** Differences between two policies, by the IDs of their statements. */
export interface PolicyDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly ChangedStatement[];
  /** Whether the newer one grants something that the older one does not, or denies less. */
  readonly grantsMore: boolean;
  /** Whether the older one grants something that the newer one does not, or denies less. */
  readonly grantsLess: boolean;
}

/**
 * Compares two policies. A placeholder such as `__ACCOUNT_ID__` equals any text in its place.
 */
export function comparePolicies(
  older: readonly ReadStatement[],
  newer: readonly ReadStatement[],
): PolicyDifference {
  const olderById = new Map(older.map((one) => [one.Sid, one]));
  const newerIds = new Set(newer.map(({ Sid }) => Sid));
  const added = newer.filter(({ Sid }) => !olderById.has(Sid));
  const removed = older.filter(({ Sid }) => !newerIds.has(Sid));
  const changes = newer.flatMap((one) => {
    const before = olderById.get(one.Sid);
    if (before === undefined) return [];
    const change = compareStatements(before, one);
    return change === undefined ? [] : [{ change, ...grants(change, one.Effect) }];
  });
  return {
    added: added.map(({ Sid }) => Sid),
    removed: removed.map(({ Sid }) => Sid),
    changed: changes.map(({ change }) => change),
    grantsMore:
      added.some(({ Effect }) => Effect === 'Allow') ||
      removed.some(({ Effect }) => Effect === 'Deny') ||
      changes.some((one) => one.grantsMore),
    grantsLess:
      removed.some(({ Effect }) => Effect === 'Allow') ||
      added.some(({ Effect }) => Effect === 'Deny') ||
      changes.some((one) => one.grantsLess),
  };
}

/** Whether nothing differs. */
export function isSamePolicy({ added, removed, changed }: PolicyDifference): boolean {
  return added.length + removed.length + changed.length === 0;
}

/** A difference in words: `Objects: + s3:PutObjectAcl; new statement ListResults; no more statement ListCatalogs`. */
export function differenceText({ added, removed, changed }: PolicyDifference): string {
  return [
    ...changed.map(({ sid, added: more, removed: less, isOtherwiseDifferent }) => {
      const words = [...more.map((one) => `+ ${one}`), ...less.map((one) => `- ${one}`)];
      return `${sid}: ${[...words, ...(isOtherwiseDifferent ? ['another effect or condition'] : [])].join(', ')}`;
    }),
    ...added.map((sid) => `new statement ${sid}`),
    ...removed.map((sid) => `no more statement ${sid}`),
  ].join('; ');
}

/** Another effect or condition may grant more and less: nobody can tell from the texts. */
function grants(
  { added, removed, isOtherwiseDifferent }: ChangedStatement,
  effect: ReadStatement['Effect'],
): Pick<PolicyDifference, 'grantsMore' | 'grantsLess'> {
  const [more, less] = effect === 'Allow' ? [added, removed] : [removed, added];
  return {
    grantsMore: isOtherwiseDifferent || more.length > 0,
    grantsLess: isOtherwiseDifferent || less.length > 0,
  };
}

function compareStatements(older: ReadStatement, newer: ReadStatement): ChangedStatement | undefined {
  const actions = differ(older.Action, newer.Action);
  const resources = differ(older.Resource, newer.Resource);
  const isOtherwiseDifferent =
    older.Effect !== newer.Effect || !sameConditions(older.Condition, newer.Condition);
  const added = [...actions.added, ...resources.added];
  const removed = [...actions.removed, ...resources.removed];
  if (added.length + removed.length === 0 && !isOtherwiseDifferent) return undefined;
  return { sid: newer.Sid, added, removed, isOtherwiseDifferent };
}

function differ(older: readonly string[], newer: readonly string[]) {
  const isIn = (all: readonly string[]) => (one: string) => all.some((other) => sameText(one, other));
  return {
    added: newer.filter((one) => !isIn(older)(one)),
    removed: older.filter((one) => !isIn(newer)(one)),
  };
}

function sameConditions(one: ReadStatement['Condition'], other: ReadStatement['Condition']): boolean {
  const flat = (conditions: ReadStatement['Condition']) =>
    Object.entries(conditions).flatMap(([operator, keys]) =>
      Object.entries(keys).flatMap(([key, values]) => values.map((value) => `${operator} ${key} ${value}`)),
    );
  const { added, removed } = differ(flat(one), flat(other));
  return added.length + removed.length === 0;
}

const PLACEHOLDER = /__[A-Z0-9]+(?:_[A-Z0-9]+)*__/;

/** Whether two texts are equal when the placeholders of either stand for any text. */
function sameText(one: string, other: string): boolean {
  return one === other || matches(one, other) || matches(other, one);
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split(PLACEHOLDER);
  if (parts.length === 1) return false;
  const [first = '', ...rest] = parts;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const [i, part] of rest.entries()) {
    const next = i === rest.length - 1 ? text.lastIndexOf(part) : text.indexOf(part, at);
    if (next < at || (i === rest.length - 1 && next + part.length !== text.length)) return false;
    at = next + part.length;
  }
  return true;
}

/** A printed document in the form in which policies are read back. */
export function asRead(document: PolicyDocument): readonly ReadStatement[] {
  return withoutMarks(documentSchema.parse(JSON.parse(JSON.stringify(document))).Statement);
}
