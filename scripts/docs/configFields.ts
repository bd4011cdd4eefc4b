import type * as z from 'zod';
import { type FieldNote, nameOf, noteOf } from '../../lib/schema/fields/noted.ts';

/** A field of an object in the configuration. */
export interface Field {
  readonly key: string;
  /** As it stands in its object. */
  readonly schema: z.core.$ZodType;
  /** Undefined if nobody gave it one, which a test refuses. */
  readonly note: FieldNote | undefined;
  readonly isOptional: boolean;
  /** The schema's default: `{ value }`, as the schema has it; undefined if there is no default. */
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

function fallbackOf(schema: z.core.$ZodType): { readonly value: unknown } | undefined {
  const def = definition(schema);
  if (def.type === 'default' || def.type === 'prefault') return { value: def.defaultValue };
  if (def.type === 'nullable') return fallbackOf(def.innerType);
  return undefined;
}

/** Schemas right below a schema: members of a union, elements of a list, values of a record. */
function below(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
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

/** The schemas with a name of their own inside a schema, each once, an outer one before those in it. */
export function namedSchemas(root: z.core.$ZodType): ReadonlyMap<string, z.core.$ZodType> {
  const found = new Map<string, z.core.$ZodType>();
  const visit = (schema: z.core.$ZodType) => {
    const name = nameOf(schema);
    if (name !== undefined) {
      if (found.has(name)) return;
      found.set(name, schema);
    }
    for (const inner of below(schema)) visit(inner);
  };
  visit(root);
  return found;
}

/** Several objects with names, one of which a value is. */
export interface Choice {
  readonly name: string;
  /** Names of the objects. */
  readonly options: readonly string[];
  /** Fields that all objects of the choice have. */
  readonly shared: readonly Field[];
}

/** The choices among {@link namedSchemas} of which objects have fields in common: an editor shows a field of one base. */
export function choicesOf(schemas: ReadonlyMap<string, z.core.$ZodType>): Choice[] {
  return [...schemas].flatMap(([name, schema]) => {
    const options = optionsOf(schema).flatMap((option) => {
      const of = nameOf(option);
      return of === undefined ? [] : [{ of, fields: fieldsOf(option) }];
    });
    const has = (fields: readonly Field[], field: Field) =>
      fields.some((other) => other.schema === field.schema);
    const [first, ...others] = options;
    const alike = others.filter(({ fields }) => first?.fields.some((field) => has(fields, field)));
    if (first === undefined || alike.length === 0) return [];
    const shared = first.fields.filter((field) => alike.every(({ fields }) => has(fields, field)));
    return [{ name, options: [first, ...alike].map(({ of }) => of), shared }];
  });
}

function optionsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const def = definition(schema);
  return def.type === 'union' ? def.options : [];
}

/** The objects without a name inside a schema, down to those with one. */
export function ownObjects(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (nameOf(schema) !== undefined) return [];
  if (fieldsOf(schema).length > 0) return [schema];
  return below(schema).flatMap(ownObjects);
}

/** The type of what a schema accepts, in TypeScript. @param object Writes an object that has no name. */
export function typeText(
  schema: z.core.$ZodType,
  object: (schema: z.core.$ZodType) => string,
  isDefinition = false,
): string {
  const name = isDefinition ? undefined : nameOf(schema);
  if (name !== undefined) return name;
  const inner = (one: z.core.$ZodType) => typeText(one, object);
  const def = definition(schema);
  switch (def.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return def.type;
    case 'literal':
      return def.values.map((value) => JSON.stringify(value)).join(' | ');
    case 'enum':
      return Object.values(def.entries)
        .map((value) => JSON.stringify(value))
        .join(' | ');
    case 'optional':
    case 'default':
    case 'prefault':
      return inner(def.innerType);
    case 'nullable':
      return `${inner(def.innerType)} | null`;
    case 'pipe':
      return isDefinition ? typeText(def.in, object, true) : inner(def.in);
    case 'array': {
      const element = inner(def.element);
      return element.includes('|') || element.includes('{') ? `(${element})[]` : `${element}[]`;
    }
    case 'record':
      return `Record<string, ${inner(def.valueType)}>`;
    case 'union':
      return optionsOf(schema).map(inner).join(' | ');
    case 'object':
      return object(schema);
    default:
      throw new Error(`No type is known for ${def.type}.`);
  }
}

/** A value as it is written in `sluice.config.ts`. */
export function valueText(value: unknown): string {
  if (typeof value === 'string')
    return value.includes("'") ? JSON.stringify(value) : `'${value.replaceAll('\\', '\\\\')}'`;
  if (typeof value === 'number')
    return value >= 10_000 ? value.toLocaleString('en').replaceAll(',', '_') : String(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, member]) => `${propertyText(key)}: ${valueText(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** A name as a key of an object literal. */
function propertyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`;
}
