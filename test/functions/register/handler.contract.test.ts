import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import config from '#config';
import { handler as deployed } from '../../../functions/register/handler.ts';
import { parseArchivingRules } from '../../../lib/landing/catalog/archivingRules.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { ARCHIVING_RULES_KEY } from '../../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { invokedFunction, queueMessage } from '../../harness/lambdaInvoker.ts';
import { objectMessage } from '../../harness/startAws.ts';
import { startCatalog, tableInput } from '../../lib/landing/catalog/startCatalog.ts';

const TODAY = '2026-11-27';
const TOMORROW = '2026-11-28';
const NOON = Date.UTC(2026, 10, 27, 12);
const INVOCATION_MS = 600_000;
/** What a call takes that hangs. A further call may take the 10 s that are left then, with none for the answer. */
const HANGS_MS = INVOCATION_MS - 10_000;

const world = await startCatalog();
const { lines, invoke } = invokedFunction(deployed, {
  AWS_ENDPOINT_URL: world.endpoint,
  SLUICE_BUCKET: config.bucket,
  SLUICE_STAGE: 'test',
});
world.store.ensureBucket(config.bucket, { eventBridge: true });
world.glue.ensureDatabase({ Name: config.database });
for (const kind of tableKinds) world.glue.ensureTable(config.database, tableInput(config, kind));
world.glue.ensureTable(config.database, { Name: 'received_hours' });
afterEach(() => world.faults.clear());
afterAll(() => world.close());

const created = (messageId: string, key: string, bucket = config.bucket) =>
  objectMessage(messageId, bucket, key);
const days = (kind: TableKind) =>
  world.glue.table(config.database, config.tables[kind]).partitions.map(({ values }) => values[0]);
let before: ReadonlyMap<TableKind, readonly unknown[]>;
/** Days that have got their partition in this test. The function remembers those of other tests. */
const newDays = (kind: TableKind) => days(kind).filter((day) => before.get(kind)?.includes(day) !== true);
beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(NOON);
  before = new Map(tableKinds.map((kind) => [kind, days(kind)]));
});

describe('queue messages', () => {
  it('become partitions, with one log line and no message to retry', async () => {
    const response = await invoke({
      Records: [
        created('1', `${dayFolder(config, 'exposures', '2026-11-20')}a b+%.parquet`),
        created('2', `${dayFolder(config, 'exposures', '2026-11-20')}b.parquet`),
        created('3', `${dayFolder(config, 'events', '2026-11-19')}c.parquet`),
        created('4', `${config.statsigFolder}/experiment-x/d.parquet`),
        created('5', `${dayFolder(config, 'events', '2026-11-19')}e.parquet`, 'another-bucket'),
      ],
    });
    expect(response).toEqual({ batchItemFailures: [] });
    expect(newDays('exposures')).toEqual(['2026-11-20']);
    expect(newDays('events')).toEqual(['2026-11-19']);
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
    world.faults.set({ glue: [{ fault: 'delayCalls', ms: 1, calls: 'all' }] });
    const callsOfGlue = () => world.faults.list()[0]?.seen ?? 0;
    // Time stands, except that each call of Glue hangs.
    jest.spyOn(Date, 'now').mockImplementation(() => NOON + callsOfGlue() * HANGS_MS);
    const response = await invoke(
      {
        Records: [
          created('exposure', `${dayFolder(config, 'exposures', '2026-11-15')}a.parquet`),
          created('event', `${dayFolder(config, 'events', '2026-11-15')}a.parquet`),
        ],
      },
      INVOCATION_MS,
    );
    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: 'exposure' }, { itemIdentifier: 'event' }],
    });
    expect(lines).toMatchObject([
      { level: 'error', failed: [{ code: 'OutOfTime' }, { code: 'SLUICE_CATALOG_UNAVAILABLE' }] },
    ]);
    expect(callsOfGlue()).toBe(1);
  });
});

describe('a scheduled run', () => {
  it('notes rules of the bucket that archive objects, since it has seen them first, and forgets those that are gone', async () => {
    const bucket = world.store.bucket(config.bucket);
    const { settings } = bucket;
    const noted = async () => {
      await invoke({ Records: [queueMessage('run', '{"sluice":"daily"}')] });
      const { body } = world.store.get(config.bucket, ARCHIVING_RULES_KEY);
      return parseArchivingRules((await buffer(body)).toString());
    };
    const rule = (Id: string, Status: 'Enabled' | 'Disabled', StorageClass: string) => {
      return { Id, Status, Prefix: 'statsig/', Transitions: [{ StorageClass, TransitionInDays: 30 }] };
    };
    const Rules = [
      rule('save', 'Enabled', 'DEEP_ARCHIVE'),
      rule('off', 'Disabled', 'GLACIER'),
      rule('read at once', 'Enabled', 'GLACIER_IR'),
    ];
    bucket.settings = { ...settings, LifecycleConfiguration: { Rules } };
    const [first, ...others] = await noted();
    expect(others).toEqual([]);
    expect(first).toEqual({
      id: 'save',
      prefix: 'statsig/',
      storageClass: 'DEEP_ARCHIVE',
      days: 30,
      isOfVersions: false,
      since: NOON,
    });
    expect(await noted()).toEqual([first]);
    bucket.settings = settings;
    expect(await noted()).toEqual([]);
  });

  it('repairs every table and prepares tomorrow', async () => {
    await world.store.put(config.bucket, `${dayFolder(config, 'exposures', '2026-10-01')}a.parquet`, 'x');
    const response = await invoke({ Records: [queueMessage('run', '{"sluice":"daily"}')] });
    expect(response).toEqual({ batchItemFailures: [] });
    for (const kind of tableKinds) expect(days(kind)).toEqual(expect.arrayContaining([TODAY, TOMORROW]));
    expect(newDays('exposures')).toContain('2026-10-01');
    const tables = [
      { table: config.tables.exposures, failed: [] },
      { table: config.tables.events, failed: [] },
      { table: config.tables.quarantine, failed: [] },
    ];
    expect(lines).toMatchObject([
      { hours_since_night: 202, function: 'register', stage: 'test' },
      { level: 'info', event: 'register_hourly', tables, gaps: 0 },
    ]);
  });
});
