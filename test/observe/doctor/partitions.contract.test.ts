import { CreatePartitionCommand } from '@aws-sdk/client-glue';
import { afterAll, expect, it } from '@jest/globals';
import type { UtcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { dayFolder, tableFolder } from '../../../lib/tables/tableFolders.ts';
import { partitionsLook } from '../../../observe/doctor/partitions.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { ensureTables, startAws } from '../../harness/startAws.ts';
import { commands, setupOf } from './setupOf.ts';

const config = defineConfig({ bucket: 'sluice-partitions' });
const stack = { service: 'sluice', stage: 'prod' };
const clock = new ManualClock(Date.parse('2026-11-20T09:00:00Z'));
const aws = await startAws({ clock });
afterAll(() => aws.close());
aws.store.createBucket(config.bucket);
ensureTables(aws.catalog, config, [
  {
    name: config.tables.events,
    folder: tableFolder(config, 'events'),
    columns: [
      { name: 'event_id', type: 'string' },
      { name: 'event_name', type: 'string' },
    ],
  },
  { name: config.tables.quarantine, folder: tableFolder(config, 'quarantine') },
]);

const locationOf = (day: UtcDay) => `s3://${config.bucket}/${dayFolder(config, 'events', day)}`;

it('days of any age are told by the partitions of every page, of each table that there is', async () => {
  const columns = [
    { Name: 'event_id', Type: 'string' },
    { Name: 'event_name', Type: 'string' },
  ];
  const add = (day: UtcDay, Location = locationOf(day), Columns = columns) =>
    aws.glue.send(
      new CreatePartitionCommand({
        DatabaseName: config.database,
        TableName: config.tables.events,
        PartitionInput: { Values: [day], StorageDescriptor: { Location, Columns } },
      }),
    );
  for (const day of ['2020-01-01', '2026-11-16', '2026-11-17', '2026-11-18'] as const)
    await aws.store.put(config.bucket, `${dayFolder(config, 'events', day)}a`, 'rows');
  await add('2026-11-16');
  await add('2026-11-17', locationOf('2026-11-16'));
  await add('2026-11-18', locationOf('2026-11-18'), columns.slice(0, 1));
  aws.glue.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'GetPartitionsCommand') Object.assign(args.input, { MaxResults: 1 });
        return next(args);
      },
    { step: 'initialize' },
  );
  const found = await partitionsLook.find(setupOf({ ...aws, config, stack, commands, now: clock.now() }));
  expect(found.map(({ code }) => code)).toEqual(Array(3).fill('SLUICE_FINDING_PARTITION_WRONG'));
  // Without a partition, with that of another day, and with other columns.
  expect(found.map(({ title }) => title)).toEqual([
    expect.stringMatching(/^1 day .*2020-01-01/),
    expect.stringMatching(/2026-11-17/),
    expect.stringMatching(/^1 day .*2026-11-18/),
  ]);
  expect(new Set(found.map(({ cause }) => cause)).size).toBe(3);
});
