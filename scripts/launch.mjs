// Starts every npm script: it installs missing packages, and then runs the rest of the command line with the Node
// version of Lambda (the npm package `node`), whatever Node the machine has. This is plain JavaScript without
// dependencies, because it runs before anything is installed.
//
//   node scripts/launch.mjs [--include=dev] [COMMAND LINE OF NODE]
//
// `--include=dev` installs `devDependencies` as well. Without a command line it only installs.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode } from '../cli/runNode.mjs';
import { installPackages } from './install.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dev = process.argv[2] === '--include=dev';
const command = process.argv.slice(dev ? 3 : 2);

/** The first major version of Node that can install. Before version 22, which people are told to take, npm prints warnings. */
const LEAST_TO_INSTALL = 20;
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < LEAST_TO_INSTALL) {
  process.stderr.write(`Node 22 or later is needed to install; this is ${process.version}.\n`);
  process.exit(1);
}
try {
  await installPackages(root, { dev });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

if (command.length > 0) {
  runNode(root, command, {
    cwd: root,
    env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` },
  });
}
