import { CreatePartitionCommand } from '@aws-sdk/client-glue';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { realClock } from 'local-aws/base';
import { rootOf } from 'local-aws/iam';
import { parquetFromQuery } from '../../../cli/ingest/dropFiles.ts';
import { addDays, HOUR_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { dayFolder, tableFolder } from '../../../lib/tables/tableFolders.ts';
import { exportTo } from '../../harness/configInput.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';
import { SESSION_KEY, startSts } from '../../harness/startSts.ts';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/sluice-test-export`;
const BUCKET = 'sluice-own';
const TARGET = 'acme-warehouse';
const DAY = addDays(utcDay(Date.now()), -1);
/** The first day whose raw files retention may have deleted: they are written up to a day before their day. */
const PAST = addDays(utcDay(Date.now()), -29);
const input = {
  bucket: BUCKET,
  retention: { forwardedDays: 30 },
  exports: [exportTo({ owner: ACCOUNT, folder: 'in' })],
};
const config = defineConfig(input);
/** Which access keys have signed calls of S3. */
const signed = new Set<string>();
const sts = await startSts();
/** Of a raw table, files of the last half hour are left for a later run. */
const anHourAgo: typeof realClock = { ...realClock, now: () => Date.now() - HOUR_MS };
const aws = await startAws({
  clock: anHourAgo,
  callerOf({ accessKeyId }) {
    signed.add(accessKeyId);
    return rootOf(ACCOUNT);
  },
});
for (const bucket of [BUCKET, TARGET]) aws.store.createBucket(bucket);
ensureTables(aws.catalog, config, [{ name: config.tables.events, folder: tableFolder(config, 'events') }]);
const fileOf = (day: UtcDay) => `${dayFolder(config, 'events', day)}a.parquet`;
for (const day of [DAY, PAST]) {
  const Location = `s3://${BUCKET}/${dayFolder(config, 'events', day)}`;
  await aws.glue.send(
    new CreatePartitionCommand({
      DatabaseName: config.database,
      TableName: config.tables.events,
      PartitionInput: { Values: [day], StorageDescriptor: { Location } },
    }),
  );
  await aws.store.put(BUCKET, fileOf(day), await parquetFromQuery("SELECT 'e' AS event_name"));
}
const { lines, invoke } = await configuredFunction(
  input,
  {
    AWS_ENDPOINT_URL: aws.options.endpoint,
    AWS_ENDPOINT_URL_STS: sts.url,
    SLUICE_BUCKET: BUCKET,
    SLUICE_EXPORT_QUEUE: aws.addQueue('export'),
    SLUICE_ROLE: ROLE,
    SLUICE_STAGE: 'test',
  },
  () => import('../../../functions/export/handler.ts'),
);
afterAll(async () => {
  await aws.close();
  sts.close();
});
const keys = (prefix: string) => aws.keys(TARGET, prefix);
const event = (...bodies: string[]) => ({ Records: bodies.map((body, i) => queueMessage(`m${i}`, body)) });

describe('the export function', () => {
  it('begins nothing for which it has no time', async () => {
    const request = JSON.stringify({ sluice: 'export', schedule: 'daily' });
    expect(await invoke(event(request), 30_000)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect([...sts.asked, ...aws.queues.byName('export').receive(10)]).toEqual([]);
  });

  it('sends itself a task of a day, and exports it with a session that is limited to the export', async () => {
    const request = JSON.stringify({ sluice: 'export', schedule: 'daily', days: [DAY] });
    expect(await invoke(event(request))).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'export_run', looked: 1, queued: 1 }));
    expect(lines.at(-1)).toMatchObject({
      exports_failed: 0,
      function: 'export',
      stage: 'test',
      schedule: 'daily',
    });
    expect(sts.asked).toEqual([]);
    expect([...signed]).toEqual(['test']);
    expect(keys('')).toEqual([]);
    const [task] = aws.queues.byName('export').receive(10);
    // No file begins within the last two minutes.
    await invoke(event(task?.body ?? ''), 100_000);
    expect(lines).toContainEqual(expect.objectContaining({ code: 'SLUICE_EXPORT_OUT_OF_TIME' }));
    expect(keys('in/')).toEqual([]);
    sts.refuses = true;
    await invoke(event(task?.body ?? ''));
    expect(lines).toContainEqual(expect.objectContaining({ error: 'SLUICE_EXPORT_SESSION_REFUSED' }));
    sts.refuses = false;
    sts.asked.length = 0;
    signed.clear();
    expect(await invoke(event(task?.body ?? ''))).toEqual({ batchItemFailures: [] });
    expect(sts.asked).toMatchObject([
      { RoleArn: ROLE, RoleSessionName: 'export-out', Policy: expect.stringContaining(`${TARGET}/in/`) },
    ]);
    expect(signed).toContain(SESSION_KEY);
    expect(keys('in/').filter((key) => key.endsWith('.parquet'))).toHaveLength(1);
  });

  it('takes away the copy of a raw file that retention may have deleted', async () => {
    const exportPast = async () => {
      await invoke(event(JSON.stringify({ sluice: 'export', schedule: 'daily', days: [PAST] })));
      const [task] = aws.queues.byName('export').receive(10);
      await invoke(event(task?.body ?? ''));
      return keys('in/').filter((key) => key.includes(PAST) && key.endsWith('.parquet'));
    };
    expect(await exportPast()).toHaveLength(1);
    await aws.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: fileOf(PAST) }));
    expect(await exportPast()).toEqual([]);
  });

  it('counts the failures of scheduled requests alone', async () => {
    await invoke(event('{"sluice":"export"}'));
    expect(lines).toHaveLength(1);
  });

  it('discards a task whose export is no longer configured', async () => {
    const task = { sluice: 'export-day', export: 'x', day: '2026-11-19', fingerprint: 'f', reason: 'new' };
    expect(await invoke(event(JSON.stringify(task)))).toEqual({ batchItemFailures: [] });
    expect(lines).toMatchObject([{ event: 'export', export: 'x', outcome: 'not_configured' }]);
  });

  it.each([
    'no JSON',
    '{}',
    '{"sluice":"plan"}',
    '{"sluice":"export","days":["2026-02-30"]}',
    '{"sluice":"export","day":"2026-11-19"}',
    '{"sluice":"export-day","export":"x","day":"2026-11-19","reason":"new"}',
  ])('returns %s to the queue, which moves it to the dead-letter queue', async (body) => {
    const response = await invoke(event('{"sluice":"export"}', body));
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(lines.at(-1)).toMatchObject({ level: 'error', code: 'SLUICE_EXPORT_MESSAGE_INVALID' });
  });
});
