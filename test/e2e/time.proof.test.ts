import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { CatalogWitness } from '../../demo/story/catalogWitness.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { type QueryRow, runQuery } from '../../packages/local-aws/src/trino/index.ts';

const TABLE = 'statsig_forwarded_events';
/** As deployed: `buffering.seconds`. */
const BUFFER_MS = 300_000;

let data: string;
let cloud: Cloud;
let witness: CatalogWitness;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-time-'));
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data });
  witness = new CatalogWitness(cloud.edge);
});
afterAll(async () => {
  witness.close();
  await cloud.close();
  rmSync(data, { recursive: true, force: true });
});

const clockSchema = z.strictObject({ now: z.string(), offsetMs: z.number() });

async function moveClock(move: object) {
  const response = await fetch(`${cloud.edge}/_sluice/clock`, { method: 'POST', body: JSON.stringify(move) });
  expect(response.status).toBe(200);
  return clockSchema.parse(await response.json());
}

/** Posts as an SDK does whose clock is the machine's. */
async function post(eventName: string, now = Date.now()): Promise<number> {
  const response = await fetch(`${cloud.collector}/v1/my-product-data`, {
    method: 'POST',
    headers: {
      'statsig-api-key': 'client-time',
      'content-type': 'application/json',
      'statsig-client-time': String(now),
    },
    body: JSON.stringify({ events: [{ eventName, user: { userID: 'u' }, time: now }] }),
  });
  return response.status;
}

const rows = () => runQuery(data, `SELECT event_name, CAST(ds AS VARCHAR) ds FROM ${TABLE} ORDER BY 1`);

/** Lets time pass, a minute at a go, until so many rows can be read. */
async function landed(count: number): Promise<QueryRow[]> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = await rows();
    if (found.length >= count) return found;
    if (performance.now() > deadline) throw new Error(`${found.length} of ${count} rows have landed`);
    await moveClock({ advanceMs: 60_000 });
  }
}

/** The days that have a partition, as soon as one of them is `day`. */
async function partitionsWith(day: string): Promise<string[]> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const days = (await witness.partitions(cloud.database, TABLE)).map(({ value }) => value);
    if (days.includes(day)) return days;
    if (performance.now() > deadline) throw new Error(`${day} is not among ${days.join(', ')}`);
  }
}

// One story: the days are those after the machine's own.
const today = utcDay(Date.now());
const [first, second, third] = [addDays(today, 3), addDays(today, 4), addDays(today, 5)];

describe('a local cloud whose clock is moved past midnight', () => {
  it('has the new time, and so have its functions', async () => {
    const { now, offsetMs } = await moveClock({ now: `${first}T23:58:00Z` });
    expect(now).toMatch(`${first}T23:58:0`);
    expect(offsetMs).toBeGreaterThan(2 * 86_400_000);
    expect(await post('before midnight')).toBe(202);
  });

  it('runs the daily schedule on the new day', async () => {
    await moveClock({ advanceMs: 10 * 60_000 });
    expect(await partitionsWith(third)).toEqual(expect.arrayContaining([second, third]));
    expect(await post('after midnight')).toBe(202);
  });

  it('delivers after its intervals, each event under its day', async () => {
    await moveClock({ advanceMs: BUFFER_MS });
    expect(await landed(2)).toEqual([
      { event_name: 'after midnight', ds: second },
      { event_name: 'before midnight', ds: first },
    ]);
  });

  it("accepts signatures of clients that use the machine's clock or an earlier time", async () => {
    const { now } = await moveClock({ advanceMs: 1 });
    const options = {
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    };
    const client = new S3Client(options);
    await client.send(new ListBucketsCommand({}));
    // An SDK keeps the difference to an answer's date: a function that runs while the clock is moved would sign by it on.
    expect(Math.abs(client.config.systemClockOffset)).toBeLessThan(60_000);
    const earlier = new S3Client({ ...options, systemClockOffset: Date.parse(now) - Date.now() });
    await moveClock({ now: `${addDays(today, 20)}T12:00:00+02:00` });
    for (const one of [client, earlier]) await one.send(new ListBucketsCommand({}));
    const stranger = new S3Client({ ...options, systemClockOffset: 100 * 86_400_000 });
    await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({
      name: 'RequestTimeTooSkewed',
    });
    for (const one of [client, earlier, stranger]) one.destroy();
  });

  it("continues to work when it returns to the machine's clock", async () => {
    expect(await post('ahead')).toBe(202);
    expect(await moveClock({ real: true })).toMatchObject({ offsetMs: 0 });
    const back = Date.now();
    expect(await post('back', back)).toBe(202);
    await cloud.flush();
    const found = await landed(4);
    expect(found).toEqual(
      expect.arrayContaining([
        { event_name: 'ahead', ds: addDays(today, 20) },
        { event_name: 'back', ds: utcDay(back) },
      ]),
    );
  });

  it('runs its schedules with the deployed policies', () => {
    expect(cloud.status().refusals).toEqual([]);
  });
});
