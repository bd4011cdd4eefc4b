import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { startObserved } from '../observe/startObserved.ts';

const running: ChildProcess[] = [];

const observed = await startObserved(Date.UTC(2026, 10, 20, 8));
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => observed.close());

/** `sluice tail` of the local cloud in a process of its own. */
function tail(...args: string[]) {
  return tailOf(observed.cloud.edge, ...args);
}

function tailOf(edge: string, ...args: string[]) {
  const sluice = join(projectRoot, 'cli', 'sluice.mjs');
  const child = spawn(process.execPath, [sluice, 'tail', '--local', '--endpoint-url', edge, ...args], {
    // Jest's `process.env` is a copy, which a child does not inherit by itself.
    env: process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (more: string) => {
      text[name] += more;
    });
  const exited = once(child, 'exit').then(([code]) => code);
  return {
    child,
    text,
    exited,
    /** Resolves once a stream has a text. */
    async shows(name: 'stdout' | 'stderr', wanted: string): Promise<void> {
      while (!text[name].includes(wanted)) {
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${text.stderr}`);
        await once(child[name], 'data');
      }
    },
  };
}

const event = (eventName: string, more: object = {}) => ({
  eventName,
  user: { userID: 'ada' },
  time: observed.clock.now(),
  ...more,
});
const SDK = { 'statsig-sdk-type': 'py-server', 'statsig-sdk-version': '0.40.0' };

describe('sluice tail', () => {
  it('prints requests and events as they come, until Ctrl-C', async () => {
    const { child, text, exited, shows } = tail();
    await shows('stderr', 'Following sluice-local until Ctrl-C.');
    const config = { config: 'checkout', ruleID: 'r1' };
    const exposure = event('statsig::config_exposure', { metadata: config });
    await observed.send({ events: [event('purchase'), exposure, event('')] }, SDK);
    await shows('stdout', ' ms');
    await observed.send({ events: [] }, { 'statsig-api-key': 'nonsense' });
    await shows('stdout', '401');
    child.kill('SIGINT');
    expect(await exited).toBe(130);
    // Until a first event is in a table: where it is, and where one stopped.
    expect(text.stderr).toMatch(
      /Accepted\. The row is in its table within about [\s\S]*Refused with SLUICE_KEY_MISSING: /,
    );
    const lines = text.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/^08:\d\d:\d\d\.\d{3} {2}/, ''));
    const id = '[0-9a-f]{32}';
    expect(lines.sort()).toEqual([
      expect.stringMatching(`^     event  purchase  unit ada  ${id}$`),
      expect.stringMatching(`^     exposure  checkout  group r1  unit ada  ${id}$`),
      expect.stringMatching(`^     refused SLUICE_EVENT_NO_NAME  \\(no name\\)  unit ada  ${id}$`),
      expect.stringMatching(
        /^202 {2}py-server 0\.40\.0 {2}key any {2}1 exposure, 1 event, refused: 1 SLUICE_EVENT_NO_NAME {2}\d+ ms$/,
      ),
      expect.stringMatching(/^401 {2}unknown {2}key of another form {2}SLUICE_KEY_MISSING {2}\d+ ms$/),
    ]);
  });

  it('prints one object a line with --json, of what fits the filters', async () => {
    const { child, text, exited, shows } = tail('--json', '--event', 'wanted*');
    await shows('stdout', '"source"');
    await observed.send({ events: [event('other'), event('wanted-1')] });
    await shows('stdout', 'wanted-1');
    child.kill('SIGTERM');
    expect(await exited).toBe(130);
    expect(text.stderr).toBe('');
    const objects = text.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects).toEqual([
      { type: 'source', notes: [] },
      expect.objectContaining({ type: 'event', name: 'wanted-1', row: expect.any(Object) }),
    ]);
  });

  it('ends when the reader of its output goes, as head does', async () => {
    const { child, exited, shows } = tail('--last', '1');
    await shows('stderr', 'Following');
    child.stdout.destroy();
    let code: unknown;
    void exited.then((ended) => {
      code = ended;
    });
    // A program learns that its output is closed when it writes.
    while (code === undefined) await observed.send({ events: [event('more')] });
    expect(code).toBe(0);
  });

  it('ends with the local cloud, and does not delay its end', async () => {
    const other = await startObserved(Date.UTC(2026, 10, 20, 8));
    const { text, exited, shows } = tailOf(other.cloud.edge);
    await shows('stderr', 'Following');
    await other.close();
    expect(await exited).toBe(0);
    expect(text.stderr).toContain('The local cloud is stopping.');
  });

  it('says when no local cloud runs', async () => {
    const away = tail('--endpoint-url', 'http://127.0.0.1:1');
    expect(await away.exited).toBe(1);
    expect(away.text.stderr).toContain('SLUICE_OBSERVE_LOCAL_UNREADABLE');
  });
});
