import { GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gluePartitionCatalog } from '../../../../lib/aws/gluePartitionCatalog.ts';
import { addDays } from '../../../../lib/base/time.ts';
import { registerPartitions } from '../../../../lib/landing/catalog/registerPartitions.ts';
import { dayFolder } from '../../../../lib/tables/tableFolders.ts';
import { BUCKET, startCatalog, TODAY } from './startCatalog.ts';

const clientOptions = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
};
let config: ReturnType<typeof world.addTables>;
let runs = 0;
const world = await startCatalog();
beforeEach(() => {
  runs += 1;
  config = world.addTables(`register_${runs}`);
  world.faults.clear();
  world.waits.length = 0;
});
afterAll(() => world.close());

const days = (count: number) => Array.from({ length: count }, (_, index) => addDays(TODAY, -index));
const target = (budgetMs?: number) => ({
  config,
  bucket: BUCKET,
  catalog: world.catalog,
  attempts: world.attempts(budgetMs),
});
const register = (wanted: readonly string[], budgetMs?: number) =>
  registerPartitions(target(budgetMs), 'exposures', wanted);
const registered = () => world.registered(config.tables.exposures);

describe('registerPartitions', () => {
  it("copies the table's whole storage descriptor to the day's own folder", async () => {
    await register([TODAY]);
    const table = world.glue.table('sluice', config.tables.exposures);
    expect(table.partitions).toMatchObject([
      {
        values: [TODAY],
        input: {
          StorageDescriptor: {
            ...table.input.StorageDescriptor,
            Location: `s3://${BUCKET}/${dayFolder(config, 'exposures', TODAY)}`,
          },
        },
      },
    ]);
  });

  it('registers days of several calls, each once', async () => {
    const wanted = days(201);
    const { created, existed, failed } = await register(wanted);
    expect(created).toEqual(wanted);
    expect(existed).toEqual([]);
    expect(failed).toEqual([]);
    expect([...registered().keys()].sort()).toEqual([...wanted].sort());
  });

  it('skips a partition that points elsewhere', async () => {
    const location = 's3://elsewhere/rows/';
    world.glue.changePartitions('sluice', config.tables.exposures, (table) => ({
      ...table,
      partitions: [
        {
          values: [TODAY],
          createdAt: 0,
          input: { Values: [TODAY], StorageDescriptor: { Location: location } },
        },
      ],
    }));
    expect(await register([TODAY])).toEqual({ created: [], existed: [TODAY], updated: [], failed: [] });
    expect(registered().get(TODAY)).toBe(location);
  });

  it('registers every day once when two runs are concurrent', async () => {
    const results = await Promise.all([register(days(150)), register(days(150)), register(days(150))]);
    expect(results.flatMap(({ created }) => created).sort()).toEqual(days(150).sort());
    expect(results.flatMap(({ failed }) => failed)).toEqual([]);
    expect(registered().size).toBe(150);
  });

  it('retries a call that failed on the server side, also with an error code that it does not know', async () => {
    const operations = ['BatchCreatePartition'];
    world.faults.set({
      glue: [{ fault: 'failCalls', code: 'SomethingNewException', calls: 1, operations, status: 503 }],
    });
    expect(await register(days(1))).toMatchObject({ created: days(1), failed: [] });
    expect(world.waits).toHaveLength(1);
  });

  it('retries a call that did not reach the service', async () => {
    const client = new GlueClient({ ...clientOptions, endpoint: 'http://127.0.0.1:1' });
    const settled = registerPartitions(
      { ...target(1_000), catalog: gluePartitionCatalog(client) },
      'exposures',
      [TODAY],
    );
    await expect(settled).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_UNAVAILABLE',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    expect(world.waits.length).toBeGreaterThan(0);
    client.destroy();
  });
});
