import type { Statement } from '../../lib/access/policyDocument.ts';
import { valueAt } from '../../lib/base/json.ts';
import { INLINE_CHARACTERS, MANAGED_CHARACTERS } from '../template/limits.ts';
import { valuesOf } from '../template/policyMatch.ts';
import { type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { lengthOf, substitution, type TemplatePlace } from '../template/substitute.ts';

/** A statement in a template: its resources are texts or references. */
interface WrittenStatement extends Pick<Statement, 'Effect' | 'Action' | 'Condition'> {
  readonly Resource: readonly Value[];
}

/** The roles of a template that have policies of their own, with the statements of these, and of the managed policies that the template gives them. */
export function roleStatements(
  made: Resources,
): readonly { readonly id: string; readonly statements: readonly WrittenStatement[] }[] {
  return Object.entries(made).flatMap(
    ([
      id,
      {
        Type,
        Properties: { Policies, ManagedPolicyArns },
      },
    ]) => {
      if (Type !== 'AWS::IAM::Role' || Policies === undefined) return [];
      const managed = valuesOf(ManagedPolicyArns).map(
        (one) => made[String(valueAt(one, ['Ref']))]?.Properties,
      );
      return [{ id, statements: [...valuesOf(Policies), ...managed].flatMap(statementsOf) }];
    },
  );
}

function statementsOf(policy: unknown): readonly WrittenStatement[] {
  const found: unknown = valueAt(policy, ['PolicyDocument', 'Statement']);
  return Array.isArray(found) ? found : [];
}

/**
 * Makes one inline policy of those that a role has, and managed policies of what IAM does not take inline. The role may do the
 * same. Statements keep their order: what a role has of a source stands together, and a source that is added at the end changes
 * the last policy alone.
 *
 * @returns The resources with the managed policies. A role with one policy stays as it is.
 */
export function fitPolicies(made: Resources, place: TemplatePlace): Resources {
  const filled = substitution({ Resources: made }, place);
  const fitted: Record<string, Resource> = {};
  const all = new Map(roleStatements(made).map(({ id, statements }) => [id, statements]));
  for (const [id, resource] of Object.entries(made)) {
    const { Properties } = resource;
    fitted[id] = resource;
    if (valuesOf(Properties['Policies']).length < 2) continue;
    const [inline = [], ...managed] = packed(all.get(id) ?? [], (value) => lengthOf(filled(value)));
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

function policyOf(statements: Value) {
  return { PolicyDocument: { Version: '2012-10-17', Statement: statements } };
}

/**
 * Statements in as many policies as they need, the first of which is inline. Those that differ in their resources alone are
 * one in each, and nothing is said twice.
 *
 * @param sizeOf Characters, as IAM counts them.
 */
function packed(
  statements: readonly WrittenStatement[],
  sizeOf: (value: unknown) => number,
): readonly Value[] {
  const around = sizeOf(policyOf([]).PolicyDocument);
  const said = new Set<string>();
  let policy = new Map<string, Value[]>();
  let left = (INLINE_CHARACTERS['AWS::IAM::Role'] ?? 0) - around;
  const policies = [policy];
  for (const { Resource, ...what } of statements)
    for (const resource of Resource) {
      const begun = JSON.stringify(what);
      const one = JSON.stringify([what, resource]);
      if (said.has(one)) continue;
      said.add(one);
      // With the comma behind it.
      const whole = sizeOf({ ...what, Resource: [resource] }) + 1;
      let size = policy.has(begun) ? sizeOf(resource) + 1 : whole;
      if (size > left) {
        policy = new Map();
        policies.push(policy);
        left = MANAGED_CHARACTERS - around;
        size = whole;
      }
      left -= size;
      policy.set(begun, [...(policy.get(begun) ?? []), resource]);
    }
  return policies.map((one) => [...one].map(([what, Resource]) => ({ ...JSON.parse(what), Resource })));
}
