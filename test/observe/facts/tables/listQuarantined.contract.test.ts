import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../../observe/deployment.ts';
import { listQuarantined, type QuarantineFilter } from '../../../../observe/facts/tables/listQuarantined.ts';
import { answeredBy } from '../../../harness/answering.ts';
import { tableAthena } from '../../../harness/tableAthena.ts';

const config = defineConfig({ bucket: 'acme' });
const athena = await tableAthena(config);
const opened = openDeployment(
  { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now: Date.UTC(2026, 10, 21) },
  { region: 'us-east-1' },
);
const nothing = answeredBy(S3Client, () => ({}));
const noPartition = answeredBy(GlueClient, () => ({ Partitions: [] }));
const clients = { s3: nothing, glue: noPartition, athena: athena.athena };
const deployment = { ...opened, ...clients, wait: async () => undefined };
afterAll(() => {
  opened.close();
  athena.close();
});

/**
 * A refused row of a customer's file.
 *
 * @param number Its number in that file.
 * @param path Key of that file.
 * @param stem Name of the file of quarantine that has the row, without its ending.
 */
const rowOf = (number: number, time: string, path: string, stem: string) => ({
  quarantine_id: `${path} ${number}`,
  received_at: `2026-11-20 ${time}`,
  reason: 'empty_name',
  detail: `row ${number}, no name`,
  path,
  // The longer, the greater its number: that of row 2 has 8,000 characters.
  raw: 'x'.repeat(8_000 + number - 2),
  ds: '2026-11-20',
  $path: `s3://acme/quarantine/${stem}.parquet`,
});
await athena.insert(
  config.tables.quarantine,
  rowOf(10, '08:00:00', 'b', 'sluice-drop-a_b-1'),
  rowOf(2, '08:00:00', 'b', 'sluice-drop-a_b-1'),
  rowOf(3, '08:00:00', 'a', 'sluice-drop-a_b-1'),
  // Firehose has delivered it twice.
  rowOf(3, '08:00:00', 'a', 'sluice-drop-a_b-1'),
  { ...rowOf(4, '09:00:00', 'a', 'sluice-drop-axb-1'), reason: 'bad_time' },
  rowOf(1, '07:59:59.999', 'a', 'sluice-drop-a_b-2'),
);

const at = (time: string) => Date.parse(`2026-11-20T${time}Z`);
const all = { from: at('00:00:00'), to: at('23:59:59') };
const list = async (filter: QuarantineFilter, limit = 10) => {
  const { rows, hasMore } = await listQuarantined(deployment, filter, limit);
  return { ids: rows.map(({ quarantineId }) => quarantineId), hasMore };
};

it.each([
  {
    what: 'of all, the newest first, those of a file in its order, and each once',
    filter: all,
    ids: ['a 4', 'a 3', 'b 2', 'b 10', 'a 1'],
  },
  {
    what: 'of a time, both ends included',
    filter: { from: at('07:59:59.999'), to: at('08:00:00') },
    ids: ['a 3', 'b 2', 'b 10', 'a 1'],
  },
  { what: 'from a time on', filter: { ...all, from: at('08:00:00') }, ids: ['a 4', 'a 3', 'b 2', 'b 10'] },
  { what: 'with a reason', filter: { ...all, reason: 'bad_time' }, ids: ['a 4'] },
  {
    what: 'of files of one name, in which "_" is no other letter',
    filter: { ...all, fileStem: 'sluice-drop-a_b-1' },
    ids: ['a 3', 'b 2', 'b 10'],
  },
])('lists rows $what', async ({ filter, ids }) => {
  expect(await list(filter)).toEqual({ ids, hasMore: false });
});

it('cuts what is longer than 8,000 characters', async () => {
  const { rows } = await listQuarantined(deployment, { ...all, fileStem: 'sluice-drop-a_b-1' }, 4);
  // The raw texts of these rows have 8,001, 8,000 and 8,008 characters.
  expect(rows.map(({ quarantineId, raw, isCut }) => ({ quarantineId, length: raw?.length, isCut }))).toEqual([
    { quarantineId: 'a 3', length: 8_000, isCut: true },
    { quarantineId: 'b 2', length: 8_000, isCut: false },
    { quarantineId: 'b 10', length: 8_000, isCut: true },
  ]);
});

it('says whether there are more than were asked for', async () => {
  const filter = { ...all, from: at('08:00:00.001') };
  expect(await list(filter, 1)).toEqual({ ids: ['a 4'], hasMore: false });
  expect(await list(all, 1)).toEqual({ ids: ['a 4'], hasMore: true });
});
