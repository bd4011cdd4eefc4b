import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { CreatePartitionCommand } from '@aws-sdk/client-glue';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemTiming } from '../../../lib/base/retry.ts';
import { addDays, HOUR_MS, type UtcDay, utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { dayFolder, tableFolder } from '../../../lib/tables/tableFolders.ts';
import { realClock } from '../../../packages/local-aws/src/base/index.ts';
import { rootOf } from '../../../packages/local-aws/src/iam/index.ts';
import { onAwsCall } from '../../harness/awsCalls.ts';
import { exportTo } from '../../harness/configInput.ts';
import { duckDb } from '../../harness/duckDb.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';
import { startSts } from '../../harness/startSts.ts';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/sluice-test-export`;
const BUCKET = 'sluice-own';
const TARGET = 'acme-warehouse';
const today = utcDay(Date.now());
/** Each test exports a day of its own. */
const ago = (days: number): UtcDay => addDays(today, -days);
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef`;
const input = {
  bucket: BUCKET,
  existing: { keyArn: KEY },
  exports: [
    exportTo({ owner: ACCOUNT, folder: 'in' }),
    exportTo(
      { owner: ACCOUNT, folder: 'statsig' },
      { name: 'statsig', format: 'statsig', schedule: 'hourly' },
    ),
  ],
};
const config = defineConfig(input);
/** Names of the calls that each access key has signed. */
const signed = new Map<string, Set<string>>();
/** Called at each call. */
let onCall: (name: string) => void = () => {};
const endCalls = onAwsCall(({ accessKeyId, name }) => {
  signed.set(accessKeyId, (signed.get(accessKeyId) ?? new Set()).add(name));
  onCall(name);
});
const sts = await startSts();
/** Of a raw table, files of the last half hour are left for a later run. */
const anHourAgo: typeof realClock = { ...realClock, now: () => Date.now() - HOUR_MS };
const aws = await startAws({ clock: anHourAgo, callerOf: () => rootOf(ACCOUNT) });
for (const bucket of [BUCKET, TARGET]) aws.store.createBucket(bucket);
ensureTables(aws.catalog, config, [{ name: config.tables.events, folder: tableFolder(config, 'events') }]);
const fileOf = (day: UtcDay) => `${dayFolder(config, 'events', day)}a.parquet`;
/** Puts a file and the partition of a day, which an export finds. */
async function putDay(day: UtcDay): Promise<void> {
  const Location = `s3://${BUCKET}/${dayFolder(config, 'events', day)}`;
  await aws.glue.send(
    new CreatePartitionCommand({
      DatabaseName: config.database,
      TableName: config.tables.events,
      PartitionInput: { Values: [day], StorageDescriptor: { Location } },
    }),
  );
  await aws.store.put(BUCKET, fileOf(day), await parquetOf("SELECT 'e' AS event_name"));
}
const { lines, invoke } = await configuredFunction(
  input,
  {
    AWS_ENDPOINT_URL: aws.options.endpoint,
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
    SLUICE_BUCKET: BUCKET,
    SLUICE_EXPORT_QUEUE: aws.addQueue('export'),
    SLUICE_ROLE: ROLE,
    SLUICE_STAGE: 'test',
  },
  () => import('../../../functions/export/handler.ts'),
);
beforeEach(() => {
  sts.refuses = false;
  sts.asked.length = 0;
  signed.clear();
  onCall = () => {};
});
afterEach(() => {
  // A request of all days may have sent more than one page of them.
  while (takeTasks().length > 0);
});
afterAll(async () => {
  endCalls();
  await aws.close();
  sts.close();
});
/** The Parquet files of a day in the customer's bucket. */
const exported = (day: UtcDay) =>
  aws.keys(TARGET, 'in/').filter((key) => key.includes(day) && key.endsWith('.parquet'));
const event = (...bodies: string[]) => ({ Records: bodies.map((body, i) => queueMessage(`m${i}`, body)) });
/** A request of the schedule for a day. */
const request = (day: UtcDay) => JSON.stringify({ sluice: 'export', schedule: 'daily', days: [day] });
/** Takes the tasks that the function has sent itself. @returns Their bodies. */
function takeTasks(): readonly string[] {
  const queue = aws.queues.byName('export');
  return queue.receive(10).map(({ body, receipt }) => {
    queue.delete(receipt);
    return body;
  });
}
/** Requests the export of a day that has a file. @returns The body of the task that the function sends itself. */
async function requestDay(day: UtcDay): Promise<string> {
  await invoke(event(request(day)));
  const [task] = takeTasks();
  if (task === undefined) throw new Error(`no task of ${day}`);
  return task;
}

describe('the export function', () => {
  it('answers no request for which it has no time', async () => {
    await putDay(ago(1));
    expect(await invoke(event(request(ago(1))), 30_000)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    });
    expect(takeTasks()).toEqual([]);
  });

  it('sends itself a task of a day by its own role, and counts what it has found', async () => {
    await putDay(ago(2));
    expect(await invoke(event(request(ago(2))))).toEqual({ batchItemFailures: [] });
    expect(lines).toMatchObject([
      { event: 'export_run', looked: 1, queued: 1 },
      { exports_failed: 0, function: 'export', stage: 'test', schedule: 'daily' },
    ]);
    expect(takeTasks()).toHaveLength(1);
    expect(sts.asked).toEqual([]);
    expect([...signed.keys()]).toEqual(['test']);
  });

  it('also looks for days within the last two minutes', async () => {
    await putDay(ago(6));
    expect(await invoke(event(request(ago(6))), 100_000)).toEqual({ batchItemFailures: [] });
    expect(lines[0]).toMatchObject({ event: 'export_run', looked: 1, queued: 1 });
    expect(takeTasks()).toHaveLength(1);
  });

  it('begins no file within the last two minutes', async () => {
    await putDay(ago(3));
    await invoke(event(await requestDay(ago(3))), 100_000);
    expect(lines).toContainEqual(expect.objectContaining({ code: 'SLUICE_EXPORT_OUT_OF_TIME' }));
    expect(exported(ago(3))).toEqual([]);
  });

  it('fails by name while its role cannot be assumed', async () => {
    await putDay(ago(4));
    const task = await requestDay(ago(4));
    sts.refuses = true;
    // It tries again without a pause.
    jest.spyOn(systemTiming, 'random').mockReturnValue(0);
    await invoke(event(task));
    expect(lines).toContainEqual(expect.objectContaining({ error: 'SLUICE_EXPORT_SESSION_REFUSED' }));
    expect(exported(ago(4))).toEqual([]);
  });

  it('exports a day with a session that is limited to the export', async () => {
    await putDay(ago(5));
    const task = await requestDay(ago(5));
    signed.clear();
    expect(await invoke(event(task))).toEqual({ batchItemFailures: [] });
    expect(sts.asked).toMatchObject([
      { RoleArn: ROLE, RoleSessionName: 'export-out', Policy: expect.stringContaining(`${TARGET}/in/`) },
    ]);
    // It may use the key of the bucket.
    expect(sts.asked[0]?.['Policy']).toContain(KEY);
    // Neither the folder of the other export nor everything.
    expect(sts.asked[0]?.['Policy']).not.toContain(`${TARGET}/statsig`);
    expect(sts.asked[0]?.['Policy']).not.toContain('"Resource":"*"');
    const entry = `/${BUCKET}/ledger/exports/out/${ago(5)}.json`;
    // It assumes the role, and reads whether the day had failed before.
    expect([...(signed.get('test') ?? [])].sort()).toEqual([`GET ${entry}`, 'POST /']);
    expect(exported(ago(5))).toHaveLength(1);
  });

  it('writes the columns of Statsig for an export that is configured so, and for no other', async () => {
    await putDay(ago(8));
    const task = await requestDay(ago(8));
    const { fingerprint } = JSON.parse(task);
    const forStatsig = { sluice: 'export-day', export: 'statsig', day: ago(8), fingerprint, reason: 'new' };
    expect(await invoke(event(task, JSON.stringify(forStatsig)))).toEqual({ batchItemFailures: [] });
    expect(aws.keys(TARGET, `in/${ago(8)}/`)).toContain(`in/${ago(8)}/_manifest.json`);
    const [key = '', ...others] = aws.keys(TARGET, `statsig/${ago(8)}/`);
    expect(others).toEqual([]);
    const columns = await duckDb(`DESCRIBE SELECT * FROM '${aws.store.localPath(TARGET, key)}'`);
    expect(columns[0]).toMatchObject({ column_name: 'timestamp', column_type: 'BIGINT' });
    // Nothing of the day is left on the function's disk.
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-load-${process.pid}-`));
    expect(left).toEqual([]);
  });

  it('holds a day until a minute after it may be killed', async () => {
    await putDay(ago(7));
    const task = await requestDay(ago(7));
    const held: Promise<string>[] = [];
    onCall = (name) => {
      if (name.startsWith(`PUT /${TARGET}/in/`))
        held.push(text(aws.store.get(BUCKET, `ledger/exports/out/${ago(7)}.json`).body));
    };
    const leastUntil = Date.now() + 300_000 + 60_000;
    await invoke(event(task), 300_000);
    const mostUntil = Date.now() + 300_000 + 60_000;
    const [entry = ''] = await Promise.all(held);
    const { until } = JSON.parse(entry).lease;
    expect([until >= leastUntil, until <= mostUntil]).toEqual([true, true]);
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
    '{"sluice":"export","days":["2026-02-30"]}',
    '{"sluice":"export","day":"2026-11-19"}',
    '{"sluice":"export-day","export":"x","day":"2026-11-19","reason":"new"}',
  ])('returns %s to the queue, which moves it to the dead-letter queue', async (body) => {
    const response = await invoke(event('{"sluice":"export"}', body));
    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
    expect(lines.at(-1)).toMatchObject({ level: 'error', code: 'SLUICE_EXPORT_MESSAGE_INVALID' });
  });
});
