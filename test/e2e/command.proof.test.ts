import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { utcDay } from '../../lib/base/time.ts';
import { callMain } from '../harness/callMain.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';

const directories: string[] = [];
afterEach(async () => {
  await endCloudProcesses();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function scratch(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  directories.push(directory);
  return directory;
}

function post(cloud: CloudProcess, eventName: string, time = Date.now()) {
  return fetch(`${cloud.collector}/v1/my-product-data`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-test', 'content-type': 'application/json' },
    body: JSON.stringify({ events: [{ eventName, user: { userID: 'u1' }, time, value: 1 }] }),
  });
}

const COUNT = 'SELECT event_name, count(*) AS n FROM statsig_forwarded_events GROUP BY 1 ORDER BY 1';

describe('sluice start', () => {
  it('reports when it is ready, and keeps all events over Ctrl-C, kill -9 and restarts', async () => {
    const data = scratch('command');
    const first = await startCloudProcess(data);
    expect(first).toMatchObject({ bucket: 'sluice-experiments', database: 'sluice', data, enforceIam: true });
    expect([new URL(first.collector).hostname, new URL(first.edge).hostname]).toEqual([
      '127.0.0.1',
      '127.0.0.1',
    ]);
    expect((await post(first, 'before Ctrl-C')).status).toBe(202);
    expect(await first.end('SIGINT')).toBe(0);
    expect(first.stderr()).toContain('The data is kept');

    const query = await sluice('query', COUNT, '--json', '--data', data);
    expect([query.code, JSON.parse(query.stdout)]).toEqual([0, [{ event_name: 'before Ctrl-C', n: 1 }]]);

    const second = await startCloudProcess(data);
    expect((await post(second, 'before kill -9')).status).toBe(202);
    expect(await second.end('SIGKILL')).toBeNull();

    const third = await startCloudProcess(data);
    expect(await third.flush()).toMatchObject({ unregistered: 0 });
    const whileRunning = await sluice('query', COUNT, '--json', '--data', data);
    expect(JSON.parse(whileRunning.stdout)).toEqual([
      { event_name: 'before Ctrl-C', n: 1 },
      { event_name: 'before kill -9', n: 1 },
    ]);

    const fourth = await startCloudProcess(data).catch((error: Error) => error.message);
    expect(fourth).toContain('SLUICE_LOCAL_DATA_IN_USE');
    expect(await third.end('SIGTERM')).toBe(0);
    expect(readdirSync(data).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  it('delivers after --buffer-seconds without a call, and names a port that is in use', async () => {
    const cloud = await startCloudProcess(scratch('buffer'), ['--buffer-seconds', '1']);
    const time = Date.now();
    expect((await post(cloud, 'unattended', time)).status).toBe(202);

    const other = scratch('port');
    const { port } = new URL(cloud.collector);
    const { code, stderr } = await sluice('start', '--port', port, '--edge-port', '0', '--data', other);
    expect([code, stderr]).toEqual([1, expect.stringContaining('SLUICE_LOCAL_PORT_IN_USE')]);
    expect(readdirSync(other).filter((name) => name.startsWith('lock'))).toEqual([]);

    const table = 'statsig_forwarded_events';
    const folder = join(cloud.data, 's3', cloud.bucket, 'statsig', table, table);
    const deadline = Date.now() + 20_000;
    while (!existsSync(folder) && Date.now() < deadline) await setTimeout(20);
    expect(readdirSync(folder)).toEqual([utcDay(time)]);
    expect(await cloud.end('SIGINT')).toBe(0);
  });
});

describe('the command line', () => {
  it('ends its process with the exit code', async () => {
    expect(await sluice('nonsense')).toEqual({ ...(await callMain(['nonsense'])), code: 2 });
    expect(await sluice('--help')).toEqual({ ...(await callMain(['--help'])), code: 0 });
  });

  it.each([
    [[], 2, 'stdout', 'Usage: sluice <command>'],
    [['--help'], 0, 'stdout', 'sluice <command> --help'],
    [['query', '--help'], 0, 'stdout', 'Usage: sluice query'],
    [['nonsense'], 2, 'stderr', 'SLUICE_USAGE_UNKNOWN_COMMAND'],
    [['start', '--prot', '1'], 2, 'stderr', 'SLUICE_USAGE_OPTIONS'],
    [['start', '--port', '70000'], 2, 'stderr', '--port: got 70000, expected 0 to 65535'],
    [['start', '--buffer-seconds', 'soon'], 2, 'stderr', '--buffer-seconds: got soon'],
    [['query'], 2, 'stderr', 'SLUICE_USAGE_ARGUMENTS'],
    [['query', 'select 1', '--data', '/nonexistent'], 1, 'stderr', 'SLUICE_QUERY_NO_DATA'],
  ] as const)('sluice %j exits %d', async (args, code, stream, message) => {
    const result = await callMain(args);
    expect(result[stream]).toContain(message);
    expect(result.code).toBe(code);
  });
});
