import { isDeepStrictEqual } from 'node:util';
import { AwsError } from '../protocol/AwsError.ts';
import type { Generations, ResolvedResource, ResolvedTemplate } from '../template/resolveTemplate.ts';
import { updateRules } from './updateRules.ts';

/** The change of one resource in an update. Actions have CloudFormation's names, as in a change set. */
export type StackChange =
  | { readonly action: 'Add'; readonly after: ResolvedResource }
  | {
      readonly action: 'Modify';
      readonly before: ResolvedResource;
      readonly after: ResolvedResource;
      /** Names of the properties that change. */
      readonly properties: readonly string[];
      /** A new resource takes the place of the old one, which is deleted once everything else is done. */
      readonly replacement: boolean;
      /** Why CloudFormation refuses the change, which makes the update fail when it comes to this resource. */
      readonly refusal?: string;
    }
  | { readonly action: 'Remove'; readonly before: ResolvedResource };

/** The changes that lead from one template to another. */
export interface UpdatePlan {
  readonly after: ResolvedTemplate;
  readonly generations: Generations;
  /** Additions and changes in the order of dependencies, then removals in the opposite one. */
  readonly changes: readonly StackChange[];
}

/**
 * Plans the update of a stack: compares its resources with those of a new template.
 *
 * A resource that is replaced and has a generated name gets a new one, which may change the resources that refer to
 * it: `resolve` is called again until no name changes any more.
 *
 * @param resolve The new template with the given generations.
 * @throws AwsError ValidationError for a resource whose type changes.
 */
export function planUpdate(
  before: Pick<ResolvedTemplate, 'resources'>,
  generations: Generations,
  resolve: (generations: Generations) => ResolvedTemplate,
): UpdatePlan {
  const next = new Map(Object.entries(generations));
  const renewed = new Set<string>();
  const renew = (logicalId: string) => {
    renewed.add(logicalId);
    next.set(logicalId, (next.get(logicalId) ?? 0) + 1);
  };
  for (;;) {
    const after = resolve(Object.fromEntries(next));
    const changes = compareResources(before.resources, after.resources);
    const renamed = changes.flatMap((change) =>
      change.action === 'Modify' &&
      change.replacement &&
      change.refusal === undefined &&
      change.before.physicalId === change.after.physicalId &&
      !renewed.has(change.after.logicalId)
        ? [change.after.logicalId]
        : [],
    );
    for (const logicalId of renamed) renew(logicalId);
    if (renamed.length > 0) continue;
    // A resource that has this logical ID later is another resource.
    for (const change of changes) if (change.action === 'Remove') renew(change.before.logicalId);
    return { after, generations: Object.fromEntries(next), changes };
  }
}

/**
 * The changes between two lists of resources, each in the order of dependencies.
 *
 * @throws AwsError ValidationError for a resource whose type changes.
 */
export function compareResources(
  before: readonly ResolvedResource[],
  after: readonly ResolvedResource[],
): StackChange[] {
  const old = new Map(before.map((resource) => [resource.logicalId, resource]));
  const kept = new Set(after.map(({ logicalId }) => logicalId));
  const retyped = after.filter(({ logicalId, type }) => (old.get(logicalId)?.type ?? type) !== type);
  if (retyped.length > 0) throw typeChanged(retyped.map(({ logicalId }) => logicalId));
  const changes = after.flatMap((resource): StackChange[] => {
    const existing = old.get(resource.logicalId);
    if (existing === undefined) return [{ action: 'Add', after: resource }];
    return compareResource(existing, resource);
  });
  const removed = before
    .filter(({ logicalId }) => !kept.has(logicalId))
    .map((resource): StackChange => ({ action: 'Remove', before: resource }));
  return [...changes, ...removed.reverse()];
}

function compareResource(before: ResolvedResource, after: ResolvedResource): StackChange[] {
  const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties)]);
  const properties = [...names].filter(
    (name) => !isDeepStrictEqual(before.properties[name], after.properties[name]),
  );
  if (properties.length === 0) return [];
  const rule = updateRules.get(after.type);
  const replacement =
    rule?.createOnly.some(
      (path) => !isDeepStrictEqual(valueAt(before.properties, path), valueAt(after.properties, path)),
    ) ?? false;
  const name = rule?.name === undefined ? undefined : after.properties[rule.name];
  if (
    replacement &&
    name !== undefined &&
    rule?.name !== undefined &&
    name === before.properties[rule.name]
  ) {
    const refusal = `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${String(name)} and update the stack again.`;
    return [{ action: 'Modify', before, after, properties, replacement, refusal }];
  }
  return [{ action: 'Modify', before, after, properties, replacement }];
}

function valueAt(properties: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      properties,
    );
}

/** CloudFormation's own sentence. */
function typeChanged(logicalIds: readonly string[]): AwsError {
  return new AwsError(
    'ValidationError',
    400,
    `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${logicalIds.join(', ')}]`,
  );
}
