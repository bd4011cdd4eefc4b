import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockDataDirectory } from '../../src/disk/dataDirectory.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

let data: string;
let remove: () => void;
beforeEach(() => {
  ({ path: data, remove } = temporaryDirectory());
});
afterEach(() => remove());

/** Starts processes that each try to take the directory at once, and says how many got it. */
async function contend(processes: number): Promise<number> {
  const module = new URL('../../src/disk/dataDirectory.ts', import.meta.url).href;
  const script = `
    const { lockDataDirectory } = await import(${JSON.stringify(module)});
    process.stdout.write('?');
    process.stdin.once('data', () => {
      try { lockDataDirectory(${JSON.stringify(data)}); process.stdout.write('1'); } catch { process.stdout.write('0'); }
    });
    process.stdin.once('end', () => process.exit(0));`;
  const children = Array.from({ length: processes }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdout.setEncoding('utf8');
    return child;
  });
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  const answers = children.map((child) => once(child.stdout, 'data'));
  for (const child of children) child.stdin.write('go');
  const got = (await Promise.all(answers)).filter(([text]) => text === '1').length;
  const ended = children.map((child) => once(child, 'exit'));
  for (const child of children) child.stdin.end();
  await Promise.all(ended);
  return got;
}

describe('lockDataDirectory', () => {
  it('admits one process and leaves no file behind', () => {
    const release = lockDataDirectory(data);
    expect(readdirSync(data)).toEqual([`lock.${process.pid}`]);
    release();
    expect(readdirSync(data)).toEqual([]);
  });

  it('names the process that holds the lock', () => {
    writeFileSync(join(data, 'lock.1'), '');
    expect(() => lockDataDirectory(data)).toThrow(
      expect.objectContaining({
        code: 'LOCAL_AWS_LOCAL_DATA_IN_USE',
        detail: `Process 1 holds it by ${join(data, 'lock.1')}.`,
        cure: expect.stringContaining('delete the named file'),
      }),
    );
    expect(readdirSync(data)).toEqual(['lock.1']);
  });

  it('takes over the lock of a process that no longer exists', () => {
    for (const pid of [2 ** 22 + 1, 2 ** 22 + 2]) writeFileSync(join(data, `lock.${pid}`), '');
    lockDataDirectory(data);
    expect(readdirSync(data)).toEqual([`lock.${process.pid}`]);
  });

  it('never admits two processes at once', async () => {
    for (let round = 0; round < 3; round += 1) expect(await contend(4)).toBeLessThanOrEqual(1);
  });
});
