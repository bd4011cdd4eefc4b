import { intrinsicOf } from '../../../packages/local-aws/src/template/index.ts';
import type { PropertySpecs, ServiceSpec, ValueSpec } from './ServiceSpec.ts';

/** A resource as a template has it. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>> | undefined;
}

/** Functions whose result is a list. */
const LIST_FUNCTIONS = new Set(['Fn::Split', 'Fn::GetAZs', 'Fn::Cidr']);

/**
 * Problems for which CloudFormation would refuse a resource's properties, by path: an unknown property, one that is
 * read-only, a required one that is missing, a value of another type or one that is not allowed.
 */
export function propertyProblems(
  logicalId: string,
  { Type, Properties = {} }: TemplateResource,
  spec: ServiceSpec,
): string[] {
  const resource = spec.resource(Type);
  if (resource === undefined) return [`${logicalId}: there is no type ${Type}`];
  return members(Properties, resource.properties, logicalId, resource.readOnly);
}

function members(
  value: object,
  specs: PropertySpecs,
  path: string,
  readOnly: ReadonlySet<string> = new Set(),
): string[] {
  const missing = Object.entries(specs)
    .filter(([name, { required }]) => required && !(name in value))
    .map(([name]) => `${path}.${name} is required`);
  const wrong = Object.entries(value).flatMap(([name, member]) => {
    const known = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (known !== undefined) return problems(member, known.type, `${path}.${name}`);
    return [`${path}.${name} ${readOnly.has(name) ? 'is read-only' : 'is no property'}`];
  });
  return [...missing, ...wrong];
}

function problems(value: unknown, spec: ValueSpec, path: string): string[] {
  const wrong = (expected: string) => [`${path} is ${JSON.stringify(value)?.slice(0, 80)}, not ${expected}`];
  const intrinsic = typeof value === 'object' && value !== null ? intrinsicOf(value) : undefined;
  if (intrinsic !== undefined && spec.kind !== 'union' && spec.kind !== 'json') {
    if (intrinsic.name === 'Fn::If' || intrinsic.name === 'Ref') return [];
    const isList = LIST_FUNCTIONS.has(intrinsic.name);
    const takesText =
      spec.kind !== 'array' && spec.kind !== 'map' && spec.kind !== 'object' && spec.kind !== 'tag';
    return isList === takesText ? wrong(`of kind ${spec.kind}`) : [];
  }
  switch (spec.kind) {
    case 'json':
      return [];
    case 'union': {
      const tries = spec.types.map((type) => problems(value, type, path));
      return tries.some((found) => found.length === 0)
        ? []
        : (tries.sort((a, b) => a.length - b.length)[0] ?? []);
    }
    case 'string':
      if (typeof value !== 'string') return wrong('a string');
      return spec.allowed?.includes(value) === false ? wrong(`one of ${spec.allowed.join(', ')}`) : [];
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) return wrong('an integer');
      return spec.allowed?.includes(value) === false ? wrong(`one of ${spec.allowed.join(', ')}`) : [];
    case 'number':
    case 'boolean':
      return typeof value === spec.kind ? [] : wrong(`a ${spec.kind}`);
    case 'null':
      return value === null ? [] : wrong('null');
    case 'array':
      if (!Array.isArray(value)) return wrong('a list');
      return value.flatMap((item, at) => problems(item, spec.element, `${path}[${at}]`));
    default:
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object');
      if (spec.kind === 'object') return members(value, spec.properties(), path);
      if (spec.kind === 'tag') return 'Key' in value && 'Value' in value ? [] : wrong('a tag');
      return spec.kind === 'map'
        ? Object.entries(value).flatMap(([name, item]) => problems(item, spec.element, `${path}.${name}`))
        : [];
  }
}
