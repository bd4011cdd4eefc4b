import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const script = join(repositoryRoot, 'bench', 'run.ts');

let directory: ReturnType<typeof temporaryDirectory>;
beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => directory.remove());

/** Returns the first line of a benchmark, and then ends it. */
async function firstLine(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, TMPDIR: directory.path },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [line] = await once(createInterface({ input: child.stderr }), 'line');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return String(line);
}

describe('npm run bench', () => {
  it('says which case it measures, and after how many seconds', async () => {
    expect(await firstLine('curate')).toMatch(/^curate, \d+ s: the raw day of 0\.5m rows$/);
  });

  it('refuses names and options that it does not know', () => {
    const args = [script, 'land', 'costs', '--jsn', '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^No such benchmark or option: costs, --jsn\. .*land.*--json\.\n$/);
  });
});
