import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { parquetFromQuery } from '../../../cli/ingest/dropFiles.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { versionName } from '../../../lib/ledger/versions.ts';
import { versionNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder, ingestedTableFolder } from '../../../lib/tables/tableFolders.ts';
import { configuredFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';
import { exposures } from '../../lib/curate/startCurations.ts';

const DAY = addDays(utcDay(Date.now()), -30);
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
  await parquetFromQuery(exposures(0, 3, DAY)),
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
  version: versionName(Date.now(), () => 0),
};
/** @param receives How often the queue has handed the message out. */
const curate = (asked = task, receives = 1) =>
  invoke({ Records: [queueMessage('m', JSON.stringify(asked), receives)] });

describe('the function that curates', () => {
  it('curates a day, and asks the plan to write it into the views', async () => {
    expect(await curate()).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'curate', day: DAY, outcome: 'curated' }));
    const { partitions } = aws.catalog.table(config.database, config.curatedTables.exposures);
    expect(partitions.map(({ values }) => values)).toEqual([[DAY]]);
    expect(
      aws.queues
        .byName('plan')
        .receive(10)
        .map(({ body }) => body),
    ).toEqual(['{"sluice":"curate-views"}']);
    expect(aws.queues.byName('task').pending()).toBe(0);
  });

  it('logs a day as failed at the try after which its queue gives up', async () => {
    const day = addDays(DAY, 1);
    const raw = `${dayFolder(config, 'exposures', day)}a.parquet`;
    await aws.store.put(config.bucket, raw, await parquetFromQuery(exposures(0, 3, day)));
    const key = `${config.bucket}/${raw}`;
    const operations = ['GetObject'];
    aws.faults.set({ s3: [{ fault: 'failCalls', code: 'SlowDown', operations, key, calls: 'all' }] });
    const asked = { ...task, day };
    const failed = expect.objectContaining({ event: 'curate', day, outcome: 'failed' });
    expect(await curate(asked, 2)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
    expect(lines).not.toContainEqual(failed);
    expect(await curate(asked, 3)).toEqual({ batchItemFailures: [] });
    expect(lines).toContainEqual(failed);
  });

  it('sweeps if it is asked to: a version whose note is due goes', async () => {
    const { version } = task;
    const note = versionNoteKey({ due: 0, table: config.curatedTables.events, day: DAY, version });
    await aws.store.put(config.bucket, note, '');
    expect(await invoke({ Records: [queueMessage('m', '{"sluice":"sweep"}')] })).toEqual({
      batchItemFailures: [],
    });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'curate_sweep', removed: 1, failed: 0 }));
    expect(aws.keys(config.bucket)).not.toContain(note);
  });
});
