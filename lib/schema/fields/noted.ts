import type * as z from 'zod';

/**
 * Effects of deploying a changed value, the worst first where several apply. `test/lib/schema/effects.contract.test.ts`
 * compares each field's with the templates.
 */
export const EFFECTS = {
  refused: 'Refused unless the steps here are taken.',
  replaces: 'CloudFormation makes a new resource in place of the old one.',
  adds: 'No interruption: resources are added or removed.',
  'in place': 'No interruption: resources are updated in place.',
  functions: 'No interruption: only the functions are updated.',
  nothing: 'No resource changes.',
} as const;

/** One of {@link EFFECTS}. */
export type Effect = keyof typeof EFFECTS;

/** Texts about a field in the editor's hover and in docs/reference/configuration.md. Texts are Markdown. */
export interface FieldNote<Input = unknown> {
  /** Describes the field. Without its default, which the schema knows. */
  readonly text: string;
  /** Behaviour without a value, where the schema has no default, or its default needs words. */
  readonly absent?: string;
  /** A value that the schema accepts. */
  readonly example: Input;
  /** Effect of deploying a changed value. Absent where the fields inside have their own. */
  readonly change?: { readonly effect: Effect; readonly words?: string };
}

const notes = new WeakMap<object, FieldNote>();
const names = new WeakMap<object, string>();

/**
 * Gives a field its note, from which `npm run docs` makes docs/reference/configuration.md, and `npm run pack` the comments of the
 * package's types.
 *
 * @param schema As it stands in its object, `.default(…)` included.
 * @param effect What deploying a changed value does. Leave it out where the fields inside have their own.
 * @param words What exactly happens, after the sentence of `effect`.
 * @returns An equal schema: another field may use the given one with a note of its own.
 */
export function noted<Schema extends z.ZodType>(
  schema: Schema,
  note: Omit<FieldNote<NonNullable<z.input<Schema>>>, 'change'>,
  effect?: Effect,
  words?: string,
): Schema {
  const change = effect === undefined ? {} : { change: words === undefined ? { effect } : { effect, words } };
  const own = schema.clone();
  notes.set(own, { ...note, ...change });
  return own;
}

/** The note of a field; undefined if it has none. */
export function noteOf(schema: object): FieldNote | undefined {
  return notes.get(schema);
}

/** Gives a schema that several fields use a name in the package's types, and a section of its own in docs/reference/configuration.md. */
export function named<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  names.set(schema, name);
  return schema;
}

/** The name that {@link named} gave to a schema, or to the one that it was refined from. */
export function nameOf(schema: z.core.$ZodType): string | undefined {
  const { parent } = schema._zod;
  return names.get(schema) ?? (parent === undefined ? undefined : nameOf(parent));
}
