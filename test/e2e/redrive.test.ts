import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogWitness } from '../../demo/story/catalogWitness.ts';
import type { Cloud } from '../../local/cloud/Cloud.ts';
import { startCloud } from '../../local/cloud/startCloud.ts';
import { runQuery } from '../../local/query/runQuery.ts';

let data: string;
let cloud: Cloud;
let witness: CatalogWitness;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-redrive-'));
  cloud = await startCloud({ port: 0, edgePort: 0, data });
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

describe('while Firehose is away', () => {
  it('takes events all the same, and lands each once when it is back', async () => {
    await setFaults({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await Promise.all([post(0, 5), post(100, 5), post(200, 5)])).toEqual([202, 202, 202]);
    // One object for each request and stream: two streams, three requests.
    expect(await keys('overflow/')).toHaveLength(6);

    const report = await cloud.flush();
    expect(report).toMatchObject({ delivered: [], unregistered: 6 });
    expect(await keys('overflow/')).toHaveLength(6);

    await clearFaults();
    expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
    expect(await keys('overflow/')).toEqual([]);
    expect(await keys('ledger/')).toEqual([]);
    expect(
      await runQuery(
        data,
        'SELECT count(*) n, count(DISTINCT event_id) ids, sum(CAST(event_value AS INT)) total FROM statsig_forwarded_events',
      ),
    ).toEqual([{ n: 15, ids: 15, total: 10 + 510 + 1010 }]);
    expect(
      await runQuery(data, 'SELECT experiment_id FROM statsig_forwarded_exposures ORDER BY experiment_id'),
    ).toEqual([{ experiment_id: 'g0' }, { experiment_id: 'g100' }, { experiment_id: 'g200' }]);
  });

  it('answers 503 when S3 is away too, and keeps nothing', async () => {
    await setFaults({
      firehose: [{ fault: 'failCalls', calls: 'all' }],
      s3: [{ fault: 'failCalls', code: 'InternalError', calls: 'all', operations: ['PutObject'] }],
    });
    expect(await post(300, 1)).toBe(503);
    await clearFaults();
    expect(await keys('overflow/')).toEqual([]);
  });
});

describe('what Firehose takes and cannot deliver', () => {
  it('is a row of quarantine with its reason, once, and its error object is gone', async () => {
    const client = new FirehoseClient({
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const today = new Date().toISOString().slice(0, 10);
    const misfit = JSON.stringify({ event_id: 'misfit', gate_value: 'maybe', sdk_type: 'x', ds: today });
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
