import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogWitness } from '../../demo/story/catalogWitness.ts';
import { isoTimestamp, utcDay } from '../../lib/base/time.ts';
import { encodeLines } from '../../lib/landing/store/encodeLines.ts';
import { directRecordKey, rowPath } from '../../lib/tables/objectKeys.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { callMain } from '../harness/callMain.ts';

let data: string;
let cloud: Cloud;
let witness: CatalogWitness;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-landing-'));
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data });
  witness = new CatalogWitness(cloud.edge);
});
afterAll(async () => {
  witness.close();
  await cloud.close();
  rmSync(data, { recursive: true, force: true });
});

const setFaults = (faults: object) =>
  fetch(`${cloud.edge}/_sluice/faults`, { method: 'POST', body: JSON.stringify(faults) });
const clearFaults = () => fetch(`${cloud.edge}/_sluice/faults`, { method: 'DELETE' });

async function post(from: number, count: number): Promise<number> {
  const events = Array.from({ length: count }, (_, i) => ({
    eventName: 'made',
    value: from + i,
    user: { userID: `u${from + i}` },
    time: Date.now(),
  }));
  const gate = {
    eventName: 'statsig::gate_exposure',
    time: Date.now(),
    metadata: { gate: `g${from}`, gateValue: 'true', ruleID: 'r' },
  };
  const { status } = await fetch(`${cloud.collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-e2e' },
    body: JSON.stringify({ events: [...events, gate] }),
  });
  return status;
}

const keys = async (folder: string) => (await witness.objects(cloud.bucket, folder)).map(({ key }) => key);

describe('the collector during a Firehose outage', () => {
  it('accepts events, each of which is in its table once, without the stream', async () => {
    await setFaults({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await Promise.all([post(0, 5), post(100, 5)])).toEqual([202, 202]);
    // One object for each request, with its rows of both tables.
    expect(await keys('landing/')).toHaveLength(2);

    // No row needs the stream any more.
    expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
    await clearFaults();
    expect(await keys('landing/')).toEqual([]);
    expect(await keys('ledger/')).toEqual([]);
    expect(
      await runQuery(
        data,
        'SELECT count(*) n, count(DISTINCT event_id) ids, sum(CAST(event_value AS INT)) total FROM statsig_forwarded_events',
      ),
    ).toEqual([{ n: 10, ids: 10, total: 10 + 510 }]);
    expect(
      await runQuery(data, 'SELECT experiment_id FROM statsig_forwarded_exposures ORDER BY experiment_id'),
    ).toEqual([{ experiment_id: 'g0' }, { experiment_id: 'g100' }]);
  });

  it('answers 503 when S3 is unavailable too, and stores nothing', async () => {
    await setFaults({
      firehose: [{ fault: 'failCalls', calls: 'all' }],
      s3: [{ fault: 'failCalls', code: 'InternalError', calls: 'all', operations: ['PutObject'] }],
    });
    expect(await post(300, 1)).toBe(503);
    await clearFaults();
    expect(await keys('landing/')).toEqual([]);
  });
});

describe('sluice redrive', () => {
  const reason = 'SLUICE_ROW_UNFIT';
  const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const redrive = async (...args: string[]) => {
    const { code, stdout, stderr } = await callMain(
      [
        'redrive',
        '--stage',
        'local',
        '--region',
        'us-east-1',
        '--endpoint-url',
        cloud.edge,
        '--json',
        ...args,
      ],
      { env },
    );
    return { code, report: stdout === '' ? null : JSON.parse(stdout), stderr };
  };

  it('lands rows that are valid after a fix once, and again only when it is asked to, and lists the rest', async () => {
    const client = {
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    const at = isoTimestamp(Date.now());
    const day = utcDay(Date.parse(at));
    // Three rows that the table takes now, and one that it does not.
    const rows = [400, 401, 402, 403].map((value) => {
      const own = { event_name: 'made', event_value: String(value), user_id: `u${value}` };
      const timestamp = value === 403 ? 'soon' : at;
      const raw = JSON.stringify({ event_id: `e${value}`, ...own, timestamp });
      const path = rowPath('landing/2026/11/20/10/x', 'events', day);
      const row = { quarantine_id: `q${value}`, received_at: at, reason, raw, path };
      return { day, json: JSON.stringify(row) };
    });
    const bytes = encodeLines({ quarantine: rows }) ?? Buffer.of();
    const s3 = new S3Client({ ...client, forcePathStyle: true });
    const Key = directRecordKey(day, hash('sha256', bytes));
    await s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body: bytes }));
    s3.destroy();
    await cloud.flush();

    const found = {
      found: 4,
      delivered: { exposures: 0, events: 3 },
      refused: { [reason]: 1 },
      ignored: 0,
      failed: {},
    };
    expect(await redrive('--reason', reason, '--dry-run')).toMatchObject({
      code: 3,
      report: { dryRun: true, ...found },
    });
    expect(await redrive('--reason', reason, '--to', '2000-01-01')).toMatchObject({
      code: 0,
      report: { found: 0 },
    });
    expect(await redrive('--reason', reason)).toMatchObject({ code: 3, report: found });
    const left = { ...found, found: 1, delivered: { exposures: 0, events: 0 } };
    expect(await redrive('--reason', reason)).toMatchObject({ code: 3, report: left });
    // Until they are written, the same rows are the same object.
    await cloud.flush();
    expect(await redrive('--reason', reason, '--again')).toMatchObject({ code: 3, report: found });
    await cloud.flush();
    expect(
      await runQuery(
        data,
        `SELECT count(*) n, count(DISTINCT event_id) ids, count(DISTINCT user_id) users
         FROM statsig_forwarded_events WHERE CAST(event_value AS INT) >= 400`,
      ),
    ).toEqual([{ n: 6, ids: 3, users: 3 }]);
  });

  it('exits with a usage error without an existing reason', async () => {
    for (const args of [[], ['--reason', 'SLUICE_NO'], ['--reason', reason, '--from', '2000-02-30']]) {
      expect((await redrive(...args)).code).toBe(2);
    }
  });

  it('fails with its own code when the bucket takes nothing', async () => {
    const full = { fault: 'failCalls', operations: ['PutObject'], code: 'SlowDown', calls: 'all' };
    expect((await setFaults({ s3: [full] })).status).toBe(200);
    const { code, report, stderr } = await redrive('--reason', reason, '--again');
    await clearFaults();
    expect({ code, report, stderr }).toMatchObject({
      code: 1,
      report: { failed: { SlowDown: 3 } },
      stderr: expect.stringContaining('SLUICE_REDRIVE_INCOMPLETE'),
    });
  });
});
