import type { Statement } from '../../lib/access/policyDocument.ts';
import { valueAt, valuesOf } from '../../lib/base/json.ts';
import { INLINE_CHARACTERS, MANAGED_CHARACTERS } from '../template/limits.ts';
import { type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { lengthOf, substitution, type TemplatePlace } from '../template/substitute.ts';

/** A statement in a template, whose resources are texts or references. */
interface WrittenStatement extends Pick<Statement, 'Effect' | 'Action' | 'Condition'> {
  /** The ARNs of the resources, of which one at least is listed. */
  readonly Resource: readonly Value[];
}

/**
 * The roles of a template that have policies of their own. Their statements are those of these policies, and of the
 * managed policies that the template gives them.
 */
export function roleStatements(
  templateResources: Resources,
): readonly { readonly id: string; readonly statements: readonly WrittenStatement[] }[] {
  return Object.entries(templateResources).flatMap(
    ([
      id,
      {
        Type,
        Properties: { Policies, ManagedPolicyArns },
      },
    ]) => {
      if (Type !== 'AWS::IAM::Role' || Policies === undefined) return [];
      const managed = valuesOf(ManagedPolicyArns).map(
        (policyRef) => templateResources[String(valueAt(policyRef, ['Ref']))]?.Properties,
      );
      return [{ id, statements: [...valuesOf(Policies), ...managed].flatMap(statementsOf) }];
    },
  );
}

/** The statements of a policy in a template; none of anything else. */
function statementsOf(policy: unknown): readonly WrittenStatement[] {
  const statements: unknown = valueAt(policy, ['PolicyDocument', 'Statement']);
  return Array.isArray(statements) ? statements : [];
}

/**
 * Makes one inline policy of those that a role has, and managed policies of the statements that IAM does not take
 * inline. What the role may do stays the same. Statements keep their order: those for one source stand together, so
 * that a source that is added at the end changes the last policy alone.
 *
 * @returns The resources with the managed policies. A role with one policy stays as it is.
 */
export function fitPolicies(templateResources: Resources, place: TemplatePlace): Resources {
  const filled = substitution({ Resources: templateResources }, place);
  const fitted: Record<string, Resource> = {};
  const statementsByRole = new Map(
    roleStatements(templateResources).map(({ id, statements }) => [id, statements]),
  );
  for (const [id, resource] of Object.entries(templateResources)) {
    const { Properties } = resource;
    fitted[id] = resource;
    if (valuesOf(Properties['Policies']).length < 2) continue;
    const [inline = [], ...managed] = packed(statementsByRole.get(id) ?? [], (value) =>
      lengthOf(filled(value)),
    );
    const policies = managed.map((statements, i) => [`${id}Policy${i + 1}`, policyOf(statements)] as const);
    const Policies = [{ PolicyName: 'inline', ...policyOf(inline) }];
    const ManagedPolicyArns = policies.map(([name]) => ref(name));
    const attached = policies.length === 0 ? {} : { ManagedPolicyArns };
    fitted[id] = { ...resource, Properties: { ...Properties, Policies, ...attached } };
    for (const [name, policy] of policies)
      fitted[name] = { Type: 'AWS::IAM::ManagedPolicy', Properties: policy };
  }
  return fitted;
}

/** A policy in a template. */
function policyOf(statements: Value) {
  return { PolicyDocument: { Version: '2012-10-17', Statement: statements } };
}

/**
 * Puts statements into as many policies as they need, the first of which is inline. Statements that differ in their
 * resources alone become one statement in each policy, and no permission is repeated.
 *
 * @param sizeOf Counts characters as IAM does.
 */
function packed(
  statements: readonly WrittenStatement[],
  sizeOf: (value: unknown) => number,
): readonly Value[] {
  const around = sizeOf(policyOf([]).PolicyDocument);
  const packedPermissions = new Set<string>();
  let policy = new Map<string, Value[]>();
  let left = INLINE_CHARACTERS.role - around;
  const policies = [policy];
  for (const { Resource: named, ...terms } of statements)
    for (const resource of named) {
      const termsText = JSON.stringify(terms);
      const permission = JSON.stringify([terms, resource]);
      if (packedPermissions.has(permission)) continue;
      packedPermissions.add(permission);
      // The size includes the comma behind the statement.
      const whole = sizeOf({ ...terms, Resource: [resource] }) + 1;
      let size = policy.has(termsText) ? sizeOf(resource) + 1 : whole;
      if (size > left) {
        policy = new Map();
        policies.push(policy);
        left = MANAGED_CHARACTERS - around;
        size = whole;
      }
      left -= size;
      policy.set(termsText, [...(policy.get(termsText) ?? []), resource]);
    }
  return policies.map((packedPolicy) =>
    [...packedPolicy].map(([termsText, named]) => ({ ...JSON.parse(termsText), Resource: named })),
  );
}
