import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { faultKinds } from '../../soak/faultKinds.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const EVENTS = 10_000;
/** The window in which the first process is killed. */
const KILLED_IN = 5;

const { path: directory, remove } = temporaryDirectory();
afterAll(() => remove());

function start(): ChildProcess & {
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
} {
  const args = ['--events', String(EVENTS), '--seed', '7', '--directory', directory, '--json'];
  return spawn(process.execPath, [join(projectRoot, 'soak', 'run.ts'), ...args], {
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
  if (stdout === '') throw new Error(`It ended with ${code}: …${stderr.slice(-2_000)}`);
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
    expect({ code, problems: total.problems }).toEqual({ code: 0, problems: [] });
    expect(Object.keys(total)).toEqual([
      'problems',
      'unreadable',
      'accepted',
      'landed',
      'quarantined',
      'lost',
      'expired',
      'duplicates',
    ]);
    expect(total.landed + total.quarantined + total.expired).toBe(total.accepted);
    // The rest of the window of the kill was sent.
    const sum = (name: string) =>
      kinds.reduce((all: number, kind: Record<string, number>) => all + (kind[name] ?? 0), 0);
    expect(sum('planned')).toEqual(EVENTS);
    expect(sum('sent')).toEqual(EVENTS);
    expect(sum('accepted') + sum('dropped')).toEqual(EVENTS);
    expect(total.accepted).toBeGreaterThan(EVENTS * 0.9);
    expect(total.landed).toBeGreaterThan(EVENTS * 0.8);
    const names = faultKinds(1).map(({ name }) => name);
    expect(kinds.map(({ kind }: { kind: string }) => kind)).toEqual(names.toSorted());
    const ofKind = (name: string) => kinds.find(({ kind }: { kind: string }) => kind === name);
    const idle = kinds.filter(({ struck }: { struck: number }) => struck === 0);
    expect(idle.map(({ kind }: { kind: string }) => kind)).toEqual(['none']);
    expect(ofKind('no-delivery-for-a-day').expired).toBeGreaterThan(0);
    expect(ofKind('gateway-429').dropped).toBeGreaterThan(0);
    expect(ofKind('none')).toMatchObject({ expired: 0, dropped: 0, unacknowledged: 0 });
  }, 900_000);

  it('tells of rows that no query finds when a partition is gone', async () => {
    const file = join(directory, 'partitions.ndjson');
    const whole = readFileSync(file, 'utf8');
    const lines = whole.split('\n');
    writeFileSync(file, lines.filter((line) => !line.includes('statsig_forwarded_events')).join('\n'));
    const { code, lost, unreadable } = await run();
    expect({ code, lost }).toEqual({ code: 3, lost: 0 });
    expect(unreadable).toBeGreaterThan(0);
    writeFileSync(file, whole);
  });

  it('tells what is lost when files that landed are gone', async () => {
    // A day: the rows of one file may be duplicates of another's.
    const [day = ''] = globSync('data/s3/**/statsig_forwarded_events/*-*-*', { cwd: directory }).sort();
    rmSync(join(directory, day), { recursive: true });
    const { code, lost } = await run();
    expect(code).toBe(3);
    expect(lost).toBeGreaterThan(0);
  });
});
