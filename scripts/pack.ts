// `npm run pack` builds the npm package in build/package/ and packs it with `npm pack`. docs/project.md describes the
// package.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { VERSION } from '../lib/base/version.ts';
import { projectRoot } from '../local/roots.ts';
import { npmProgram } from './install.mjs';
import { buildPackage } from './pack/buildPackage.ts';

const { values } = parseArgs({
  options: {
    /** The folder for the tarball. */
    out: { type: 'string', default: join(projectRoot, 'build') },
    /** Another version than the present one, to try an upgrade. */
    version: { type: 'string', default: VERSION },
  },
});

// A variable that is not set would have the current folder's own `package` deleted.
if (values.out.trim() === '') throw new Error('--out needs a folder.');
const out = resolve(values.out);
const folder = join(out, 'package');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await buildPackage({ root: projectRoot, folder, version: values.version });

const { file, first, shell } = npmProgram();
const packed = spawnSync(file, [...first, 'pack', '--json', '--pack-destination', out], {
  cwd: folder,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  shell,
});
if (packed.status !== 0) throw new Error(`npm pack ended with ${packed.status ?? packed.error?.message}.`);
const name = `sluice-pipeline-sluice-${values.version}.tgz`;
const megabytes = (statSync(join(out, name)).size / 1e6).toFixed(1);
process.stdout.write(`${join(out, name)} (${megabytes} MB)\n`);
