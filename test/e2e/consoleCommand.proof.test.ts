import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';

const data = mkdtempSync(join(tmpdir(), 'sluice-console-'));
let cloud: CloudProcess;
beforeAll(async () => {
  cloud = await startCloudProcess(data);
}, 120_000);
afterAll(async () => {
  await endCloudProcesses();
  rmSync(data, { recursive: true, force: true });
});

describe('the console of sluice start', () => {
  it('has its address in the line of --json, and answers there', async () => {
    const place = await fetch(new URL('/api/deployment', cloud.console));
    expect([place.status, await place.json()]).toEqual([
      200,
      expect.objectContaining({
        stage: 'local',
        mayWrite: true,
        collector: cloud.collector,
        edge: cloud.edge,
      }),
    ]);
    const page = await fetch(cloud.console);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('names its port if that was chosen and is in use', async () => {
    const other = mkdtempSync(join(tmpdir(), 'sluice-console-'));
    const { port } = new URL(cloud.console);
    const ports = ['--port', '0', '--edge-port', '0', '--console-port', port];
    const { code, stderr } = await sluice('start', ...ports, '--data', other);
    rmSync(other, { recursive: true, force: true });
    expect([code, stderr]).toEqual([1, expect.stringContaining('SLUICE_CONSOLE_PORT_IN_USE')]);
  });
});

describe('sluice console', () => {
  it('serves a deployment read-only, to whoever has the token, until Ctrl-C', async () => {
    const child = spawn(
      process.execPath,
      [
        ...[join(repositoryRoot, 'cli', 'sluice.mjs'), 'console', '--port', '0', '--json'],
        ...['--local', '--endpoint-url', cloud.edge],
      ],
      { env: process.env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = once(child, 'exit');
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const { console: address, token, mayWrite } = JSON.parse(String(line));
    expect([mayWrite, address]).toEqual([
      false,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/),
    ]);
    expect(new URL(address).searchParams.get('token')).toBe(token);

    const call = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(new URL(path, address), init);
      const { error, stage } = JSON.parse(await answer.text());
      return [answer.status, error?.code ?? stage];
    };
    const headers = { authorization: `Bearer ${token}` };
    expect(await call('/api/deployment')).toEqual([401, 'SLUICE_CONSOLE_TOKEN']);
    expect(await call('/api/deployment', { headers })).toEqual([200, 'local']);
    expect(
      await call('/api/local/flush', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{}',
      }),
    ).toEqual([403, 'SLUICE_CONSOLE_READ_ONLY']);

    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  });
});
