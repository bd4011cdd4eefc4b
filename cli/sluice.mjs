#!/usr/bin/env node
// The `sluice` command. Plain JavaScript up to the point where the right Node runs: an older one could not
// even read the TypeScript behind it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = dirname(fileURLToPath(import.meta.url));
const [major = 0] = process.versions.node.split('.').map(Number);

if (major >= 24) {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  const node = join(cli, '..', 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(node)) {
    process.stderr.write('Sluice is not installed yet: run `npm start` once.\n');
    process.exit(1);
  }
  const { status, signal } = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);
}
