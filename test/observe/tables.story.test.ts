import { CreatePartitionCommand, DeletePartitionCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../lib/base/time.ts';
import { startObserved } from './startObserved.ts';

const EVENTS = 'statsig_forwarded_events';
const FOLDER = `statsig/${EVENTS}/${EVENTS}/`;

const observed = await startObserved(Date.UTC(2026, 10, 20, 8));
const glue = new GlueClient(observed.options);
// Two files today, one three days ago, one file five days ago that loses its partition, one partition without files, one of tomorrow.
for (const [daysAgo, names] of [
  [0, ['view', 'view', 'purchase']],
  [3, ['old']],
  [5, ['older']],
  [6, ['oldest']],
] as const) {
  const time = observed.clock.now() - daysAgo * DAY_MS;
  await observed.send({ events: names.map((eventName) => ({ eventName, user: { userID: 'ada' }, time })) });
}
await observed.cloud.flush();
await observed.send({ events: [{ eventName: 'late', user: { userID: 'bea' } }] });
await observed.cloud.flush();
await glue.send(
  new DeletePartitionCommand({
    DatabaseName: observed.cloud.database,
    TableName: EVENTS,
    PartitionValues: ['2026-11-15'],
  }),
);
// The day after tomorrow has the folder of another day.
for (const [day, folder] of [
  ['2026-11-21', '2026-11-21'],
  ['2026-11-22', '2026-11-17'],
] as const)
  await glue.send(
    new CreatePartitionCommand({
      DatabaseName: observed.cloud.database,
      TableName: EVENTS,
      PartitionInput: {
        Values: [day],
        StorageDescriptor: { Location: `s3://${observed.cloud.bucket}/${FOLDER}${folder}/` },
      },
    }),
  );
for (const Key of await observed.keys(`${FOLDER}2026-11-14/`)) await observed.remove(Key);
afterAll(async () => {
  glue.destroy();
  await observed.close();
});

async function ask(...args: string[]) {
  const { code, stdout, stderr } = await observed.sluice('tables', ...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, ...JSON.parse(stdout) };
}

describe('sluice tables', () => {
  it('lists all tables and views of the database, with what the catalog says of them', async () => {
    const { code, database, tables } = await ask();
    expect(code).toBe(0);
    expect(database).toBe(observed.cloud.database);
    expect(tables.map((table: { name: string; kind: string }) => `${table.kind} ${table.name}`)).toEqual([
      `forwarded ${EVENTS}`,
      'forwarded statsig_forwarded_exposures',
      'quarantine quarantine',
      'curated curated_events',
      'curated curated_exposures',
      'groups experiment_groups',
      'hours received_hours',
      'view daily_exposures',
      'view experiment_exposures',
      'view first_exposures',
      'view product_events',
      'view secondary_exposures',
    ]);
    const events = tables[0];
    expect(events).toMatchObject({
      description: expect.stringContaining('events'),
      location: `s3://${observed.cloud.bucket}/${FOLDER}`,
      days: { count: 5, first: '2026-11-14', last: '2026-11-22' },
    });
    expect(events.columns[0]).toEqual({
      name: 'event_id',
      type: 'string',
      comment: expect.stringContaining('Identity'),
      isKey: false,
    });
    expect(events.columns.at(-1)).toMatchObject({ name: 'ds', isKey: true });
  });

  it('shows the calendar of a table: rows, files, gaps, days without a partition, partitions without files and of tomorrow', async () => {
    const { code, days } = await ask(EVENTS);
    expect(code).toBe(0);
    expect(days).toMatchObject({ first: '2026-11-14', last: '2026-11-22', hasMore: false });
    const short = days.days.map((day: { day: string; state: string; rows: number; files: number }) => [
      day.day,
      day.state,
      day.rows,
      day.files,
    ]);
    expect(short).toEqual([
      ['2026-11-22', 'filled', 1, 1],
      ['2026-11-21', 'ahead', 0, 0],
      ['2026-11-20', 'filled', 4, 2],
      ['2026-11-19', 'gap', 0, 0],
      ['2026-11-18', 'gap', 0, 0],
      ['2026-11-17', 'filled', 1, 1],
      ['2026-11-16', 'gap', 0, 0],
      ['2026-11-15', 'unregistered', null, 1],
      ['2026-11-14', 'empty', 0, 0],
    ]);
    const [, , today] = days.days;
    expect(today.bytes).toBeGreaterThan(1_000);
    expect(today.lastModified).toMatch(/^2026-11-20T08:/);
    expect((await ask(EVENTS, '--no-rows')).days).toMatchObject({
      scannedBytes: 0,
      days: Array.from({ length: 9 }, () => ({ rows: null })),
    });
  });

  it('refuses a table that there is not', async () => {
    const { code, stderr } = await observed.sluice('tables', 'nothing');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^SLUICE_TABLES_UNKNOWN: /m);
  });
});
