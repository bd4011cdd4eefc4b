import { GlueClient } from '@aws-sdk/client-glue';
import { ManualClock } from '../../../local/clock/ManualClock.ts';
import { Faults } from '../../../local/faults/Faults.ts';
import { glueService } from '../../../local/glue/glueService.ts';
import { Catalog } from '../../../local/glue/model/Catalog.ts';
import { startServices, temporaryDirectory } from '../../harness/startServices.ts';

export const ACCOUNT = '000000000000';
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
