import type { Config } from '../../config/configSchema.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { partitionKey } from '../../tables/partitionKey.ts';
import { dayFolder } from '../../tables/tableFolders.ts';
import type { UtcDay } from '../../time/utcDay.ts';
import { CatalogError } from './CatalogError.ts';
import type { CatalogPartition, CatalogTable } from './PartitionCatalog.ts';

/** Where a day's files are: its partition's location. */
export function dayLocation(
  config: Pick<Config, 'statsigFolder' | 'tables'>,
  bucket: string,
  kind: TableKind,
  day: UtcDay,
): string {
  return `s3://${bucket}/${dayFolder(config, kind, day)}`;
}

/**
 * The partition of one day: the table's whole storage descriptor (Glue's API lets a partition inherit
 * nothing) at the day's own location.
 */
export function dayPartition(table: CatalogTable, day: UtcDay, location: string): CatalogPartition {
  return { values: [day], storage: { ...table.storage, Location: location } };
}

/**
 * Refuses a table whose partitions can't be days: values are positional, so with other keys they would be
 * added to the wrong ones.
 *
 * @throws CatalogError SLUICE_CATALOG_TABLE_UNFIT
 */
export function checkTable(table: CatalogTable): CatalogTable {
  const [key, ...more] = table.partitionKeys;
  if (key !== partitionKey.name || more.length > 0) {
    throw new CatalogError(
      'SLUICE_CATALOG_TABLE_UNFIT',
      `${table.name} is partitioned by ${table.partitionKeys.join(', ') || 'nothing'}.`,
    );
  }
  return table;
}
