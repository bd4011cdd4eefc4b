import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { PACKAGE_NAME } from '../../../lib/base/version.ts';
import { validateConfig } from '../../../lib/config/defineConfig.ts';
import { configSchema } from '../../../lib/schema/config.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import {
  bare,
  definition,
  type Field,
  fieldsOf,
  namedSchemas,
  ownObjects,
  valueText,
} from '../../../scripts/docs/configFields.ts';
import { buildTypes } from '../../../scripts/pack/buildTypes.ts';
import { packageManifest } from '../../../scripts/pack/packageManifest.ts';
import { openInEditor } from '../../harness/languageServer.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

/** Every field of every object, once, with the objects that it is in. */
const fields: { readonly name: string; readonly field: Field; readonly hasChange: boolean }[] = [];
function collect(owner: string, schema: z.core.$ZodType, isInside: boolean): void {
  for (const field of fieldsOf(schema)) {
    const hasChange = isInside || field.note?.change !== undefined;
    const name = `${owner}.${field.key}`;
    fields.push({ name, field, hasChange });
    for (const inner of ownObjects(field.schema)) collect(name, inner, hasChange);
  }
}
for (const [name, schema] of [['config', configSchema] as const, ...namedSchemas(configSchema)])
  collect(name, schema, /Mapping|Column|Folder|Constant/.test(name));

const isGroup = ({ schema, note }: Field) => note?.change === undefined && fieldsOf(bare(schema)).length > 0;

describe('the notes of the configuration', () => {
  it('are there for every field, with what changing it does', () => {
    expect(fields.length).toBeGreaterThan(180);
    const without = fields.filter(
      ({ field: { note } }) => note === undefined || !/^[`A-Z].*[.)]$/s.test(note.text),
    );
    expect(without.map(({ name }) => name)).toEqual([]);
    const unsaid = fields.filter(({ field, hasChange }) => !hasChange && !isGroup(field));
    expect(unsaid.map(({ name }) => name).filter((name) => !/\.target$/.test(name))).toEqual([]);
  });

  it('have examples that the schema accepts, and that are not the default', () => {
    const wrong = fields.filter(({ field: { schema, note } }) => {
      const result = z.safeParse(schema, note?.example);
      const absent = z.safeParse(schema, undefined);
      return (
        !result.success || (absent.success && JSON.stringify(absent.data) === JSON.stringify(result.data))
      );
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('state the defaults that the schema gives', () => {
    const wrong = fields.filter(({ field: { schema, fallback, isOptional, note } }) => {
      const absent = z.safeParse(schema, undefined);
      if (!isOptional) return absent.success || fallback !== undefined || note?.absent !== undefined;
      if (!absent.success) return true;
      if (fallback === undefined) return absent.data !== undefined || note?.absent === undefined;
      const same = JSON.stringify(z.parse(schema, fallback.value)) === JSON.stringify(absent.data);
      return !same || (fallback.value === null && note?.absent === undefined);
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
    // Defaults of the whole: a configuration that sets only a bucket.
    const { athena, retention, keyLimit, region } = validateConfig({ bucket: 'acme' });
    const stated = (name: string) =>
      valueText(fields.find((one) => one.name === `config.${name}`)?.field.fallback?.value);
    expect([
      stated('athena.workgroup'),
      stated('retention.quarantineDays'),
      stated('keyLimit.burst'),
      stated('region'),
    ]).toEqual([athena.workgroup, retention.quarantineDays, keyLimit.burst, region].map(valueText));
  });
});

/** A configuration with every field, and where each field's name is in it. */
class Everything {
  text = `import { defineConfig } from '${PACKAGE_NAME}';\n`;
  readonly names: { readonly path: string; readonly offset: number; readonly says: string }[] = [];

  /** @param variant Which object to write where only one of several can stand. */
  write(schema: z.core.$ZodType, variant: number, path: string, example: unknown): void {
    const inner = bare(schema);
    const def = definition(inner);
    const options = def.type === 'union' ? def.options.filter((one) => fieldsOf(one).length > 0) : [];
    if (fieldsOf(inner).length > 0) this.#object(inner, variant, path);
    else if (def.type === 'array' && ownParts(def.element).length > 0) {
      this.text += '[';
      for (const one of ownParts(def.element)) {
        this.#object(one, variant, `${path}[]`);
        this.text += ', ';
      }
      this.text += ']';
    } else if (def.type === 'record' && ownParts(def.valueType).length > 0) {
      this.text += '{ key: ';
      this.write(def.valueType, variant, `${path}.*`, example);
      this.text += ' }';
    } else if (def.type === 'union' && options.length === 0)
      this.write(def.options.at(-1) ?? schema, variant, path, example);
    else if (options.length > 0) this.#object(options[variant % options.length] ?? inner, variant, path);
    else this.text += valueText(example);
  }

  #object(schema: z.core.$ZodType, variant: number, path: string): void {
    this.text += '{\n';
    for (const { key, schema: field, note } of fieldsOf(schema)) {
      this.names.push({ path: `${path}.${key}`, offset: this.text.length, says: note?.text ?? '' });
      this.text += `${key}: `;
      this.write(field, variant, `${path}.${key}`, note?.example);
      this.text += ',\n';
    }
    this.text += '}';
  }
}

/** The objects that an element of a list can be. */
function ownParts(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const def = definition(bare(schema));
  return fieldsOf(bare(schema)).length > 0
    ? [bare(schema)]
    : def.type === 'union'
      ? def.options.filter((one) => fieldsOf(one).length > 0)
      : [];
}

/** Also a method of the texts that may stand there: the language server shows neither. */
const METHODS = new Set(['config.experiments[].split']);

/** Is `true` if the declared type is the one that the schema accepts, not only assignable to it. */
const COMPARISON = `
import type * as z from 'zod';
import type { ConfigInput, configSchema } from './node_modules/${PACKAGE_NAME}/lib/schema/config.js';
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Plain<T> = T extends (infer Element)[]
  ? Plain<Element>[]
  : T extends object
    ? { [Key in keyof T]: Plain<T[Key]> }
    : T;
type IsExact = Same<Plain<ConfigInput>, Plain<z.input<typeof configSchema>>>;
`;

/** Puts the types of the package into a project, as an installation does. */
function installTypes(root: string): void {
  const folder = join(root, 'node_modules', PACKAGE_NAME);
  mkdirSync(folder, { recursive: true });
  buildTypes(repositoryRoot, folder);
  const manifest = packageManifest(repositoryRoot, '1.0.0', new Set());
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  symlinkSync(join(repositoryRoot, 'node_modules', 'zod'), join(root, 'node_modules', 'zod'), 'junction');
  const compilerOptions = { module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, types: [] };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module' }));
}

describe('an editor of a project with the package', () => {
  const { path: root, remove } = temporaryDirectory();
  const everything = new Everything();
  for (const variant of [0, 1, 2]) {
    everything.text += `export const config${variant} = defineConfig(`;
    everything.write(configSchema, variant, 'config', undefined);
    everything.text += ');\n';
  }
  let editor: Awaited<ReturnType<typeof openInEditor>>;
  beforeAll(async () => {
    installTypes(root);
    editor = await openInEditor(root, 'sluice.config.ts', everything.text + COMPARISON);
  });
  afterAll(async () => {
    await editor.close();
    remove();
  });

  it('shows the note of every field', async () => {
    const silent: string[] = [];
    for (const { path, offset, says } of everything.names.filter((one) => !METHODS.has(one.path))) {
      const shown = await editor.hover(offset);
      // Links are written as paths there.
      if (!shown.includes(says.split('[')[0] ?? '') || says === '') silent.push(path);
    }
    const written = new Set(everything.names.map(({ says }) => says));
    const missing = fields.filter(({ field }) => !written.has(field.note?.text ?? ''));
    expect([silent, missing.map(({ name }) => name)]).toEqual([[], []]);
    expect(everything.names.length).toBeGreaterThan(400);
  });

  it('has the type that the schema accepts', async () => {
    const at = everything.text.length + COMPARISON.indexOf('IsExact');
    expect(await editor.hover(at)).toContain('type IsExact = true');
  });
});
