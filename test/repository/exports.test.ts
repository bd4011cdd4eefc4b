import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { textOf } from '../harness/textOf.ts';
import { trackedFiles } from './trackedFiles.ts';

const texts = new Map(
  trackedFiles.filter((file) => /\.(tsx?|mjs|cjs)$/.test(file)).map((file) => [file, textOf(file)]),
);

/** Which files name which, by `import`, `import()`, `require` or as a path in a text. */
const importers = new Map<string, string[]>();
for (const [file, text] of texts) {
  for (const [, path = ''] of text.matchAll(/['"`](\.{1,2}\/[^'"`\n]+\.(?:tsx?|mjs|cjs))['"`]/g)) {
    const target = normalize(join(dirname(file), path));
    importers.set(target, [...(importers.get(target) ?? []), file]);
  }
}

/** Comments and what is in quotes: a path or a sentence may hold the name of an export that nobody uses. */
const WORDS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g;
const code = new Map([...texts].map(([file, text]) => [file, text.replace(WORDS, '')]));
/** How often a file's code names something. */
const mentions = (file: string, name: string) =>
  (code.get(file) ?? '').match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;

/** An export that has a name. */
const NAMED =
  /^export (?:async |abstract )?(const|function\*?|class|interface|type) (\w+)\b( = defineErrorFamily\()?/;
/** What a door passes on, and what is loaded by its file: a configuration, or a measurement. */
const UNNAMED = /^export (?:type )?(?:\{|\*|default )/;

/** The lines of a file that export something. */
const exportLines = (file: string) => (texts.get(file) ?? '').match(/^export .*/gm) ?? [];

/**
 * The exports that have a name. Error families are left out: docs/reference/errors.md lists every one that is exported
 * (scripts/docs/errorsPage.ts).
 */
function exportsOf(file: string): readonly { readonly name: string; readonly isType: boolean }[] {
  return exportLines(file).flatMap((line) => {
    const [, what = '', name = '', family] = NAMED.exec(line) ?? [];
    return name === '' || family !== undefined
      ? []
      : [{ name, isType: what === 'interface' || what === 'type' }];
  });
}

/** Modules that npm packages offer: who installs one may name their types. */
const doors = new Set([
  'lib/config/defineConfig.ts',
  ...Object.values<string>(JSON.parse(textOf('packages/local-aws/package.json')).exports).map((path) =>
    join('packages/local-aws', path),
  ),
]);

/** Whether Lambda or Stryker reads an export by its name. */
const isEntry = (file: string, name: string) =>
  (name === 'handler' && /^functions\/[\w-]+\/handler\.ts$/.test(file)) || name === 'strykerPlugins';
// Jest runs suites, and fixtures are loaded by what they test.
const files = [...texts.keys()].filter((file) => !/\.test\.ts$|(^|\/)test\/fixtures\//.test(file));

describe('an export', () => {
  it('is named by a file that imports its module, or is a type of a module that a package offers', () => {
    const isUsed = (file: string, { name, isType }: { readonly name: string; readonly isType: boolean }) =>
      isEntry(file, name) ||
      (isType && doors.has(file)) ||
      (importers.get(file) ?? []).some((other) => mentions(other, name) > 0);
    const unused = files.flatMap((file) =>
      exportsOf(file)
        .filter((exported) => !isUsed(file, exported))
        .map(({ name }) => `${file}: ${name}`),
    );
    expect(texts.size).toBeGreaterThan(500);
    expect(doors.size).toBeGreaterThan(20);
    expect(unused).toEqual([]);
  });

  it('has the name of its file, where that has a capital', () => {
    const named = files.filter((file) => /(^|\/)[A-Z]\w*\.ts$/.test(file));
    expect(named.length).toBeGreaterThan(100);
    const strange = named.filter((file) => {
      const name = basename(file, '.ts');
      return (
        !exportsOf(file).some((one) => one.name === name) &&
        !new RegExp(`\\bclass ${name}\\b|\\b${name} = defineErrorFamily`).test(texts.get(file) ?? '')
      );
    });
    expect(strange).toEqual([]);
  });

  it('has a name that this suite sees, but for those of doors, configurations and measurements', () => {
    const other = files.flatMap((file) =>
      exportLines(file).flatMap((line) =>
        NAMED.test(line) || UNNAMED.test(line) ? [] : [`${file}: ${line}`],
      ),
    );
    expect(other).toEqual([]);
  });
});
