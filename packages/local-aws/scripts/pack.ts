// `npm run pack -w packages/local-aws`: builds the package in build/local-aws/ and packs it. `--out FOLDER`: elsewhere.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPackage } from './buildPackage.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: fileURLToPath(new URL('../../../build', import.meta.url)) } },
});
// A variable that is not set would have the current folder's own `local-aws` deleted.
if (values.out.trim() === '') throw new Error('--out needs a folder.');
const out = resolve(values.out);
const folder = join(out, 'local-aws');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const { name, version } = buildPackage(folder);
const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', out], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
  // npm is a command file on Windows, which needs a shell.
  shell: process.platform === 'win32',
});
if (packed.status !== 0) throw new Error(`npm pack ended with ${packed.status ?? packed.error?.message}.`);
const archive = join(out, `${name}-${version}.tgz`);
process.stdout.write(`${archive}\n`);
