import { GlueClient } from '@aws-sdk/client-glue';
import { ManualClock } from '../../src/base/index.ts';
import { Faults } from '../../src/faults/Faults.ts';
import { Catalog } from '../../src/glue/Catalog.ts';
import { glueService } from '../../src/glue/index.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

/** The account of the catalog. */
export const ACCOUNT = '000000000000';
/** The time at which its clock stands, epoch milliseconds. */
export const START = Date.UTC(2026, 10, 20, 7, 32);

/** A table partitioned by day, as the product's are. */
export const dayTable = {
  Name: 'exposures',
  PartitionKeys: [{ Name: 'ds', Type: 'date' }],
  StorageDescriptor: {
    Columns: [
      { Name: 'event_id', Type: 'string', Comment: 'Identity' },
      { Name: 'timestamp', Type: 'timestamp' },
    ],
    Location: 's3://bucket/statsig/exposures/',
    SerdeInfo: { SerializationLibrary: 'parquet', Parameters: { 'serialization.format': '1' } },
  },
};

/** The local Glue over HTTP with a real client before it. */
export async function startGlue() {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const catalog = Catalog.open({ directory: directory.path, clock });
  const faults = new Faults();
  const services = [glueService({ catalog, clock, account: ACCOUNT, faults })];
  const { options, close } = await startServices(services, faults);
  const client = new GlueClient(options);
  return {
    client,
    catalog,
    faults,
    clock,
    options,
    directory: directory.path,
    async close() {
      client.destroy();
      await close();
      directory.remove();
    },
  };
}
