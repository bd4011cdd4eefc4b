import { CreatePartitionCommand } from '@aws-sdk/client-glue';
import { afterAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { openDeployment } from '../../../../observe/deployment.ts';
import { listTableDays } from '../../../../observe/facts/tables/tableDays.ts';
import type { TableSummary } from '../../../../observe/facts/tables/tables.ts';
import { ensureTables, startAws } from '../../../harness/startAws.ts';

const config = defineConfig({ bucket: 'sluice-days' });
const aws = await startAws();
const deployment = openDeployment(
  {
    config,
    stack: { service: 'sluice', stage: 'prod' },
    isLocal: true,
    now: Date.parse('2026-11-20T09:00:00Z'),
  },
  aws.options,
);
afterAll(async () => {
  deployment.close();
  await aws.close();
});

const name = config.tables.exposures;
const location = `s3://${config.bucket}/${tableFolder(config, 'exposures')}`;
const table: TableSummary = {
  name,
  kind: 'forwarded',
  description: '',
  columns: [],
  location,
  hasDays: true,
  days: null,
  dataset: null,
};
aws.store.createBucket(config.bucket);
ensureTables(aws.catalog, config, [{ name, folder: tableFolder(config, 'exposures') }]);
for (const day of ['2026-11-19', '2026-11-20', '2026-11-21']) {
  await aws.glue.send(
    new CreatePartitionCommand({
      DatabaseName: config.database,
      TableName: name,
      PartitionInput: { Values: [day], StorageDescriptor: { Location: `${location}${day}/` } },
    }),
  );
}

it('a day that is registered without files is ahead from today on, and empty before', async () => {
  const { days } = await listTableDays(deployment, table, { countRows: false });
  expect(days.map(({ day, state }) => ({ day, state }))).toEqual([
    { day: '2026-11-21', state: 'ahead' },
    { day: '2026-11-20', state: 'ahead' },
    { day: '2026-11-19', state: 'empty' },
  ]);
});

it('a limited list has the newest days, and says what all days are', async () => {
  const { days, ...page } = await listTableDays(deployment, table, { limit: 2, countRows: false });
  expect(page).toEqual({
    table: name,
    first: '2026-11-19',
    last: '2026-11-21',
    hasMore: true,
    scannedBytes: 0,
  });
  expect(days.map(({ day }) => day)).toEqual(['2026-11-21', '2026-11-20']);
});

it('a table without days has no list', async () => {
  const asked = listTableDays(deployment, { ...table, hasDays: false }, { countRows: false });
  await expect(asked).rejects.toMatchObject({ code: 'SLUICE_TABLES_NO_DAYS' });
});
