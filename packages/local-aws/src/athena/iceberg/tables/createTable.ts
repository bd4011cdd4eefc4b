import { randomUUID } from 'node:crypto';
import {
  applySnapshot,
  type IcebergField,
  type NewFile,
  newSnapshotId,
  newTable,
  type TableMetadata,
  writeMetadata,
} from '../../../iceberg/index.ts';
import { statementError } from '../../engine/StatementError.ts';
import { type CommitRun, discard, type TableId } from '../commit.ts';
import { icebergTableInput } from '../glueTable.ts';
import { objectOf, openTableFiles } from '../tableFiles.ts';
import { type PartitionTransform, specFields } from './partitioning.ts';

/** A table to create. */
export interface TableDefinition {
  /** IDs only need to be different. */
  readonly fields: readonly IcebergField[];
  readonly partitioning: readonly PartitionTransform[];
  /** A folder in S3. */
  readonly location: string;
  /** Iceberg's properties. */
  readonly properties: Readonly<Record<string, string>>;
}

/** The metadata of a new table, which nobody sees yet. @throws StatementError; IcebergError `INVALID_SCHEMA`. */
export function defineTable(
  { runner }: CommitRun,
  { fields, partitioning, location, properties }: TableDefinition,
): TableMetadata {
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name))
      throw statementError('DUPLICATE_COLUMN_NAME', `Column name '${name}' specified more than once`);
    names.add(name);
  }
  return newTable({
    location,
    schema: { type: 'struct', fields },
    spec: { fields: specFields(partitioning, fields) },
    properties,
    now: runner.clock.now(),
    uuid: randomUUID(),
  });
}

/**
 * A location as Iceberg keeps it, without a slash at its end.
 *
 * @throws StatementError for one that isn't in S3 or whose bucket isn't there.
 */
export function tableLocation({ runner }: CommitRun, location: string): string {
  const place = objectOf(location);
  if (place === undefined) throw statementError('INVALID_TABLE_PROPERTY', `Not an S3 location: ${location}`);
  if (!runner.store.hasBucket(place.bucket))
    throw statementError('ICEBERG_FILESYSTEM_ERROR', `The specified bucket does not exist: ${place.bucket}`);
  return location.replace(/\/+$/, '');
}

/**
 * Creates a table in S3 and Glue, with files as its first snapshot. The entry in Glue is the commit: without it, nothing stays.
 *
 * @param added Default none: a table without a snapshot.
 */
export async function createTable(
  run: CommitRun,
  { database, name }: TableId,
  defined: TableMetadata,
  added: readonly NewFile[] = [],
): Promise<void> {
  const { catalog, store, clock } = run.runner;
  const files = openTableFiles({ store, onCall: run.context.onCall });
  const written: string[] = added.map(({ location }) => location);
  try {
    let metadata = defined;
    if (added.length > 0) {
      const snapshotId = newSnapshotId(metadata);
      const now = clock.now();
      const changed = await applySnapshot(
        files,
        metadata,
        { operation: 'append', added },
        { now, snapshotId },
      );
      written.push(...changed.written);
      metadata = changed.metadata;
    }
    const location = await writeMetadata(files, metadata, null);
    written.push(location);
    run.context.onCall({
      service: 'glue',
      operation: 'CreateTable',
      input: { DatabaseName: database, Name: name },
    });
    catalog.createTable(database, icebergTableInput(name, metadata, location));
  } catch (error) {
    await discard(files, written);
    throw error;
  }
}
