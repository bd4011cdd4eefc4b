#!/usr/bin/env node
// The `sluice` command. Plain JavaScript until the correct Node version runs, because an older one cannot read TypeScript.
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary, runNode } from './runNode.mjs';

const file = fileURLToPath(import.meta.url);
const root = resolve(dirname(file), '..');
const [major = 0] = process.versions.node.split('.').map(Number);

if (major >= 24) {
  // The reader of the output has closed it (`… | head -1`): the work continues to its end and keeps its exit code. Without a
  // listener, Node would end the process with a stack trace.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else if (existsSync(nodeBinary(root))) {
  runNode(root, [file, ...process.argv.slice(2)]);
} else {
  process.stderr.write('Sluice is not installed yet: run `npm start` once.\n');
  process.exit(1);
}
