import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogWitness } from '../../demo/story/catalogWitness.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { callMain } from '../harness/callMain.ts';

let data: string;
let cloud: Cloud;
let witness: CatalogWitness;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-redrive-'));
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
  it('accepts events, each of which lands once after the outage', async () => {
    await setFaults({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await Promise.all([post(0, 5), post(100, 5)])).toEqual([202, 202]);
    // One object for each request, with its rows of both streams.
    expect(await keys('overflow/requests/')).toHaveLength(2);

    const report = await cloud.flush();
    expect(report).toMatchObject({ delivered: [], unregistered: 2 });
    expect(await keys('overflow/')).toHaveLength(2);

    await clearFaults();
    expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
    expect(await keys('overflow/')).toEqual([]);
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
    expect(await keys('overflow/')).toEqual([]);
  });
});

describe('a record that Firehose accepts and cannot deliver', () => {
  it('becomes one quarantine row with its reason, and its error object is deleted', async () => {
    const client = new FirehoseClient({
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const ds = '2026-11-20';
    const misfit = JSON.stringify({ event_id: 'misfit', gate_value: 'maybe', sdk_type: 'x', ds });
    await client.send(
      new PutRecordBatchCommand({
        DeliveryStreamName: 'sluice-local-exposures',
        Records: [{ Data: Buffer.from(misfit) }, { Data: Buffer.from('{"event_id":"dayless"}') }],
      }),
    );
    client.destroy();
    expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
    expect(await keys('errors/')).toEqual([]);
    const rows = await runQuery(data, 'SELECT reason, raw, sdk_type, path FROM quarantine ORDER BY reason');
    expect(rows).toEqual([
      {
        reason: 'SLUICE_FIREHOSE_PARTITION_UNKNOWN',
        raw: '{"event_id":"dayless"}',
        sdk_type: null,
        path: expect.stringMatching(/^errors\/exposures\/metadata-extraction-failed\//),
      },
      {
        reason: 'SLUICE_FIREHOSE_SCHEMA_MISMATCH',
        raw: misfit,
        sdk_type: 'x',
        path: expect.stringMatching(/^errors\/exposures\/format-conversion-failed\//),
      },
    ]);
  });
});

describe('sluice redrive', () => {
  const reason = 'SLUICE_FIREHOSE_SCHEMA_MISMATCH';
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
    const glue = new GlueClient({
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const named = { DatabaseName: cloud.database, Name: 'statsig_forwarded_events' };
    const { Table } = await glue.send(new GetTableCommand(named));
    const { PartitionKeys, Parameters, TableType, StorageDescriptor } = Table ?? {};
    const update = (userIdType: string) => {
      const Columns = StorageDescriptor?.Columns?.map((column) =>
        column.Name === 'user_id' ? { ...column, Type: userIdType } : column,
      );
      const TableInput = {
        ...{ Name: named.Name, TableType, Parameters, PartitionKeys },
        StorageDescriptor: { ...StorageDescriptor, Columns },
      };
      return glue.send(new UpdateTableCommand({ DatabaseName: cloud.database, TableInput }));
    };
    await update('bigint');
    expect(await post(400, 3)).toBe(202);
    await cloud.flush();
    await update('string');
    glue.destroy();

    // The three, and the misfit from before.
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
    for (const args of [[], ['--reason', 'SLUICE_NO'], ['--reason', reason, '--from', '2026-02-30']]) {
      expect((await redrive(...args)).code).toBe(2);
    }
  });

  it('fails with its own code when the stream accepts nothing', async () => {
    const gone = { fault: 'failCalls', code: 'ResourceNotFoundException', status: 400, calls: 'all' };
    expect((await setFaults({ firehose: [gone] })).status).toBe(200);
    const { code, report, stderr } = await redrive('--reason', reason, '--again');
    await clearFaults();
    expect({ code, report, stderr }).toMatchObject({
      code: 1,
      report: { failed: { ResourceNotFoundException: 3 } },
      stderr: expect.stringContaining('SLUICE_REDRIVE_INCOMPLETE'),
    });
  });
});
