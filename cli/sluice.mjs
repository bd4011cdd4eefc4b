#!/usr/bin/env node
// The `sluice` command. Plain JavaScript until the correct Node version runs, because an older one cannot read TypeScript.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedNode, isNewEnough, LEAST_NODE, runInPlace, whenNpmEnds } from './runNode.mjs';

// https://no-color.org. If both are set, Node takes FORCE_COLOR, and warns.
if (process.env.NO_COLOR) delete process.env.FORCE_COLOR;

const file = fileURLToPath(import.meta.url);
const folder = dirname(file);
// The npm package is built: there it is main.js (scripts/pack.ts).
const isRepository = existsSync(join(folder, 'main.ts'));
const isReady = isNewEnough(process.versions.node);
const node = isReady ? null : (installedNode(folder) ?? (isRepository ? null : installedNode(process.cwd())));

/** What a clone says whose packages are not there. */
const NOT_INSTALLED = 'Sluice is not installed yet: run `npm start` once.\n';

/** The command line of `init` again, with a Node of its own. npx writes the packages of its command line beside them. */
function withNode() {
  let packages = ['@sluice-pipeline/sluice'];
  try {
    const [cache = ''] = file.split(`${sep}node_modules${sep}`);
    packages = JSON.parse(readFileSync(join(cache, 'package.json'), 'utf8'))._npx.packages;
  } catch {
    // The program was not started by npx.
  }
  const options = [`node@${LEAST_NODE}`, ...packages].flatMap((name) => ['--package', name]);
  // npm warns of each package that needs a newer Node than its own, which is not the one that comes along.
  const words = ['npx', '--loglevel', 'error', ...options, 'sluice', ...process.argv.slice(2)];
  // As lib/base/text.ts quotes, which an older Node cannot read.
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

if (isReady) {
  // The reader of the output has closed it (`… | head -1`): the work continues to its end and keeps its exit code. Without a
  // listener, Node would end the process with a stack trace.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  whenNpmEnds(() => process.kill(process.pid, 'SIGTERM'));
  // DuckDB's statements and files wait for these threads, of which there are four. An erasure reads two files for each core. They
  // are started with the first work: https://nodejs.org/api/cli.html#uv_threadpool_sizesize
  process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, 2 * availableParallelism()));
  // Half of a command's start is reading and compiling its modules. What is compiled is run unseen, so it lies beside the code: Node's
  // default is a folder in /tmp that others can make first. Imported here, as an older Node does not have the function.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(join(folder, isRepository ? '../node_modules/.cache/sluice' : '.compiled'));
  const { main } = await import('./main.ts').catch((error) => {
    // Node gives the URL of a file that is missing, and none of a package: https://github.com/nodejs/node/blob/v24.0.0/lib/internal/errors.js
    if (!isRepository || error.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== undefined) throw error;
    process.stderr.write(NOT_INSTALLED);
    process.exit(1);
  });
  process.exitCode = await main(process.argv.slice(2));
} else if (node !== null && existsSync(node)) {
  runInPlace(node, [file, ...process.argv.slice(2)]);
} else {
  // The package `node` fetches its program by an install script.
  const how =
    process.argv[2] === 'init'
      ? // There is no project yet.
        `bring it along: \`${withNode()}\`.`
      : `give the project one of its own: \`npm install --save-dev node@${LEAST_NODE}\`.`;
  const cure =
    node === null
      ? `Install it, or ${how}`
      : 'The project has one of its own that its install script has not fetched yet: run `npm rebuild node --ignore-scripts=false`, or with pnpm `pnpm approve-builds`.';
  process.stderr.write(
    isRepository
      ? NOT_INSTALLED
      : `SLUICE_NODE_TOO_OLD: Sluice needs Node ${LEAST_NODE} or later, as Lambda has it, and behind a proxy its latest release; this is ${process.version}.\n${cure}\n`,
  );
  process.exit(1);
}
