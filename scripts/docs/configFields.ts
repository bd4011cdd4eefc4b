import * as z from 'zod';
import { type FieldNote, nameOf, noteOf } from '../../lib/schema/noted.ts';

/** A field of an object in the configuration. */
export interface Field {
  /** The field's name in its object. */
  readonly key: string;
  /** The field's schema, as it stands in its object. */
  readonly schema: z.core.$ZodType;
  /** The text about the field. Undefined if it has none, which a test refuses. */
  readonly note: FieldNote | undefined;
  /** Whether the configuration may leave it out. */
  readonly isOptional: boolean;
  /** The schema's default as `{ value }`; undefined if there is no default. */
  readonly fallback: { readonly value: unknown } | undefined;
}

/** Zod's definition of a schema, by `type`. */
function definition(schema: z.core.$ZodType) {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** The fields of an object; empty for any other schema. */
export function fieldsOf(schema: z.core.$ZodType): Field[] {
  const def = definition(schema);
  if (def.type === 'pipe') return fieldsOf(def.in);
  if (def.type !== 'object') return [];
  return Object.entries(def.shape).map(([key, field]) => ({
    key,
    schema: field,
    note: noteOf(field),
    isOptional: field._zod.optin !== undefined,
    fallback: fallbackOf(field),
  }));
}

/** The default of a schema; undefined without one. */
function fallbackOf(schema: z.core.$ZodType): { readonly value: unknown } | undefined {
  const def = definition(schema);
  if (def.type === 'default' || def.type === 'prefault') return { value: def.defaultValue };
  if (def.type === 'nullable') return fallbackOf(def.innerType);
  return undefined;
}

/** The schemas right below a schema: members of a union, elements of a list, and values of a record. */
export function schemasBelow(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const def = definition(schema);
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
      return [def.innerType];
    case 'pipe':
      return [def.in];
    case 'array':
      return [def.element];
    case 'record':
      return [def.valueType];
    case 'union':
      return def.options;
    default:
      return fieldsOf(schema).map((field) => field.schema);
  }
}

/**
 * The schemas with a name of their own inside a schema. Each is there once, and an outer schema comes before those in
 * it.
 */
export function namedSchemas(root: z.core.$ZodType): ReadonlyMap<string, z.core.$ZodType> {
  const found = new Map<string, z.core.$ZodType>();
  const visit = (schema: z.core.$ZodType) => {
    const name = nameOf(schema);
    if (name !== undefined) {
      if (found.has(name)) return;
      found.set(name, schema);
    }
    for (const inner of schemasBelow(schema)) visit(inner);
  };
  visit(root);
  return found;
}

/** The objects without a name inside a schema, down to schemas with a name. */
export function ownObjects(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (nameOf(schema) !== undefined) return [];
  if (fieldsOf(schema).length > 0) return [schema];
  return schemasBelow(schema).flatMap(ownObjects);
}

/** The names of the schemas that a value of a field may have. */
export function typesOf(schema: z.core.$ZodType): readonly string[] {
  const name = nameOf(schema);
  if (name !== undefined) return [name];
  return fieldsOf(schema).length > 0 ? [] : schemasBelow(schema).flatMap(typesOf);
}

/** A union of objects that have fields in common. */
interface Choice {
  /** Fields that every object has, except objects with a single field. */
  readonly shared: readonly Field[];
  /** The objects, each with its name and the fields that only it has. */
  readonly options: readonly { readonly name: string; readonly own: readonly Field[] }[];
}

/** A named schema as a choice of objects with names; null if it is no union of such objects. */
export function choiceOf(schema: z.core.$ZodType): Choice | null {
  const def = definition(schema);
  const objects = def.type === 'union' ? def.options.filter((option) => nameOf(option) !== undefined) : [];
  if (objects.length < 2) return null;
  // An object with a single field has nothing to share.
  const [first = [], ...others] = objects.map(fieldsOf).filter(({ length }) => length > 1);
  const shared = first.filter(({ schema: sharedSchema }) =>
    others.every((fields) => fields.some((field) => field.schema === sharedSchema)),
  );
  const options = objects.map((object) => ({
    name: nameOf(object) ?? '',
    own: fieldsOf(object).filter(
      (field) => !shared.some((sharedField) => sharedField.schema === field.schema),
    ),
  }));
  return { shared, options };
}

/** The limits of a number, as `10 to 900`; null of what is none, or has none. */
export function rangeText(schema: z.core.$ZodType): string | null {
  if (schema instanceof z.ZodNumber) {
    const { minValue, maxValue } = schema;
    const hasLimits = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER;
    return hasLimits ? `${valueText(minValue)} to ${valueText(maxValue)}` : null;
  }
  // A field of an object has limits of its own.
  if (fieldsOf(schema).length > 0 || nameOf(schema) !== undefined) return null;
  const [range = null] = schemasBelow(schema).flatMap((below) => rangeText(below) ?? []);
  return range;
}

/** A field's key, with its value if only one is possible. */
export function keyText({ key, schema }: Field): string {
  const def = definition(schema);
  return def.type === 'literal' ? `${key}: ${def.values.map(valueText).join(' or ')}` : key;
}

/** A value as it is written in `sluice.config.ts`. */
export function valueText(value: unknown): string {
  if (typeof value === 'string')
    return value.includes("'") ? JSON.stringify(value) : `'${value.replaceAll('\\', '\\\\')}'`;
  if (typeof value === 'number')
    return value >= 10_000 ? value.toLocaleString('en').replaceAll(',', '_') : String(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, member]) => `${key}: ${valueText(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
