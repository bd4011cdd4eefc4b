import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchDeletePartitionCommand, GetPartitionsCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';

let data: string;
let cloud: CloudProcess;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-doctor-'));
  cloud = await startCloudProcess(data);
});
afterAll(async () => {
  await endCloudProcesses();
  rmSync(data, { recursive: true, force: true });
});

const doctor = () => sluice('doctor', '--local', '--endpoint-url', cloud.edge);

it('the doctor passes a local cloud before and after events, and reports a deleted partition', async () => {
  expect(await doctor()).toMatchObject({ code: 0, stderr: '' });

  const { status } = await fetch(`${cloud.collector}/v1/rgstr?k=client-doctor`, {
    method: 'POST',
    body: JSON.stringify({ events: [{ eventName: 'seen', user: { userID: 'u1' }, time: Date.now() }] }),
  });
  expect(status).toBe(202);
  await cloud.flush();
  expect(await doctor()).toMatchObject({ code: 0, stdout: expect.not.stringContaining('PARTITION') });

  const glue = new GlueClient({
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const table = { DatabaseName: cloud.database, TableName: 'statsig_forwarded_events' };
  const { Partitions: [{ Values = [] } = {}] = [] } = await glue.send(new GetPartitionsCommand(table));
  await glue.send(new BatchDeletePartitionCommand({ ...table, PartitionsToDelete: [{ Values }] }));
  glue.destroy();
  expect(await doctor()).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(
      new RegExp(`SLUICE_STATUS_PARTITION_WRONG: .* statsig_forwarded_events: ${Values[0]}\\.\\n`),
    ),
  });
});

it("the doctor uses the cloud's days, which may have no events and no refusals", async () => {
  const [first = '', day = ''] = [1, 3].map((ahead) => addDays(utcDay(Date.now()), ahead));
  for (const one of [first, day]) {
    const body = JSON.stringify({ now: `${one}T12:00:00Z` });
    expect((await fetch(`${cloud.edge}/_sluice/clock`, { method: 'POST', body })).status).toBe(200);
    await cloud.flush();
  }
  const { code, stdout } = await doctor();
  const tables = Array.from(
    stdout.matchAll(/SLUICE_DOCTOR_PARTITION_EMPTY: .* (\w+): ([\d, -]+)\.\n/g),
    ([, table, days = '']) => [table, days.split(', ').every((one) => one < day) && days.includes(first)],
  );
  expect([code, tables]).toEqual([
    0,
    [
      ['statsig_forwarded_exposures', true],
      ['statsig_forwarded_events', true],
    ],
  ]);
});
