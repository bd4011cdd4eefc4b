import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { utcDay } from '../../lib/base/time.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/runProgram.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { eventually } from '../harness/waiting.ts';

const scratch = temporaryDirectory();
afterEach(endCloudProcesses);
afterAll(() => scratch.remove());

function post(cloud: CloudProcess, eventName: string, time = Date.now()) {
  return fetch(`${cloud.collector}/v1/my-product-data`, {
    method: 'POST',
    headers: {
      'statsig-api-key': 'client-test',
      'content-type': 'application/json',
      'statsig-client-time': String(time),
    },
    body: JSON.stringify({ events: [{ eventName, user: { userID: 'u1' }, time, value: 1 }] }),
  });
}
/** Processes that a process has started, and those that they have. */
function childrenOf(pid: number): number[] {
  const own = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return own.flatMap((child) => [child, ...childrenOf(child)]);
}
const locks = (data: string) => readdirSync(data).filter((name) => name.startsWith('lock'));

describe('sluice start', () => {
  const COUNT = 'SELECT event_name, count(*) AS n FROM statsig_forwarded_events GROUP BY 1 ORDER BY 1';

  it('reports when it is ready, and keeps all events over Ctrl-C, kill -9 and restarts', async () => {
    const data = join(scratch.path, 'command');
    const first = await startCloudProcess(data);
    expect(first).toMatchObject({ bucket: 'sluice-experiments', database: 'sluice', data, enforceIam: true });
    for (const address of [first.collector, first.edge]) expect(new URL(address).hostname).toBe('127.0.0.1');
    expect((await post(first, 'before Ctrl-C')).status).toBe(202);
    expect(await first.end('SIGINT')).toBe(0);
    expect(first.stderr()).toContain('The data is kept');

    const query = await sluice('query', COUNT, '--json', '--data', data);
    expect(query.code).toBe(0);
    expect(JSON.parse(query.stdout)).toEqual([{ event_name: 'before Ctrl-C', n: 1 }]);

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
    expect(locks(data)).toEqual([]);
  });

  it('delivers what waits when Ctrl-C goes to its functions, too, as in a terminal', async () => {
    const data = join(scratch.path, 'terminal');
    const cloud = await startCloudProcess(data);
    // Functions that have run before are there, frozen.
    expect((await post(cloud, 'early')).status).toBe(202);
    await cloud.flush();
    for (let i = 0; i < 4; i += 1) expect((await post(cloud, 'late')).status).toBe(202);
    const functions = childrenOf(cloud.pid);
    expect(functions).not.toEqual([]);
    for (const child of functions) process.kill(child, 'SIGINT');
    expect(await cloud.end('SIGINT')).toBe(0);
    const { stdout } = await sluice('query', COUNT, '--json', '--data', data);
    expect(JSON.parse(stdout)).toEqual([
      { event_name: 'early', n: 1 },
      { event_name: 'late', n: 4 },
    ]);
  });

  it('delivers after --buffer-seconds without a call, and names a port that is in use', async () => {
    const cloud = await startCloudProcess(join(scratch.path, 'buffer'), ['--buffer-seconds', '1']);
    const time = Date.now();
    expect((await post(cloud, 'unattended', time)).status).toBe(202);

    const other = join(scratch.path, 'port');
    const { port } = new URL(cloud.collector);
    const { code, stderr } = await sluice('start', '--port', port, '--edge-port', '0', '--data', other);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('SLUICE_LOCAL_PORT_IN_USE'),
    });
    expect(locks(other)).toEqual([]);

    const table = 'statsig_forwarded_events';
    const folder = join(cloud.data, 's3', cloud.bucket, 'statsig', table, table);
    await eventually(folder, () => existsSync(folder));
    expect(readdirSync(folder)).toEqual([utcDay(time)]);
    expect(await cloud.end('SIGINT')).toBe(0);
  });
});
