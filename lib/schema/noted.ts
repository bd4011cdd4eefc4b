import type * as z from 'zod';

/** What docs/reference/configuration.md says about a field, in Markdown. */
export interface FieldNote {
  /** One sentence. It leaves out the default, which the schema knows. */
  readonly text: string;
  /** What happens without a value, if the schema has no default, or if its default needs words. */
  readonly absent: string | undefined;
}

/** Notes by the schema that has them. */
const notes = new WeakMap<object, FieldNote>();
/** Names by the schema that {@link named} gave them to. */
const names = new WeakMap<object, string>();

/**
 * Gives a field its note, from which `npm run docs` makes docs/reference/configuration.md.
 *
 * @param schema As it stands in its object, `.default(…)` included.
 * @returns An equal schema, so that another field may use the given one with a note of its own.
 */
export function noted<Schema extends z.ZodType>(schema: Schema, text: string, absent?: string): Schema {
  const annotated = schema.clone();
  notes.set(annotated, { text, absent });
  return annotated;
}

/** The note of a field; undefined if it has none. */
export function noteOf(schema: object): FieldNote | undefined {
  return notes.get(schema);
}

/** Gives a schema that several fields use a name, and a section of its own in docs/reference/configuration.md. */
export function named<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  names.set(schema, name);
  return schema;
}

/** The name that {@link named} gave to a schema, or to the one that it was refined from. */
export function nameOf(schema: z.core.$ZodType): string | undefined {
  const { parent } = schema._zod;
  return names.get(schema) ?? (parent === undefined ? undefined : nameOf(parent));
}
