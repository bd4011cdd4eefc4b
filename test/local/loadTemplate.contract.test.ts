import { readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { loadTemplate, packagesFolder } from '../../local/loadTemplate.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';

const { root, remove } = scratchRoot(smallFunctions);
afterAll(remove);

it('a package that is loaded again counts as used, with its bundles, which another package may share', async () => {
  const cacheDirectory = packagesFolder(root);
  const load = () => loadTemplate({ root, env: {} });
  await load();
  const folders = readdirSync(cacheDirectory).map((name) => join(cacheDirectory, name));
  for (const folder of folders) utimesSync(folder, 1, 1);
  await load();
  const old = folders.filter((folder) => statSync(folder).mtimeMs === 1_000);
  expect({ folders: folders.length, old }).toEqual({ folders: 3, old: [join(cacheDirectory, 'compiled')] });
});
