import { dirname, join, normalize } from 'node:path';
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

/** A text without what is in quotes: a path may hold the name of what it exports. */
const bare = new Map([...texts].map(([file, text]) => [file, text.replace(/'[^'\n]*'/g, "''")]));
const mentions = (file: string, name: string) =>
  (bare.get(file) ?? '').match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;

/**
 * Exports of a file, without types: types may be exported to be read, as parts of a function's signature. Error
 * families are left out: docs/reference/errors.md lists every one that is exported (scripts/docs/errorsPage.ts).
 */
function exportsOf(file: string) {
  const found = [
    ...(texts.get(file) ?? '').matchAll(
      /^export (?:async )?(const|function\*?|class|interface|type) (\w+)\b(?! = defineErrorFamily\()/gm,
    ),
  ];
  return found.map(([, what = '', name = '']) => ({ name, isType: what === 'interface' || what === 'type' }));
}

/** Lambda imports these by name. */
const ENTRIES = /^functions\/[\w-]+\/handler\.ts$/;

describe('an export', () => {
  it('is used, a value by another file and a type at least in its own file', () => {
    const unused = [...texts.keys()]
      .filter((file) => !ENTRIES.test(file) && !/\.test\.ts$|(^|\/)test\/fixtures\//.test(file))
      .flatMap((file) =>
        exportsOf(file)
          .filter(({ name, isType }) => !(isType && mentions(file, name) > 1))
          .filter(({ name }) => !(importers.get(file) ?? []).some((other) => mentions(other, name) > 0))
          .map(({ name }) => `${file}: ${name}`),
      );
    expect(texts.size).toBeGreaterThan(500);
    expect(unused).toEqual([]);
  });

  it('of lib/aws is imported inside lib only by lib/aws', () => {
    const wrong = [...importers].flatMap(([target, files]) =>
      target.startsWith('lib/aws/')
        ? files.filter((file) => file.startsWith('lib/') && !file.startsWith('lib/aws/'))
        : [],
    );
    expect(wrong).toEqual([]);
  });
});
