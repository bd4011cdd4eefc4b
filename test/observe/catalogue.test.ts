import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';

const PREFIX = 'SLUICE_FINDING_';
const suites = globSync('test/**/*.ts', { cwd: repositoryRoot })
  // The table of cures has every code.
  .filter((file) => !file.endsWith('observe/cures.test.ts'))
  .map((file) => readFileSync(join(repositoryRoot, file), 'utf8'))
  .join('\n');

it.each(Object.keys(findingCatalogue))('%s has a case in a test', (code) => {
  // In full, or at the beginning of a text, as suites shorten it.
  const name = code.slice(PREFIX.length);
  const isThere = new RegExp(`(?:${PREFIX}|['"\`])${name}(?![A-Z_])`).test(suites);
  expect(isThere).toBe(true);
});
