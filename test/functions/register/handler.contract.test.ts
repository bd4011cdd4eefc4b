import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import config from '#config';
import { handler as deployed } from '../../../functions/register/handler.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { objectCreatedEvent } from '../../../packages/local-aws/src/events/index.ts';
import { lambdaInvoker } from '../../harness/lambdaInvoker.ts';
import { startCatalog, tableInput } from '../../lib/landing/catalog/startCatalog.ts';

const lines: Record<string, unknown>[] = [];
const environment = { ...process.env };

const world = await startCatalog();
Object.assign(process.env, {
  AWS_ENDPOINT_URL: world.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  SLUICE_BUCKET: config.bucket,
});
world.store.ensureBucket(config.bucket, { eventBridge: true });
world.glue.ensureDatabase({ Name: config.database });
for (const kind of tableKinds) world.glue.ensureTable(config.database, tableInput(config, kind));
beforeEach(() => {
  lines.length = 0;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    const line = JSON.parse(String(text));
    // Only before the first invocation, whichever test that is in.
    if (line.event !== 'start') lines.push(line);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  world.faults.clear();
});
afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  await world.close();
});

const handler = lambdaInvoker(deployed);
const context = (remainingMs = 60_000) => ({ getRemainingTimeInMillis: () => remainingMs });
const record = (messageId: string, body: string) => ({
  ...{ messageId, body, eventSource: 'aws:sqs' },
  attributes: { ApproximateReceiveCount: '1' },
});
const message = (messageId: string, key: string, bucket = config.bucket) =>
  record(
    messageId,
    JSON.stringify(
      objectCreatedEvent(
        { bucket, key, size: 1, etag: 'e', sequencer: '0', reason: 'PutObject', time: 0 },
        { region: 'us-east-1', account: '000000000000' },
      ),
    ),
  );
const days = (kind: TableKind) =>
  world.glue.table(config.database, config.tables[kind]).partitions.map(({ values }) => values[0]);

describe('queue messages', () => {
  it('become partitions, with one log line and no message to retry', async () => {
    const response = await handler(
      {
        Records: [
          message('1', `${dayFolder(config, 'exposures', '2026-11-20')}a b+%.parquet`),
          message('2', `${dayFolder(config, 'exposures', '2026-11-20')}b.parquet`),
          message('3', `${dayFolder(config, 'events', '2026-11-19')}c.parquet`),
          message('4', `${config.statsigFolder}/experiment-x/d.parquet`),
          message('5', `${dayFolder(config, 'events', '2026-11-19')}e.parquet`, 'another-bucket'),
        ],
      },
      context(),
    );
    expect(response).toEqual({ batchItemFailures: [] });
    expect([days('exposures'), days('events')]).toEqual([['2026-11-20'], ['2026-11-19']]);
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'register',
        messages: 5,
        created: 2,
        existed: 0,
        updated: 0,
        known: 0,
        ignored: { outside_tables: 1, other_bucket: 1 },
      },
    ]);
  });

  it('are returned in time when Glue hangs: no call starts after the deadline, for any table', async () => {
    // Each call takes longer than there is time to begin one.
    world.faults.set({ glue: [{ fault: 'delayCalls', ms: 400, calls: 'all' }] });
    const response = await handler(
      {
        Records: [
          message('exposure', `${dayFolder(config, 'exposures', '2026-11-15')}a.parquet`),
          message('event', `${dayFolder(config, 'events', '2026-11-15')}a.parquet`),
        ],
      },
      context(12_300),
    );
    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: 'exposure' }, { itemIdentifier: 'event' }],
    });
    expect(lines).toMatchObject([
      { level: 'error', failed: [{ code: 'OutOfTime' }, { code: 'SLUICE_CATALOG_UNAVAILABLE' }] },
    ]);
    expect(world.faults.list()).toMatchObject([{ seen: 1 }]);
  });

  it.each([
    ['no JSON', '{"detail":', 'It is not JSON.'],
    ['another event', '{"source":"aws.s3","detail-type":"Object Deleted"}', 'detail-type, detail'],
    ['no object', 'null', 'the body'],
    ['an empty key', message('', '').body, 'detail.object.key'],
  ])(
    'that are %s go to the dead-letter queue, with a logged code and no part of their content',
    async (_, body, detail) => {
      const good = message('good', `${dayFolder(config, 'events', '2026-11-19')}f.parquet`);
      const response = await handler({ Records: [record('poison', body), good] }, context());
      expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'poison' }] });
      expect(lines).toMatchObject([
        {
          level: 'error',
          invalid: [
            {
              messageId: 'poison',
              code: 'SLUICE_CATALOG_MESSAGE_INVALID',
              detail: expect.stringContaining(detail),
            },
          ],
        },
      ]);
    },
  );
});

describe('a scheduled run', () => {
  it('repairs every table and prepares tomorrow', async () => {
    await world.store.put(config.bucket, `${dayFolder(config, 'exposures', '2026-10-01')}a.parquet`, 'x');
    const reports = await handler({ sluice: 'daily' }, context());
    const today = utcDay(Date.now());
    for (const kind of tableKinds) {
      expect(days(kind)).toEqual(expect.arrayContaining([today, addDays(today, 1)]));
    }
    expect(days('exposures')).toContain('2026-10-01');
    expect(reports).toMatchObject([
      { table: config.tables.exposures, failed: [] },
      { table: config.tables.events, failed: [] },
      { table: config.tables.quarantine, failed: [] },
    ]);
    expect(lines).toMatchObject([{ level: 'info', event: 'register_daily', tables: reports, gaps: 0 }]);
  });
});

describe('an invalid event or environment', () => {
  it.each([[{}], [{ sluice: 'weekly' }], [null], [{ Records: [{ eventSource: 'aws:s3' }] }]])(
    'is rejected: %j',
    async (event) => {
      await expect(handler(event, context())).rejects.toMatchObject({
        code: 'SLUICE_LAMBDA_INVOCATION_UNKNOWN',
      });
    },
  );
});
