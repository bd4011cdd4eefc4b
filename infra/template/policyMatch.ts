import { iamArn } from '../../lib/access/arns.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { isJsonObject, type JsonObject, valueAt, valuesOf } from '../../lib/base/json.ts';

/**
 * The parts of a resource that a statement of a policy is about, whatever its effect.
 *
 * @param resource An ARN, which may end in `*`.
 * @returns The resource, if the statement names all of it; else the statement's own patterns for parts of it. Empty if it names none.
 */
export function partsOf(statement: JsonObject, resource: string): readonly string[] {
  const { Resource, NotResource } = statement;
  if (NotResource !== undefined) return matchesAny(NotResource, resource) ? [] : [resource];
  if (matchesAny(Resource, resource)) return [resource];
  const begins = (pattern: string) =>
    /[*?]/.test(pattern) && resource.startsWith(pattern.split(/[*?]/)[0] ?? '');
  return resource.endsWith('*')
    ? valuesOf(Resource)
        .map(String)
        .filter((pattern) => like(resource, pattern) || begins(pattern))
    : [];
}

/** Whether a statement is about an action. */
export function isOfAction({ Action, NotAction }: JsonObject, action: string): boolean {
  return NotAction === undefined ? matchesAny(Action, action) : !matchesAny(NotAction, action);
}

/**
 * Whether a policy allows an action on a resource, apart from conditions: a statement with a condition may allow, and
 * does not deny.
 *
 * @param document The policy, parsed from JSON.
 */
export function mayAllow(document: unknown, action: string, resource: string): boolean {
  const about = valuesOf(valueAt(document, ['Statement'])).filter(
    (statement): statement is JsonObject =>
      isJsonObject(statement) &&
      isOfAction(statement, action) &&
      partsOf(statement, resource).includes(resource),
  );
  const denies = about.some(({ Effect, Condition }) => Effect === 'Deny' && Condition === undefined);
  return !denies && about.some(({ Effect }) => Effect === 'Allow');
}

/** Whether one of some patterns, or a single pattern, matches a text. */
export function matchesAny(patterns: unknown, text: string): boolean {
  return valuesOf(patterns).some((pattern) => like(String(pattern), text));
}

/** Whether a statement is about a role, by its ARN. */
export function isOfRole(statement: JsonObject, role: string): boolean {
  const names = (principals: unknown) =>
    valuesOf(isJsonObject(principals) ? principals['AWS'] : principals).some(
      (principal) => principal === '*' || principal === role || isAccountOf(String(principal), role),
    );
  const excepted = statement['NotPrincipal'];
  return excepted === undefined ? names(statement['Principal']) : !names(excepted);
}

/** Whether a principal is the account that a role is of. */
function isAccountOf(principal: string, role: string): boolean {
  const place = parseArn(role);
  return principal === place.account || principal === iamArn(place, 'root');
}

/**
 * Whether a pattern with the wildcards of policies matches a text:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(text);
}
