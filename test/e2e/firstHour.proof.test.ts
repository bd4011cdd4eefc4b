import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { callMain } from '../harness/callMain.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';
import { eventually, type StoryCloud, storyCloud } from '../harness/storyCloud.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const scratch = temporaryDirectory();
afterEach(endCloudProcesses);
afterAll(() => scratch.remove());

function post(cloud: Pick<CloudProcess, 'collector'>, eventName: string, time = Date.now()) {
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
    expect(locks(data)).toEqual([]);
  });

  it('delivers what waits when Ctrl-C goes to its functions, too, as in a terminal', async () => {
    const data = join(scratch.path, 'terminal');
    const cloud = await startCloudProcess(data);
    // Functions that have run before are there, frozen.
    expect((await post(cloud, 'early')).status).toBe(202);
    await cloud.flush();
    for (let i = 0; i < 4; i += 1) expect((await post(cloud, 'late')).status).toBe(202);
    for (const child of childrenOf(cloud.pid)) process.kill(child, 'SIGINT');
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
    expect([code, stderr]).toEqual([1, expect.stringContaining('SLUICE_LOCAL_PORT_IN_USE')]);
    expect(locks(other)).toEqual([]);

    const table = 'statsig_forwarded_events';
    const folder = join(cloud.data, 's3', cloud.bucket, 'statsig', table, table);
    await eventually(() => existsSync(folder));
    expect(readdirSync(folder)).toEqual([utcDay(time)]);
    expect(await cloud.end('SIGINT')).toBe(0);
  });

  it('ends its process with the exit code', async () => {
    expect(await sluice('nonsense')).toEqual({ ...(await callMain(['nonsense'])), code: 2 });
    expect(await sluice('--help')).toEqual({ ...(await callMain(['--help'])), code: 0 });
  });
});

// One story: the days are those after the machine's own, whose clock the SDKs go by.
describe('a local cloud whose clock is moved past midnight', () => {
  const today = utcDay(Date.now());
  const first = addDays(today, 3);
  const second = addDays(today, 4);
  const third = addDays(today, 5);
  let story: StoryCloud;
  beforeAll(async () => {
    story = await storyCloud();
  });
  afterAll(() => story?.close());

  /** Names and days of rows, once there are so many: time passes, a minute at a go. */
  const landed = (count: number) =>
    eventually(async () => {
      const sql = 'SELECT event_name, CAST(ds AS VARCHAR) ds FROM statsig_forwarded_events ORDER BY 1';
      const rows = await story.query(sql);
      if (rows.length < count) await story.advance(60_000);
      return rows.length >= count && rows.map(({ event_name, ds }) => `${event_name} ${ds}`);
    });

  it('runs the daily schedule on the new day, and delivers after its interval, each event under its day', async () => {
    await story.jumpTo(`${first}T23:58:00Z`);
    expect((await post(story.cloud, 'before midnight')).status).toBe(202);
    await story.advance(10 * 60_000);
    const days = await eventually(async () => {
      const all = (await story.partitions('statsig_forwarded_events')).map(({ value }) => value);
      return all.includes(third) && all;
    });
    expect(days).toEqual(expect.arrayContaining([second, third]));
    expect((await post(story.cloud, 'after midnight')).status).toBe(202);
    await story.advance(300_000);
    expect(await landed(2)).toEqual([`after midnight ${second}`, `before midnight ${first}`]);
  });

  it("accepts signatures of clients that use the machine's clock or an earlier time", async () => {
    const options = story.clientOptions();
    const client = story.kept(new S3Client(options));
    await client.send(new ListBucketsCommand({}));
    // An SDK keeps the difference to an answer's date: a function that runs while the clock is moved would sign by it on.
    expect(Math.abs(client.config.systemClockOffset)).toBeLessThan(60_000);
    const systemClockOffset = story.clock.now() - Date.now();
    const earlier = story.kept(new S3Client({ ...options, systemClockOffset }));
    await story.jumpTo(`${addDays(today, 20)}T12:00:00+02:00`);
    for (const one of [client, earlier]) await one.send(new ListBucketsCommand({}));
    const stranger = story.kept(new S3Client({ ...options, systemClockOffset: 100 * 86_400_000 }));
    const name = 'RequestTimeTooSkewed';
    await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name });
  });

  it("continues to work when it returns to the machine's clock", async () => {
    expect((await post(story.cloud, 'ahead')).status).toBe(202);
    expect(await story.control('POST', 'clock', { real: true })).toMatchObject({ offsetMs: 0 });
    const back = Date.now();
    expect((await post(story.cloud, 'back', back)).status).toBe(202);
    await story.cloud.flush();
    expect(await landed(4)).toEqual(
      expect.arrayContaining([`ahead ${addDays(today, 20)}`, `back ${utcDay(back)}`]),
    );
    expect(story.refusals).toEqual([]);
  });
});
