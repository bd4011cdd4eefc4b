import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { loadTemplate, packagesFolder } from '../../local/loadTemplate.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';

const { root, remove } = scratchRoot(smallFunctions);
afterAll(remove);

const cacheDirectory = packagesFolder(root);
beforeEach(() => rmSync(cacheDirectory, { recursive: true, force: true }));
const load = (stage?: string) => loadTemplate({ root, env: {}, stage });
const folders = () => readdirSync(cacheDirectory).map((name) => join(cacheDirectory, name));
/** What is in the cache, as if nobody had used it for years. */
function ageFolders(): string[] {
  const aged = folders();
  for (const folder of aged) utimesSync(folder, 1, 1);
  return aged;
}

it('a package that is loaded again counts as used, with its bundles', async () => {
  await load();
  const aged = ageFolders();
  await load();
  const old = aged.filter((folder) => statSync(folder).mtimeMs === 1_000);
  expect({ folders: aged.length, old }).toEqual({ folders: 3, old: [join(cacheDirectory, 'compiled')] });
});

it('a package of another stage is made anew and keeps the old bundles that it shares', async () => {
  const first = await load();
  const aged = ageFolders();
  const { directory, cached, stackName } = await load('dev');
  expect({ cached, stackName }).toEqual({ cached: false, stackName: 'sluice-dev' });
  const removed = aged.filter((folder) => !folders().includes(folder));
  expect(removed.toSorted()).toEqual([first.directory, join(cacheDirectory, 'compiled')].toSorted());
  expect(folders()).toContain(directory);
});
