import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { versionName } from '../../../lib/ledger/versions.ts';
import { versionNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, ingestedTableFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';
import { exposures } from '../../lib/curate/startCurations.ts';

const DAY = '2026-10-31';
const input = { bucket: 'sluice-own', statsigFolder: 'own' };
const config = defineConfig(input);
const aws = await startAws();
aws.store.createBucket(config.bucket);
const tables = Object.values(curatedTables(config));
ensureTables(
  aws.catalog,
  config,
  tables.map(({ name, columns }) => ({ name, columns, folder: ingestedTableFolder(config, name) })),
);
await aws.store.put(
  config.bucket,
  `${dayFolder(config, 'exposures', DAY)}a.parquet`,
  await parquetOf(exposures(0, 3, DAY)),
);
const { lines, invoke } = await configuredFunction(
  input,
  {
    AWS_ENDPOINT_URL: aws.options.endpoint,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    SLUICE_BUCKET: config.bucket,
    SLUICE_PLAN_QUEUE: aws.addQueue('plan'),
    SLUICE_TASK_QUEUE: aws.addQueue('task'),
    SLUICE_TRIES: '3',
  },
  () => import('../../../functions/curate/handler.ts'),
);
afterEach(() => aws.faults.clear());
afterAll(() => aws.close());

const task = {
  sluice: 'curate-day',
  kind: 'exposures',
  day: DAY,
  reason: 'new',
  // The function has the machine's clock, and tasks of old versions are outdated.
  version: versionName(Date.now(), () => 0),
};
/** @param receives How often the queue has handed the message out. */
const curate = (asked = task, receives = 1) =>
  invoke({ Records: [queueMessage('m', JSON.stringify(asked), receives)] });

describe('the function that curates', () => {
  it('curates a day, and asks the plan to write it into the views', async () => {
    expect(await curate()).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: 'curate',
        day: DAY,
        outcome: 'curated',
        account: expect.objectContaining({ rawRows: 3, rows: 3 }),
      }),
    );
    const folder = versionPrefix(config, config.curatedTables.exposures, DAY, task.version);
    const { partitions } = aws.catalog.table(config.database, config.curatedTables.exposures);
    expect(partitions.map(({ values, input }) => [values, input.StorageDescriptor?.Location])).toEqual([
      [[DAY], `s3://sluice-own/${folder}`],
    ]);
    expect(aws.keys(config.bucket, folder)).toEqual([expect.stringMatching(/\.parquet$/)]);
    expect(
      aws.queues
        .byName('plan')
        .receive(10)
        .map(({ body }) => body),
    ).toEqual(['{"sluice":"curate-views"}']);
    expect(aws.queues.byName('task').pending()).toBe(0);
  });

  it('hands a day back at its second try, and records it as failed at the third, the last of its queue', async () => {
    const day = '2026-11-01';
    const raw = `${dayFolder(config, 'exposures', day)}a.parquet`;
    await aws.store.put(config.bucket, raw, await parquetOf(exposures(0, 3, day)));
    const key = `${config.bucket}/${raw}`;
    aws.faults.set({
      s3: [{ fault: 'failCalls', code: 'SlowDown', operations: ['GetObject'], key, calls: 'all' }],
    });
    const asked = { ...task, day };
    expect(await curate(asked, 2)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(await curate(asked, 3)).toEqual({ batchItemFailures: [] });
    const ended = lines.filter(({ event }) => event === 'curate');
    expect(ended.map(({ outcome }) => outcome)).toEqual(['handed_back', 'failed']);
    const entry = new GetObjectCommand({
      Bucket: 'sluice-own',
      Key: `ledger/curated/exposures/${day}.json`,
    });
    const text = (await (await aws.s3.send(entry)).Body?.transformToString()) ?? '';
    expect(JSON.parse(text)).toMatchObject({ state: 'failed' });
  });

  it('deletes a version that nothing reads, when it is asked for a sweep', async () => {
    const version = '20261030T080000000Z-00000000';
    const place = { table: config.curatedTables.exposures, day: '2026-10-30', version };
    const file = `${versionPrefix(config, place.table, place.day, version)}a.parquet`;
    const note = versionNoteKey({ ...place, due: Date.UTC(2026, 9, 31) });
    await aws.store.put(config.bucket, file, new Uint8Array([1]));
    await aws.store.put(config.bucket, note, new Uint8Array());
    expect(await invoke({ Records: [queueMessage('m', '{"sluice":"sweep"}')] })).toEqual({
      batchItemFailures: [],
    });
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'curate_sweep', removed: 1, kept: 0, failed: 0 }),
    );
    expect(aws.keys(config.bucket).filter((key) => key === file || key === note)).toEqual([]);
  });
});
