import type { TableEntry } from '../../../glue/index.ts';
import {
  type IcebergSchema,
  readMetadata,
  type Snapshot,
  schemaOf,
  snapshotOf,
  type TableFiles,
  type TableMetadata,
} from '../../../iceberg/index.ts';
import { CATALOG } from '../../engine/Session.ts';
import { notEmulated, statementError } from '../../engine/StatementError.ts';
import { toIcebergFailure } from '../failures.ts';

/** An Iceberg table as its metadata was when a statement began, at one of its snapshots. */
export interface LoadedTable {
  readonly entry: TableEntry;
  readonly metadata: TableMetadata;
  /** The columns that a query sees: of the snapshot that it asks for, otherwise the current ones. */
  readonly schema: IcebergSchema;
  /** Undefined for a table without rows that was never written to. */
  readonly snapshot: Snapshot | undefined;
}

/**
 * Loads a table's metadata from S3, at its current snapshot.
 *
 * @throws StatementError `ICEBERG_MISSING_METADATA`, `ICEBERG_INVALID_METADATA`; `NOT_SUPPORTED` for version 3 of the
 *   format.
 */
export async function loadIcebergTable(entry: TableEntry, files: TableFiles): Promise<LoadedTable> {
  const { databaseName, input } = entry;
  const location = input.Parameters?.['metadata_location'];
  if (location === undefined) {
    throw statementError(
      'ICEBERG_INVALID_METADATA',
      `Table '${CATALOG}.${databaseName}.${input.Name}' has no metadata_location`,
    );
  }
  try {
    const metadata = await readMetadata(files, location);
    return { entry, metadata, schema: schemaOf(metadata), snapshot: snapshotOf(metadata) };
  } catch (error) {
    throw toIcebergFailure(error);
  }
}

/** Refuses a table's file that is not in Parquet, which Athena also reads in ORC and Avro. */
export function requireParquet(format: string, location: string): void {
  if (format.toUpperCase() !== 'PARQUET')
    throw notEmulated(`An Iceberg table's file in ${format.toUpperCase()} (${location})`);
}
