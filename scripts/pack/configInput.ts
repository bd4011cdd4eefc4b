import type * as z from 'zod';
import { configSchema } from '../../lib/schema/config.ts';
import { EFFECTS } from '../../lib/schema/fields/noted.ts';
import {
  type Choice,
  choicesOf,
  type Field,
  fieldsOf,
  namedSchemas,
  propertyText,
  typeText,
  valueText,
} from '../docs/configFields.ts';

/**
 * Declarations of what a user writes, with the notes as comments, which editors show. The compiler infers the same type from the
 * schema, but takes no comments along.
 */
export function configInput(): string {
  const schemas = namedSchemas(configSchema);
  const choices = choicesOf(schemas);
  const root = `/** What a user writes in \`sluice.config.ts\`. docs/reference/configuration.md has the same fields. */\nexport interface ConfigInput ${members(fieldsOf(configSchema))}`;
  const types = [...schemas].map(([name, schema]) => declaration(name, schema, choices));
  const bases = choices.map(({ name, shared }) => `interface ${baseOf(name)} ${members(shared)}`);
  return [root, ...types, ...bases].join('\n\n').concat('\n');
}

function declaration(name: string, schema: z.core.$ZodType, choices: readonly Choice[]): string {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return `type ${name} = ${typeText(schema, object, true)};`;
  const choice = choices.find(({ options }) => options.includes(name));
  const own = fields.filter((field) => !choice?.shared.some((other) => other.schema === field.schema));
  return `interface ${name} ${choice === undefined ? '' : `extends ${baseOf(choice.name)} `}${members(own)}`;
}

/** Name of the interface with the fields that the objects of a choice have in common. */
function baseOf(name: string): string {
  return `${name}Base`;
}

function object(schema: z.core.$ZodType): string {
  return members(fieldsOf(schema));
}

function members(fields: readonly Field[]): string {
  return `{\n${fields.map(member).join('\n')}\n}`;
}

function member(field: Field): string {
  const type = typeText(field.schema, object);
  const name = propertyText(field.key);
  return `${comment(field)}\n${field.isOptional ? `${name}?: ${type} | undefined` : `${name}: ${type}`};`;
}

function comment({ key, note, fallback, isOptional }: Field): string {
  if (note === undefined) return '';
  const value = fallback === undefined ? null : `\`${valueText(fallback.value)}\``;
  const absent = [value, note.absent].filter((part) => part !== null && part !== undefined).join(': ');
  const { change } = note;
  const paragraphs = [
    note.text,
    ...(isOptional && absent !== '' && absent !== '`{}`' ? [`Default: ${absent}.`] : []),
    ...(change === undefined
      ? []
      : [`Changing it: ${[EFFECTS[change.effect], change.words ?? []].flat().join(' ')}`]),
  ].map(withoutLinks);
  const text = [
    ...paragraphs.flatMap((paragraph) => [paragraph, '']),
    '@example',
    `${propertyText(key)}: ${valueText(note.example)}`,
  ];
  if (text.some((line) => line.includes('*/'))) throw new Error(`${key}: its note would end the comment.`);
  return `/**\n${text.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */`;
}

/** Links to pages of docs/ as paths: an editor knows no page beside the file. */
function withoutLinks(text: string): string {
  return text.replaceAll(/\[([^\]]*)\]\(([\w/-]+\.md[^)]*)\)/g, (_, label: string, path: string) =>
    label.endsWith('.md') ? `docs/${path}` : `${label} (docs/${path})`,
  );
}
