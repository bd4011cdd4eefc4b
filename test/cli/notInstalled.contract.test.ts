import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';

/** Makes a process look like an older Node. */
const OLDER =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.9.0'}})";

const clone = mkdtempSync(join(tmpdir(), 'sluice-clone-'));
afterAll(() => rmSync(clone, { recursive: true, force: true }));
mkdirSync(join(clone, 'cli'));
for (const file of ['sluice.mjs', 'runNode.mjs'])
  copyFileSync(join(projectRoot, 'cli', file), join(clone, 'cli', file));

/** Runs `sluice` of a clone that has no packages and this main module. */
function sluice(
  main: string,
  options: readonly string[],
): { readonly status: number | null; stderr: string } {
  writeFileSync(join(clone, 'cli', 'main.ts'), `${main}\nexport const main = async () => 0;\n`);
  return spawnSync(process.execPath, [...options, join(clone, 'cli', 'sluice.mjs')], {
    encoding: 'utf8',
    timeout: COMMAND_MS,
  });
}

it.each([
  { node: 'a Node that is new enough', options: [] },
  { node: 'an older Node', options: ['--import', OLDER] },
])('sluice of a clone without packages says in one line what to run, on $node', ({ options }) => {
  const { status, stderr } = sluice("import 'not-installed-yet';", options);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^.*`npm start`.*\n$/);
});

it('sluice names a module of its own that is missing', () => {
  expect(sluice("import './gone.ts';", []).stderr).toContain('gone.ts');
});
