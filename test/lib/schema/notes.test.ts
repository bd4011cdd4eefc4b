import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod';
import { configSchema } from '../../../lib/schema/config.ts';
import { type Field, fieldsOf, namedSchemas, ownObjects } from '../../../scripts/docs/configFields.ts';

/** Every field of every object, once, with the objects that it is in. */
const fields: { readonly name: string; readonly field: Field }[] = [];
function collect(owner: string, schema: z.core.$ZodType): void {
  for (const field of fieldsOf(schema)) {
    const name = `${owner}.${field.key}`;
    fields.push({ name, field });
    for (const inner of ownObjects(field.schema)) collect(name, inner);
  }
}
for (const [name, schema] of [['config', configSchema] as const, ...namedSchemas(configSchema)])
  collect(name, schema);

describe('the notes of the configuration', () => {
  it('are there for every field', () => {
    // An object of the configuration, and one of a list within a list, are among them.
    for (const name of ['config.retention.forwardedDays', 'EventsDatasetInput.kind'])
      expect(fields.map((field) => field.name)).toContain(name);
    expect(fields.filter(({ field: { note } }) => note === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('say what no value means, where the schema has no default', () => {
    const wrong = fields.filter(({ field: { fallback, isOptional, note } }) =>
      isOptional ? fallback === undefined && note?.absent === undefined : note?.absent !== undefined,
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});
