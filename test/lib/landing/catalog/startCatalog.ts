import { gluePartitionCatalog } from '../../../../lib/aws/gluePartitionCatalog.ts';
import { s3ObjectStore } from '../../../../lib/aws/s3ObjectStore.ts';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { type TableKind, tableKinds } from '../../../../lib/schema/kinds.ts';
import { deliveredTables } from '../../../../lib/tables/deliveredTables.ts';
import { tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { startAws } from '../../../harness/startAws.ts';

export const BUCKET = 'data-bucket';
const START = Date.UTC(2026, 10, 20);
export const TODAY = '2026-11-20';
export const TOMORROW = '2026-11-21';

/**
 * The registrar's world: the local Glue and S3 over HTTP with the product's own adapters before them, and
 * tables as the template makes them. Waits move the clock instead of taking time.
 */
export async function startCatalog() {
  const clock = new ManualClock(START);
  const { store, catalog: glue, s3, glue: glueClient, faults, options, close } = await startAws({ clock });
  store.ensureBucket(BUCKET, { eventBridge: true });
  glue.ensureDatabase({ Name: 'sluice' });

  /** A configuration with tables of its own, so that tests and runs don't meet; its tables are made. */
  function addTables(suffix: string) {
    const config = defineConfig({
      bucket: BUCKET,
      tables: {
        exposures: `exposures_${suffix}`,
        events: `events_${suffix}`,
        quarantine: `quarantine_${suffix}`,
      },
    });
    for (const kind of tableKinds) glue.ensureTable('sluice', tableInput(config, kind));
    return config;
  }

  const waits: number[] = [];
  return {
    glue,
    faults,
    store,
    close,
    endpoint: options.endpoint,
    addTables,
    catalog: gluePartitionCatalog(glueClient),
    objects: s3ObjectStore(s3, BUCKET),
    objectsOf: (bucket: string) => s3ObjectStore(s3, bucket),
    /** How long was waited before each further try. */
    waits,
    /** Fresh attempts with `budgetMs` to go. */
    attempts: (budgetMs = MINUTE_MS) => ({
      clock,
      wait: async (ms: number) => {
        waits.push(ms);
        clock.advance(ms);
      },
      random: () => 0.5,
      deadline: clock.now() + budgetMs,
    }),
  };
}

/** The `TableInput` of a kind; more columns than the product's can be added. */
export function tableInput(
  config: ReturnType<typeof defineConfig>,
  kind: TableKind,
  moreColumns: readonly string[] = [],
) {
  const table = deliveredTables(config)[kind];
  return {
    Name: table.name,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [{ Name: table.partitionKey.name, Type: table.partitionKey.type }],
    StorageDescriptor: {
      Columns: [
        ...table.columns.map(({ name, type, comment }) => ({ Name: name, Type: type, Comment: comment })),
        ...moreColumns.map((name) => ({ Name: name, Type: 'string' })),
      ],
      Location: `s3://${config.bucket}/${tableFolder(config, kind)}`,
      InputFormat: 'parquet-in',
      OutputFormat: 'parquet-out',
      SerdeInfo: { SerializationLibrary: 'parquet', Parameters: { 'serialization.format': '1' } },
      Parameters: { classification: 'parquet' },
    },
  };
}
