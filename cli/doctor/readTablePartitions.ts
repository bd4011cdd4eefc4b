import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3DayFolders } from '../../lib/aws/s3DayFolders.ts';
import type { Attempts } from '../../lib/catalog/Attempts.ts';
import { CatalogCallError } from '../../lib/catalog/CatalogCallError.ts';
import { readPages } from '../../lib/catalog/readPages.ts';
import type { Config } from '../../lib/config/configSchema.ts';
import { tableFolder } from '../../lib/layout/tableFolders.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import type { TablePartitions } from './TablePartitions.ts';
import type { Visit } from './Visit.ts';

/** Beyond any number of days: pages of 1,000, or fewer where columns are many. */
const MOST_PAGES = 500;
/** Longest time that one table's listings may take. */
const TIME_MS = 120_000;

/** Undefined when the table isn't there, which another check tells. */
export async function readTablePartitions(
  visit: Pick<Visit, 'ask' | 'clients' | 'clock'>,
  config: Pick<Config, 'bucket' | 'database' | 'statsigFolder' | 'tables'>,
  kind: TableKind,
): Promise<TablePartitions | undefined> {
  const { glue, s3 } = await visit.clients();
  const [catalog, days] = [gluePartitionCatalog(glue), s3DayFolders(s3)];
  const name = config.tables[kind];
  const attempts: Attempts = {
    clock: visit.clock,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
    deadline: visit.clock.now() + TIME_MS,
  };
  // The adapters wrap what the client throws.
  const ask = <Result>(permission: string, call: () => Promise<Result>) =>
    visit.ask(permission, () => call().catch(unwrap));
  try {
    const table = await ask('glue:GetTable', () => catalog.getTable(config.database, name));
    // Folders first: what is registered between the two listings has its partition.
    const folders = await ask('s3:ListBucket', () =>
      readPages(attempts, MOST_PAGES, (token) =>
        days.listPage(config.bucket, tableFolder(config, kind), token),
      ),
    );
    const partitions = await ask('glue:GetPartitions', () =>
      readPages(attempts, MOST_PAGES, (token) => catalog.listPage(config.database, name, token)),
    );
    return { table, partitions: partitions ?? [], folders: folders ?? [] };
  } catch (error) {
    if (error instanceof Error && error.name === 'EntityNotFoundException') return undefined;
    throw error;
  }
}

function unwrap(error: unknown): never {
  throw error instanceof CatalogCallError && error.cause instanceof Error ? error.cause : error;
}
