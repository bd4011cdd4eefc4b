import { GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gluePartitionCatalog } from '../../../../lib/aws/gluePartitionCatalog.ts';
import { registerPartitions } from '../../../../lib/landing/catalog/registerPartitions.ts';
import { dayFolder } from '../../../../lib/tables/tableFolders.ts';
import { BUCKET, startCatalog, TODAY } from './startCatalog.ts';

/** A client of a place where nothing answers. */
const nowhere = new GlueClient({
  endpoint: 'http://127.0.0.1:1',
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
});
let config: ReturnType<typeof world.addTables>;
let runs = 0;
const world = await startCatalog();
beforeEach(() => {
  runs += 1;
  config = world.addTables(`register_${runs}`);
  world.faults.clear();
  world.waits.length = 0;
});
afterAll(async () => {
  nowhere.destroy();
  await world.close();
});

const target = (budgetMs?: number) => ({
  config,
  bucket: BUCKET,
  catalog: world.catalog,
  attempts: world.attempts(budgetMs),
});
const register = (wanted: readonly string[], budgetMs?: number) =>
  registerPartitions(target(budgetMs), 'exposures', wanted);

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

  it('retries a call that failed on the server side, also with an error code that it does not know', async () => {
    const operations = ['BatchCreatePartition'];
    world.faults.set({
      glue: [{ fault: 'failCalls', code: 'SomethingNewException', calls: 1, operations, status: 503 }],
    });
    expect(await register([TODAY])).toMatchObject({ created: [TODAY], failed: [] });
    expect(world.waits).toEqual([100]);
  });

  it('retries a call that did not reach the service', async () => {
    const settled = registerPartitions(
      { ...target(1_000), catalog: gluePartitionCatalog(nowhere) },
      'exposures',
      [TODAY],
    );
    await expect(settled).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_UNAVAILABLE',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    // The next pause would end after the second that there is.
    expect(world.waits).toEqual([100, 200, 400]);
  });
});
