import { CreatePartitionCommand } from '@aws-sdk/client-glue';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { addDays, MINUTE_MS, utcDay } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { dayFolder, tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { ALWAYS, daysUnder, readRecentPartitions } from '../../../../observe/facts/tables/partitionGaps.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { ensureTables, startAws } from '../../../harness/startAws.ts';

const config = defineConfig({ bucket: 'sluice-gaps' });
let clock: ManualClock;
let aws: Awaited<ReturnType<typeof startAws>>;
beforeEach(async () => {
  clock = new ManualClock(Date.parse('2026-11-20T09:00:00Z'));
  aws = await startAws({ clock });
  aws.store.createBucket(config.bucket);
  ensureTables(
    aws.catalog,
    config,
    tableKinds.map((kind) => ({ name: config.tables[kind], folder: tableFolder(config, kind) })),
  );
});
afterEach(() => aws.close());

/** Registers a day of a table, whose partition is in a folder. */
const register = (TableName: string, day: string, Location: string) =>
  aws.glue.send(
    new CreatePartitionCommand({
      DatabaseName: config.database,
      TableName,
      PartitionInput: { Values: [day], StorageDescriptor: { Location } },
    }),
  );

it('a day of the time window that has files and no partition is told a minute after its first file', async () => {
  const { pastDays, futureDays } = config.timeWindow;
  const dayAt = (after: number) => addDays(utcDay(clock.now()), after);
  // Events arrive in the first four of these days.
  const days = [-pastDays, -1, 0, futureDays, -pastDays - 1, futureDays + 1].map(dayAt);
  for (const day of days) await aws.store.put(config.bucket, `${dayFolder(config, 'events', day)}a`, 'rows');
  const read = () => readRecentPartitions({ ...aws, config, now: clock.now() });
  clock.advance(MINUTE_MS - 1);
  expect(await read()).toEqual({ days: 4, gaps: [] });
  clock.advance(1);
  const gaps = days.slice(0, 4).map((day) => ({ table: 'events', day }));
  expect(await read()).toEqual({ days: 4, gaps });
});

it('a partition of a day without files that points to the folder of another day is told', async () => {
  const day = utcDay(clock.now());
  const location = `s3://${config.bucket}/${dayFolder(config, 'quarantine', addDays(day, -1))}`;
  await register(config.tables.quarantine, day, location);
  const { gaps } = await readRecentPartitions({ ...aws, config, now: clock.now() });
  expect(gaps.filter(({ table }) => table === 'quarantine')).toEqual([
    {
      table: 'quarantine',
      day,
      elsewhere: { location, madeAt: '2026-11-20T09:00:00.000Z' },
      isWithoutFiles: true,
    },
  ]);
});

it('a partition of a day long before the time window that points elsewhere is told', async () => {
  const location = 's3://elsewhere/x/';
  await register(config.tables.events, '2025-11-20', location);
  const { gaps } = await readRecentPartitions({ ...aws, config, now: clock.now() });
  expect(gaps).toContainEqual({
    table: 'events',
    day: '2025-11-20',
    elsewhere: { location, madeAt: '2026-11-20T09:00:00.000Z' },
    isWithoutFiles: true,
  });
});

it('a partition of a day with files long before the time window is told as one of a day with files', async () => {
  const day = '2025-11-21';
  const elsewhere = { location: 's3://elsewhere/x/', madeAt: '2026-11-20T09:00:00.000Z' };
  await register(config.tables.events, day, elsewhere.location);
  await aws.store.put(config.bucket, `${dayFolder(config, 'events', day)}a.parquet`, 'rows');
  const { gaps } = await readRecentPartitions({ ...aws, config, now: clock.now() });
  expect(gaps.filter((gap) => gap.day === day)).toEqual([{ table: 'events', day, elsewhere }]);
});

it('days of the present Statsig folder and of former ones are in one order, the oldest first', async () => {
  for (const key of ['now/2026-11-20/a', 'now/2026-11-19/a', 'former/2026-11-02/a', 'former/2026-11-19/a'])
    await aws.store.put(config.bucket, key, 'rows');
  expect(await daysUnder({ s3: aws.s3, config }, ['now/', 'former/'], ALWAYS)).toEqual([
    '2026-11-02',
    '2026-11-19',
    '2026-11-20',
  ]);
});
