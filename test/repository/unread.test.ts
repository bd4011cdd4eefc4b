import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod';
import { commands } from '../../cli/main.ts';
import { configSchema } from '../../lib/schema/config.ts';
import { projectRoot } from '../../local/roots.ts';
import { fieldsOf, schemasBelow } from '../../scripts/docs/configFields.ts';
import { errorFamilies } from '../harness/errorFamilies.ts';
import { textOf } from '../harness/textOf.ts';

/** Files by their path, without comments: what only a comment names has neither a case nor a reader. */
function codeOf(patterns: readonly string[]): ReadonlyMap<string, string> {
  const files = globSync(patterns, { cwd: projectRoot, exclude: ['**/node_modules'] });
  return new Map(
    files.map((file) => {
      const text = textOf(file);
      return [file, text.replaceAll(/^ *\/\*[\s\S]*?\*\/|^ *\/\/.*|(?<=[;,{(] )\/\/ .*/gm, '')];
    }),
  );
}

/**
 * The codes that a suite names, without `SLUICE_` or `LOCAL_AWS_`: in full, at the beginning of a text, as suites of the emulator
 * do, or as such a text after a common beginning, `SLUICE_CONFIG_${code}`.
 */
function codesNamedBy(suite: string): readonly string[] {
  const full = Array.from(suite.matchAll(/(?:SLUICE|LOCAL_AWS)_([A-Z\d_]+)/g), ([, name = '']) => name);
  const texts = Array.from(suite.matchAll(/['"`]([A-Z][A-Z\d_]+)/g), ([, name = '']) => name);
  const joined = [...suite.matchAll(/SLUICE_([A-Z\d_]*_)(?:\$\{\w+\}([A-Z\d_]*)|(?=['"`]))/g)].flatMap(
    ([, before = '', after = '']) => texts.map((text) => `${before}${text}${after}`),
  );
  return [...full, ...texts, ...joined];
}

const families = await errorFamilies();
const named = new Set(
  [...codeOf(['test/**/*.ts', 'packages/*/test/**/*.ts']).values()].flatMap(codesNamedBy),
);

describe('a code of an error', () => {
  it.each(families.flatMap(({ entries }) => Object.keys(entries)))('%s has a case in a test', (code) => {
    expect(named.has(code.replace(/^SLUICE_/, ''))).toBe(true);
  });
});

/** Where each field of the configuration is, `retention.stateVersionDays`, each object once. */
function pathsOf(schema: z.core.$ZodType, path: readonly string[] = [], seen = new Set<unknown>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const fields = fieldsOf(schema);
  if (fields.length === 0) return schemasBelow(schema).flatMap((inner) => pathsOf(inner, path, seen));
  return fields.flatMap((field) => {
    const own = [...path, field.key];
    return [own.join('.'), ...pathsOf(field.schema, own, seen)];
  });
}

const sources = codeOf(['{lib,functions,infra,cli,console,observe,operate,local}/**/*.{ts,tsx,mjs,cjs}']);
/** Those that have to do with the configuration. What only puts a field into a function's bundle does not read it. */
const readers = [...sources].filter(
  ([file, text]) =>
    file !== 'lib/config/functionConfig.ts' &&
    (/^lib\/(?:schema|config)\//.test(file) ||
      /\/(?:schema|config|template\/Stack)\b.*';|#config/.test(text)),
);

/** Whether a file that names the object of a field reads the field: as a member, by taking it apart, or by its name. */
function isRead(path: string): boolean {
  const [key = '', ...owners] = path.split('.').reverse();
  const named = owners.slice(0, 2).map((owner) => owner.replace(/s$/, ''));
  const names = new RegExp(named.join('|') || 'config', 'i');
  const member = new RegExp(`\\.${key}\\b|\\{[^{}]*\\b${key}\\b[^{}]*\\} = `);
  const taken = new RegExp(`${member.source}|[{,(]\\s*${key}(?:\\s*[,}=]|: \\w+[,} ])|'${key}'(?!:)`);
  return readers.some(
    ([file, text]) => names.test(text) && (file.startsWith('lib/schema/') ? member : taken).test(text),
  );
}

describe('an option', () => {
  it.each(pathsOf(configSchema))('of the configuration is read: %s', (path) => {
    expect(isRead(path)).toBe(true);
  });

  it.each(commands.flatMap(({ name, options }) => Object.keys(options).map((option) => ({ name, option }))))(
    'of a command is read: $name --$option',
    ({ name, option }) => {
      const reads = new RegExp(
        `'${option}'(?!:)|\\bvalues\\.${option}\\b|\\b${option}\\b[^{}]*\\} = line\\.values`,
      );
      expect(codeRunBy(name).some((text) => reads.test(text))).toBe(true);
    },
  );
});

/** The beginning of a function, a class or a constant of a module. */
const DECLARATION = /^(?=(?:export )?(?:async )?(?:function|class|const) )/m;

/** A declaration, without what declares options in it. */
interface Declaration {
  readonly file: string;
  readonly name: string;
  readonly text: string;
}

const declared: readonly Declaration[] = [...sources].flatMap(([file, code]) =>
  !file.startsWith('cli/')
    ? []
    : code.split(DECLARATION).map((text) => ({
        file,
        name: /^.*?(?:function|class|const) (\w+)/.exec(text)?.[1] ?? '',
        text: text.replaceAll(/^( *)options: (?:\[[^\]]*\]|\{.*\}|\{\n[\s\S]*?^\1\}),$/gm, ''),
      })),
);

/** What a command can run in `cli/`: its own module, and what that uses of others. */
function codeRunBy(name: string): readonly string[] {
  const own = declared.find(
    ({ file, text }) => file.startsWith('cli/commands/') && text.includes(`name: '${name}',`),
  );
  const run = new Set(declared.filter(({ file }) => file === own?.file));
  for (const { file, text } of run) {
    const imports = [...(sources.get(file) ?? '').matchAll(/(?:from |import\()'(\..*?\.ts)'/g)];
    const files = [file, ...imports.map(([, path = '']) => join(dirname(file), path))];
    for (const other of declared)
      if (other.name !== '' && files.includes(other.file) && new RegExp(`\\b${other.name}\\b`).test(text))
        run.add(other);
  }
  return [...run].map(({ text }) => text);
}
