import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { faultKinds } from '../../soak/faultKinds.ts';

const EVENTS = 20_000;
/** The window in which the first process is killed. */
const KILLED_IN = 5;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-soak-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(): ChildProcess & {
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
} {
  const args = ['--events', String(EVENTS), '--seed', '7', '--directory', directory, '--json'];
  return spawn(process.execPath, [join(repositoryRoot, 'soak', 'run.ts'), ...args], {
    env: process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the command to its end. @returns The exit code and the object that it printed. */
async function run() {
  const child = start();
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout),
    text(child.stderr),
  ]);
  if (stdout === '') throw new Error(`It ended with ${code}: ${stderr}`);
  return { code, ...JSON.parse(stdout) };
}

describe('npm run soak', () => {
  it('goes on after it was killed, and loses nothing under any fault', async () => {
    const killed = start();
    let said = '';
    for await (const piece of killed.stderr) {
      said += piece;
      if (said.includes(`window ${KILLED_IN}:`)) break;
    }
    const ended = once(killed, 'exit');
    killed.kill('SIGKILL');
    await ended;

    const { code, kinds, ...total } = await run();
    expect({ code, lost: total.lost }).toEqual({ code: 0, lost: 0 });
    expect(Object.keys(total)).toEqual([
      'accepted',
      'landed',
      'quarantined',
      'lost',
      'expired',
      'duplicates',
    ]);
    expect(total.landed + total.quarantined + total.expired).toBe(total.accepted);
    expect(total.accepted).toBeGreaterThan(EVENTS * 0.9);
    expect(total.landed).toBeGreaterThan(EVENTS * 0.8);
    const names = faultKinds(1).map(({ name }) => name);
    expect(kinds.map(({ kind }: { kind: string }) => kind)).toEqual(names.toSorted());
    const ofKind = (name: string) => kinds.find(({ kind }: { kind: string }) => kind === name);
    const idle = kinds.filter(({ struck }: { struck: number }) => struck === 0);
    expect(idle.map(({ kind }: { kind: string }) => kind)).toContain('none');
    // The window of the kill has no count of strikes.
    expect(idle.length).toBeLessThanOrEqual(2);
    expect(ofKind('no-delivery-for-a-day').expired).toBeGreaterThan(0);
    expect(ofKind('retry-window-ends').quarantined).toBeGreaterThan(ofKind('none').quarantined);
    expect(ofKind('gateway-429').dropped).toBeGreaterThan(0);
    expect(ofKind('none')).toMatchObject({ expired: 0, dropped: 0, unacknowledged: 0 });
  }, 600_000);

  it('tells what is lost when files that landed are gone', async () => {
    // A day: the rows of one file may be duplicates of another's.
    const [day = ''] = globSync('data/s3/**/statsig_forwarded_events/*-*-*', { cwd: directory }).sort();
    rmSync(join(directory, day), { recursive: true });
    const { code, lost } = await run();
    expect(code).toBe(3);
    expect(lost).toBeGreaterThan(0);
  }, 60_000);
});
