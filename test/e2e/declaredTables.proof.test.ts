import { AthenaClient } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { athenaRows } from '../harness/athenaRows.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const DAY = '2026-11-19';

describe('datasets with declared columns', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  let athena: AthenaClient;
  beforeAll(async () => {
    ingest = await ingestCloud({
      sources: [
        {
          ...{ name: 'acme', bucket: DROPS, owner: CUSTOMER, schedule: 'hourly', settleMinutes: 0 },
          datasets: [
            {
              name: 'accounts',
              kind: 'properties',
              mapping: {
                unitId: 'account',
                idType: { constant: 'companyID' },
                properties: { plan: 'plan', seats: { column: 'seats', type: 'bigint' } },
              },
            },
            {
              name: 'orders',
              kind: 'table',
              refusedShare: 0.5,
              mapping: {
                columns: {
                  order_id: { column: 'id', required: true, comment: 'Number of the order' },
                  total: { column: 'total', type: 'double' },
                  placed_at: { column: 'placed', type: 'timestamp', unit: 'ms' },
                  country: { folder: 'country' },
                },
                sortBy: ['placed_at'],
              },
            },
          ],
        },
      ],
    });
    athena = new AthenaClient({
      endpoint: ingest.cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await ingest.jumpTo('2026-11-20T08:10:00Z');
    await ingest.drop(
      `accounts/${DAY}/all.parquet`,
      "SELECT * FROM (VALUES ('acme', 'pro', 12), ('bolt', 'free', NULL)) AS t (account, plan, seats)",
    );
    await ingest.drop(
      `orders/${DAY}/country=DE/part-0.parquet`,
      "SELECT * FROM (VALUES ('o1', 12.5, 1795083330000), (NULL, 3, 1795083330000)) AS t (id, total, placed)",
    );
    await ingest.jump(3_600_000);
    await ingest.cloud.flush();
  }, 120_000);
  afterAll(async () => {
    athena.destroy();
    await ingest.close();
  });

  const ask = (sql: string) =>
    athenaRows(athena, sql, { WorkGroup: 'sluice', QueryExecutionContext: { Database: 'sluice' } });

  it('land in tables of those columns and types', async () => {
    expect(
      await ask(
        'SELECT unit_id, id_type, property_date, plan, seats + 1 AS more, CAST(ds AS varchar) AS ds FROM acme_accounts ORDER BY 1',
      ),
    ).toEqual([
      { unit_id: 'acme', id_type: 'companyID', property_date: undefined, plan: 'pro', more: '13', ds: DAY },
      {
        unit_id: 'bolt',
        id_type: 'companyID',
        property_date: undefined,
        plan: 'free',
        more: undefined,
        ds: DAY,
      },
    ]);
    expect(
      await ask(
        "SELECT order_id, total * 2 AS twice, date_trunc('hour', placed_at) AS hour, country FROM acme_orders",
      ),
    ).toEqual([{ order_id: 'o1', twice: '25.0', hour: '2026-11-19 10:00:00.000', country: 'DE' }]);
    const columns = await ask(
      "SELECT column_name, comment FROM information_schema.columns WHERE table_name = 'acme_orders'",
    );
    expect(columns).toEqual(
      expect.arrayContaining([
        { column_name: 'order_id', comment: 'Number of the order' },
        { column_name: 'total', comment: 'Column total of the file' },
        { column_name: 'country', comment: 'Folder country= of the file' },
      ]),
    );
  });

  it('refuse rows without a required value, by name', async () => {
    expect(await ask('SELECT reason, detail FROM quarantine')).toEqual([
      { reason: 'SLUICE_INGEST_ROW_REQUIRED_MISSING', detail: 'row 1, order_id: column "id"' },
    ]);
    const { stdout } = await callMain(
      ['ingest', 'explain', '--source', 'acme', '--dataset', 'orders', '--day', DAY, '--local'],
      { env: ingest.env },
    );
    expect(stdout).toContain('SLUICE_INGEST_ROW_REQUIRED_MISSING');
  });

  it('are run by name like others', async () => {
    const run = await callMain(['ingest', 'run', '--source', 'acme', '--dataset', 'orders', '--local'], {
      env: ingest.env,
    });
    expect(run.code).toBe(0);
  });
});
