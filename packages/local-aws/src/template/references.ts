import type { Template } from './Template.ts';

/** A `${…}` of `Fn::Sub`; `${!Literal}` stays as it is, without the `!`. */
export const SUB_PLACEHOLDER = /\$\{(!?)([^${}]*)\}/g;

/**
 * The intrinsic that an object is, if any: exactly one member, named `Ref` or `Fn::…`.
 * A policy's `Condition` is a member among others, and no intrinsic here: templates with conditions are refused.
 */
export function intrinsicOf(value: object): { name: string; argument: unknown } | undefined {
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0) return undefined;
  const [name, argument] = entry;
  return name === 'Ref' || name.startsWith('Fn::') ? { name, argument } : undefined;
}

/** Splits `Bucket.Arn` (or `['Bucket', 'Arn']`) into logical ID and attribute. */
export function attributePath(argument: unknown): [logicalId: string, attribute: string] | undefined {
  const parts = typeof argument === 'string' ? argument.split(/\.(.*)/s).slice(0, 2) : argument;
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const [logicalId, attribute]: unknown[] = parts;
  return typeof logicalId === 'string' && typeof attribute === 'string' ? [logicalId, attribute] : undefined;
}

/** Logical IDs that a resource needs first: what its properties refer to, and its `DependsOn`. */
export function dependenciesOf(template: Template, logicalId: string): ReadonlySet<string> {
  const resource = template.Resources[logicalId];
  const found = new Set<string>(resource?.DependsOn);
  collect(resource?.Properties, found);
  for (const id of found) if (!(id in template.Resources)) found.delete(id);
  return found;
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  const intrinsic = intrinsicOf(value);
  if (intrinsic?.name === 'Ref' && typeof intrinsic.argument === 'string') found.add(intrinsic.argument);
  if (intrinsic?.name === 'Fn::GetAtt') {
    const path = attributePath(intrinsic.argument);
    if (path !== undefined) found.add(path[0]);
  }
  if (intrinsic?.name === 'Fn::Sub') {
    const text = Array.isArray(intrinsic.argument) ? intrinsic.argument[0] : intrinsic.argument;
    if (typeof text === 'string') {
      for (const [, literal, name = ''] of text.matchAll(SUB_PLACEHOLDER)) {
        if (literal === '') found.add(name.split('.')[0] ?? '');
      }
    }
  }
  for (const child of Object.values(value)) collect(child, found);
}
