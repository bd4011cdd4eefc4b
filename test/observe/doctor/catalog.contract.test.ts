import { CreatePartitionCommand } from '@aws-sdk/client-glue';
import { afterAll, expect, it } from '@jest/globals';
import { logicalIds } from '../../../infra/template/Stack.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { dayFolder, tableFolder } from '../../../lib/tables/tableFolders.ts';
import { databaseLook, partitionsLook, stagingDatabaseLook } from '../../../observe/doctor/catalog.ts';
import type { Setup } from '../../../observe/doctor/Setup.ts';
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

const setupWith = (more: Partial<Setup>) =>
  setupOf({ ...aws, config, stack, commands, now: clock.now(), ...more });
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
  const found = await partitionsLook.find(setupWith({}));
  expect(found.map(({ code }) => code)).toEqual(Array(3).fill('SLUICE_FINDING_PARTITION_WRONG'));
  // Without a partition, with that of another day, and with other columns.
  expect(found.map(({ title }) => title)).toEqual([
    expect.stringMatching(/^1 day .*2020-01-01/),
    expect.stringMatching(/2026-11-17/),
    expect.stringMatching(/^1 day .*2026-11-18/),
  ]);
  expect(new Set(found.map(({ cause }) => cause)).size).toBe(3);
});

it.each([
  { what: 'the stack has', ids: [logicalIds.database], commandCount: 1 },
  { what: 'the stack does not have yet', ids: [], commandCount: 0 },
])('a database that is gone and $what is made by $commandCount commands', async ({ ids, commandCount }) => {
  const resources = new Map(ids.map((id) => [id, 'absent']));
  const absent = defineConfig({ bucket: config.bucket, database: 'absent' });
  const [found, ...more] = await databaseLook.find(setupWith({ config: absent, resources }));
  expect(more).toEqual([]);
  expect(found).toMatchObject({ code: 'SLUICE_FINDING_RESOURCE_MISSING', detail: 'The database absent.' });
  expect(found?.commands).toHaveLength(commandCount);
  for (const command of found?.commands ?? [])
    expect(command).toMatch(/^aws glue create-database --database-input '\{"Name":"absent"/);
  expect(await databaseLook.find(setupWith({ resources }))).toEqual([]);
});

it('a staging database that is gone is made by a command, and no ground of the checks behind it', async () => {
  const resources = new Map([[logicalIds.stagingDatabase, 'absent']]);
  const absent = defineConfig({ bucket: config.bucket, athena: { stagingDatabase: 'absent' } });
  const [found, ...more] = await stagingDatabaseLook.find(setupWith({ config: absent, resources }));
  expect(more).toEqual([]);
  expect(found).toMatchObject({
    code: 'SLUICE_FINDING_RESOURCE_MISSING',
    detail: 'The database absent.',
    commands: [expect.stringMatching(/^aws glue create-database --database-input '\{"Name":"absent"/)],
  });
  const there = defineConfig({
    bucket: config.bucket,
    athena: { stagingDatabase: config.database },
    database: 'absent',
  });
  expect(await stagingDatabaseLook.find(setupWith({ config: there, resources }))).toEqual([]);
  expect(stagingDatabaseLook.isGround).toBeUndefined();
});
