import { isJsonObject, type JsonObject, valueAt } from '../../lib/base/json.ts';

/** What a statement of a policy names of a resource, which may end in `*`: all of it, or the parts for which it has patterns of their own. */
export function deniedOf(statement: JsonObject, resource: string): readonly string[] {
  const { Resource, NotResource } = statement;
  if (NotResource !== undefined) return matchesAny(NotResource, resource) ? [] : [resource];
  if (matchesAny(Resource, resource)) return [resource];
  const begins = (one: string) => /[*?]/.test(one) && resource.startsWith(one.split(/[*?]/)[0] ?? '');
  return resource.endsWith('*')
    ? valuesOf(Resource)
        .map(String)
        .filter((one) => like(resource, one) || begins(one))
    : [];
}

/** Whether a statement is about an action. */
export function isOfAction({ Action, NotAction }: JsonObject, action: string): boolean {
  return NotAction === undefined ? matchesAny(Action, action) : !matchesAny(NotAction, action);
}

/**
 * Whether a policy allows an action on a resource, conditions apart: a statement with one may allow, and does not deny.
 *
 * @param document As JSON.parse has it.
 */
export function mayAllow(document: unknown, action: string, resource: string): boolean {
  const about = valuesOf(valueAt(document, ['Statement'])).filter(
    (one): one is JsonObject =>
      isJsonObject(one) && isOfAction(one, action) && deniedOf(one, resource).includes(resource),
  );
  const denies = about.some(({ Effect, Condition }) => Effect === 'Deny' && Condition === undefined);
  return !denies && about.some(({ Effect }) => Effect === 'Allow');
}

/** Whether one of some patterns, or the only one, matches a text. */
export function matchesAny(patterns: unknown, text: string): boolean {
  return valuesOf(patterns).some((one) => like(String(one), text));
}

/** Whether a statement is about a role, by its ARN. */
export function isOfRole(statement: JsonObject, role: string): boolean {
  const names = (of: unknown) =>
    valuesOf(isJsonObject(of) ? of['AWS'] : of).some(
      (one) => one === '*' || one === role || isAccountOf(String(one), role),
    );
  const not = statement['NotPrincipal'];
  return not === undefined ? names(statement['Principal']) : !names(not);
}

function isAccountOf(principal: string, role: string): boolean {
  const [, , , , account = ''] = role.split(':');
  return principal === account || principal.endsWith(`::${account}:root`);
}

/** Wildcards of policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(text);
}

/** A value that a policy may have once or in a list. */
export function valuesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}
