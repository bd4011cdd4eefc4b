import type { CatalogPartition, CatalogTable } from '../../lib/catalog/PartitionCatalog.ts';

/** A table's partitions, and the folders in its own. */
export interface TablePartitions {
  readonly table: CatalogTable;
  readonly partitions: readonly CatalogPartition[];
  readonly folders: readonly string[];
}
