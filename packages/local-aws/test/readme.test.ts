import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const packageDirectory = join(import.meta.dirname, '..');

// The other example is run by package.test.ts, in a project that has the package.
it('the example of the README in TypeScript works as the README says', async () => {
  const readme = readFileSync(join(packageDirectory, 'README.md'), 'utf8');
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const told = [...example.matchAll(/^\/\/ ([1{].*)$/gm)].map(([, line]) => line);
  const directory = mkdtempSync(join(tmpdir(), 'local-aws-readme-'));
  const program = example.replace("'.local-aws'", JSON.stringify(directory));
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '--eval', program],
      { cwd: packageDirectory },
    );
    expect(told).toHaveLength(2);
    expect(stdout.trim().replace(/\s+/g, ' ')).toBe(told.join(' '));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
