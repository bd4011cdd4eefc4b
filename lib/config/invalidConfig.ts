import * as z from 'zod';
import type { SluiceError } from '../base/errors.ts';
import { valueAt } from '../base/json.ts';
import { didYouMean, displayValue, quotedName } from '../base/text.ts';
import type { ConfigProblem } from '../schema/ConfigProblem.ts';
import { configSchema } from '../schema/config.ts';
import { refusedFields } from './ConfigError.ts';
import { closestIssues } from './closestIssues.ts';

/** The error of an invalid configuration. The problem of a source, an export or a reader names it. */
export function refusedConfig(input: unknown, problems: readonly ConfigProblem[]): SluiceError {
  return refusedFields(
    problems.map(({ field, text }) => ({ field, text: `${text}${ownersOf(input, field)}` })),
  );
}

/**
 * The names of what a field belongs to, because nobody counts from 0: ` (in "acme/events")` for
 * `sources.0.datasets.0.kind`.
 */
function ownersOf(input: unknown, field: string): string {
  const path = field.split('.');
  if (!['sources', 'exports', 'readers'].includes(path[0] ?? '')) return '';
  const names = path.flatMap((key, i) => {
    const name = /^\d+$/.test(key) ? valueAt(input, [...path.slice(0, i + 1), 'name']) : undefined;
    return typeof name === 'string' && name !== '' ? [name] : [];
  });
  return names.length === 0 ? '' : ` (in ${quotedName(names.join('/'))})`;
}

/** The words for an object. */
const AN_OBJECT = 'an object';

/** Words for zod's names of types, for fields without words of their own. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['object', AN_OBJECT],
  ['record', AN_OBJECT],
  ['array', 'a list'],
  ['string', 'a text'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
]);

/** What a value should have been, where the schema has no words of its own: the message of the issue. */
function expectedText(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_key') return 'a name';
  const kind = issue.code === 'invalid_type' ? KINDS.get(issue.expected) : undefined;
  return kind ?? 'another value';
}

/** Reads what has the form of a schema. @throws ConfigError `SLUICE_CONFIG_INVALID`, with a line for each field. */
export function readValid<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input, { error: expectedText });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(closestIssues).flatMap((issue) => issueProblems(input, issue));
  throw refusedConfig(input, problems);
}

/** The problem of an issue of zod; of unknown fields one of each. */
function issueProblems(input: unknown, issue: z.core.$ZodIssue): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const text = `no such field.${meantField(key, issue.path)}`;
      return { field: [...issue.path, key].join('.'), text };
    });
  const expected = `${issue.message}${exampleAt(issue)}`;
  return [{ field: issue.path.join('.'), text: `got ${shown(input, issue.path)}, expected ${expected}.` }];
}

/** An example of an object where one is missing; an empty text for any other issue. */
function exampleAt(issue: z.core.$ZodIssue): string {
  if (issue.message !== AN_OBJECT) return '';
  const [first] = objectsAt(configSchema, issue.path);
  return first === undefined ? '' : ` such as ${exampleOf(first)}`;
}

/** So many fields are listed in a message, at most, when none is similar. */
const MOST_FIELDS = 16;

/** The field that an unknown field was meant to be, or all fields that there are. */
function meantField(key: string, path: readonly PropertyKey[]): string {
  const fields = [...new Set(objectsAt(configSchema, path).flatMap(({ shape }) => Object.keys(shape)))];
  // The field exists, but in another kind of the same object.
  if (fields.includes(key)) return '';
  const suggestion = didYouMean(key, fields);
  if (suggestion !== '' || fields.length === 0) return suggestion;
  return fields.length > MOST_FIELDS
    ? ' docs/reference/configuration.md lists all.'
    : ` Expected one of ${fields.join(', ')}.`;
}

/** The objects that a schema takes at a path: several of a union. */
function objectsAt(wrapped: z.core.$ZodType, path: readonly PropertyKey[]): readonly z.ZodObject[] {
  const schema = unwrapped(wrapped);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => objectsAt(option, path));
  const [first, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    if (first === undefined) return [schema];
    const member: z.core.$ZodType | undefined = schema.shape[String(first)];
    return member === undefined ? [] : objectsAt(member, rest);
  }
  if (first !== undefined && schema instanceof z.ZodArray) return objectsAt(schema.element, rest);
  if (first !== undefined && schema instanceof z.ZodRecord) return objectsAt(schema.valueType, rest);
  return [];
}

/** What a schema takes if there is a value, before it is changed. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  const isWrapped =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapped ? unwrapped(schema.unwrap()) : schema;
}

/**
 * A value that a schema takes, in short: of an object its required fields, or else its first. `…` stands for what is
 * the user's.
 */
function exampleOf(wrapped: z.core.$ZodType): string {
  const schema = unwrapped(wrapped);
  if (schema instanceof z.ZodUnion) return schema.options.slice(0, 1).map(exampleOf).join('');
  if (schema instanceof z.ZodArray) return `[${exampleOf(schema.element)}]`;
  if (schema instanceof z.ZodLiteral) return `'${String([...schema.values][0])}'`;
  if (schema instanceof z.ZodString) return "'…'";
  if (schema instanceof z.ZodBoolean) return 'true';
  if (!(schema instanceof z.ZodObject)) return '…';
  const all = Object.entries(schema.shape);
  const required = all.filter(([, member]) => !z.safeParse(member, undefined).success);
  const named = required.length > 0 ? required : all.slice(0, 1);
  const members = named.map(([name, member]) => `${name}: ${exampleOf(member)}`);
  return `{ ${members.join(', ')} }`;
}

/** The value of a field. For a value that may be or hold a secret, only its kind: messages end up in build logs. */
function shown(input: unknown, path: readonly PropertyKey[]): string {
  const value = valueAt(input, path);
  return mayBeSecret(path) ? kindText(value) : displayValue(value);
}

/** What kind of value it is, without the value. */
function kindText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * Whether a field is or holds a secret: the whole configuration, a salt, what stands in the place of the object that
 * has one, and a key in the place of its hash.
 */
function mayBeSecret(path: readonly PropertyKey[]): boolean {
  const [root, member] = path;
  const holdsSalt = root === undefined || (root === 'privacy' && member === undefined);
  return holdsSalt || root === 'keys' || path.at(-1) === 'salt' || isSecretOfRelay(path);
}

/**
 * Whether a field of relay may hold a secret: headers and an address may, and so may a list of labels in which somebody
 * has put a key.
 */
function isSecretOfRelay([root, member]: readonly PropertyKey[]): boolean {
  return (
    root === 'relay' && [undefined, 'headers', 'keys', 'url'].some((secretMember) => secretMember === member)
  );
}
