import { globSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { entriesOf } from '../../observe/findings/catalogue/entry.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';
import { textOf } from '../harness/textOf.ts';

const PREFIX = 'SLUICE_FINDING_';
const suites = globSync(['test/**/*.ts', 'test/observe/judgeCases/findings.json'], { cwd: projectRoot })
  // The table of cures has every code.
  .filter((file) => !file.endsWith('observe/cures.test.ts'))
  .map((file) => textOf(file))
  .join('\n');

it.each(Object.keys(findingCatalogue))('%s has a case in a test', (code) => {
  // In full, or at the beginning of a text, as suites shorten it.
  const name = code.slice(PREFIX.length);
  const isThere = new RegExp(`(?:${PREFIX}|['"\`])${name}(?![A-Z_])`).test(suites);
  expect(isThere).toBe(true);
});

it('a case ends as its code says, or with an ending of its own, which may be empty', () => {
  const { cases } = entriesOf('collector').warning(
    'X.',
    { usual: ['A.', 'Do a.'], own: ['B.', 'Do b.', 'B ends it.'], none: ['C.', 'Do c.', ''] },
    { ending: 'It ends.' },
  );
  expect(Object.values(cases).map(({ cure }) => cure)).toEqual([
    'Do a. It ends.',
    'Do b. B ends it.',
    'Do c.',
  ]);
});
