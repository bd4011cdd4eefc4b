import { isDeepStrictEqual } from 'node:util';
import type { CatalogPartition, CatalogTable, StorageDescriptor } from './PartitionCatalog.ts';

/**
 * The partitions that don't describe their files as the table does: made before its columns or format changed,
 * which Glue doesn't pass on. Comments and other parameters don't count: no reader takes them from a partition.
 */
export function findStale(table: CatalogTable, partitions: readonly CatalogPartition[]): CatalogPartition[] {
  const wanted = readingOf(table.storage);
  return partitions.filter(({ storage }) => !isDeepStrictEqual(readingOf(storage), wanted));
}

/** What decides how a reader reads the files. */
function readingOf({ Columns = [], InputFormat, OutputFormat, SerdeInfo }: StorageDescriptor) {
  return {
    columns: Columns.map(({ Name, Type }) => [Name, Type]),
    InputFormat,
    OutputFormat,
    library: SerdeInfo?.SerializationLibrary,
    parameters: { ...SerdeInfo?.Parameters },
  };
}
