import { setTimeout as pause } from 'node:timers/promises';
import type { Catalog, TableEntry, TableInput } from '../../glue/index.ts';
import {
  applySnapshot,
  deletesOf,
  type FileEntry,
  IcebergError,
  newSnapshotId,
  readFiles,
  readMetadata,
  type Snapshot,
  type SnapshotChange,
  snapshotOf,
  type TableFiles,
  type TableMetadata,
  writeMetadata,
} from '../../iceberg/index.ts';
import { AwsError } from '../../protocol/AwsError.ts';
import { statementError } from '../engine/StatementError.ts';
import type { RunnerOptions, StatementContext } from '../engine/StatementRunner.ts';
import { glueColumns } from './glueTable.ts';
import { openTableFiles } from './tableFiles.ts';

/** The parts of a statement that a commit uses: `QueryRun` and `CatalogRun` have them. */
export interface CommitRun {
  readonly runner: Pick<RunnerOptions, 'catalog' | 'store' | 'clock'>;
  readonly context: Pick<StatementContext, 'onCall' | 'signal'>;
}

/** A table by its names in Glue, in lower case. */
export interface TableId {
  readonly database: string;
  readonly name: string;
}

/** A change of rows that were read before: what it depends on. */
export interface ReadBasis {
  /** The snapshot whose rows the statement read; null for a table without one. */
  readonly snapshotId: bigint | null;
  /** The data files from which the change deletes rows, or which it replaces. */
  readonly touched: readonly string[];
  /**
   * Whether delete files that others have added since then to a touched file change the same rows. Default: always.
   */
  readonly overlaps?: (dataFile: string, added: readonly FileEntry[]) => Promise<boolean>;
  /**
   * Whether the change also depends on rows that were not there, as a MERGE that inserts what it did not find: then rows
   * that others have added since are a conflict. Default false.
   */
  readonly absent?: boolean;
}

/** A change of a table's files. */
export interface RowsChange extends SnapshotChange {
  /** Default: the change depends on no row, as an INSERT. */
  readonly basis?: ReadBasis;
  /** The `table-uuid` of the table that the files were written for: one of the same name may have taken its place. */
  readonly tableUuid?: string;
}

const LIMITS = {
  /** Attempts to commit. The catalog is asked anew for each. */
  attempts: 10,
  /** Milliseconds before the second attempt; doubled up to the longest, each with jitter. */
  shortestPause: 20,
  longestPause: 1_000,
} as const;

/**
 * Commits a snapshot: on the table's current metadata, however often another writer is faster. Appends always land; a
 * change with a basis fails when another writer has changed what it depends on, as in Iceberg's RowDelta:
 * https://iceberg.apache.org/docs/latest/reliability/#concurrent-write-operations.
 *
 * A change that isn't committed leaves no file: the added files are removed, too.
 *
 * @throws StatementError `ICEBERG_COMMIT_ERROR`
 */
export async function commitChange(
  run: CommitRun,
  table: TableId,
  change: RowsChange,
): Promise<TableMetadata> {
  const { basis, tableUuid, ...snapshot } = change;
  const { clock } = run.runner;
  try {
    return await commitTable(run, table, async (metadata, files) => {
      if (tableUuid !== undefined && tableUuid !== metadata['table-uuid'])
        throw new IcebergError(
          'COMMIT_CONFLICT',
          `Table UUID does not match: current=${tableUuid} != refreshed=${metadata['table-uuid']}`,
        );
      if (basis !== undefined) await requireNoConflict(files, metadata, basis);
      const snapshotId = newSnapshotId(metadata);
      return await applySnapshot(files, metadata, snapshot, { now: clock.now(), snapshotId });
    });
  } catch (error) {
    await discard(
      openTableFiles({ store: run.runner.store, onCall: run.context.onCall }),
      change.added.map(({ location }) => location),
    );
    throw error;
  }
}

/** Result of a change of a table's metadata. Unchanged metadata is not committed. */
export interface ChangedTable {
  readonly metadata: TableMetadata;
  /** Files to remove when this attempt is lost. */
  readonly written?: readonly string[];
}

/**
 * Replaces a table's metadata: Glue's `UpdateTable` takes the new location only from a writer that has read the version
 * it replaces. When another writer was faster, the change is made again from its metadata.
 *
 * @param change Computes the new metadata from the current. It may run several times.
 * @returns The table's metadata after the commit.
 * @throws StatementError `ICEBERG_COMMIT_ERROR` after ten attempts, and whatever `change` throws.
 */
export async function commitTable(
  run: CommitRun,
  table: TableId,
  change: (metadata: TableMetadata, files: TableFiles) => ChangedTable | Promise<ChangedTable>,
): Promise<TableMetadata> {
  const { catalog, store } = run.runner;
  const files = openTableFiles({ store, onCall: run.context.onCall });
  return await inTurn(catalog, table, async () => {
    for (let attempt = 1; ; attempt += 1) {
      run.context.signal.throwIfAborted();
      const { entry, location, metadata } = await loadCurrent(run, files, table);
      if (metadata['format-version'] !== 2)
        throw new IcebergError('UNSUPPORTED', 'Writing to an Iceberg table of the format version 1');
      const changed = await changeOrConflict(table, () => change(metadata, files));
      if (changed.metadata === metadata) return metadata;
      const written = [...(changed.written ?? [])];
      let next: string | undefined;
      let committed = false;
      try {
        next = await writeMetadata(files, changed.metadata, location);
        written.push(next);
        run.context.onCall({
          service: 'glue',
          operation: 'UpdateTable',
          input: { DatabaseName: table.database, Name: table.name },
        });
        // A table that was created anew under the name has the versions of the one before it.
        if (locationNow(catalog, table) !== location) throw commitConflict(table);
        // No copy of the old definition: each would hold all columns, and the metadata log already has their history.
        // https://iceberg.apache.org/docs/latest/aws/#skip-archive
        catalog.updateTable(table.database, movedInput(entry, location, next, changed.metadata), {
          versionId: String(entry.version),
          skipArchive: true,
        });
        committed = true;
      } catch (error) {
        // The answer may be lost, and not the update.
        committed = next !== undefined && locationNow(catalog, table) === next;
        if (!committed) {
          await discard(files, written);
          if (isGone(error)) throw commitError(table, error);
          if (!isConflict(error)) throw error;
          if (attempt >= LIMITS.attempts) throw commitError(table, error);
        }
      }
      if (committed) {
        await discard(files, await retiredMetadata(files, metadata, written.at(-1) ?? ''));
        return changed.metadata;
      }
      const longest = Math.min(LIMITS.longestPause, LIMITS.shortestPause * 2 ** (attempt - 1));
      await pause(longest * (0.5 + Math.random() / 2), undefined, { signal: run.context.signal });
    }
  });
}

/**
 * A table's current metadata by Glue.
 *
 * @throws AwsError of the catalog; StatementError for a table that isn't Iceberg's; IcebergError.
 */
export async function loadMetadata(
  run: CommitRun,
  files: TableFiles,
  { database, name }: TableId,
): Promise<{ readonly entry: TableEntry; readonly location: string; readonly metadata: TableMetadata }> {
  run.context.onCall({
    service: 'glue',
    operation: 'GetTable',
    input: { DatabaseName: database, Name: name },
  });
  const entry = run.runner.catalog.table(database, name);
  const location = entry.input.Parameters?.['metadata_location'];
  if (location === undefined)
    throw statementError(
      'ICEBERG_INVALID_METADATA',
      `Table is missing [metadata_location] property: ${database}.${name}`,
    );
  return { entry, location, metadata: await readMetadata(files, location) };
}

/** The failure of a change that another writer has made impossible, in Athena's words. */
function commitError({ database, name }: TableId, cause: unknown): unknown {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return statementError(
    'ICEBERG_COMMIT_ERROR',
    `Failed to commit Iceberg update to table: ${database}.${name}${why}`,
    undefined,
    cause,
  );
}

/** Removes files that no table needs. Files that can't be removed stay as orphans, for VACUUM. */
export async function discard(files: TableFiles, locations: readonly string[]): Promise<void> {
  for (const location of locations) {
    try {
      await files.remove(location);
    } catch {
      // The caller may lack s3:DeleteObject, or the process may be ending.
    }
  }
}

/**
 * The metadata files that have left a table's log with its last commit, where it says that they are to be removed. By
 * default they stay: https://iceberg.apache.org/docs/latest/maintenance/#remove-old-metadata-files
 */
async function retiredMetadata(
  files: TableFiles,
  before: TableMetadata,
  location: string,
): Promise<readonly string[]> {
  if (before.properties['write.metadata.delete-after-commit.enabled']?.toLowerCase() !== 'true') return [];
  // Another writer may have removed it since.
  const after = await readMetadata(files, location).catch(() => undefined);
  if (after === undefined) return [];
  const kept = new Set(after['metadata-log'].map((entry) => entry['metadata-file']));
  return before['metadata-log'].map((entry) => entry['metadata-file']).filter((file) => !kept.has(file));
}

/** Commits of this process, by catalog and table: the last one that waits. */
const turns = new WeakMap<Catalog, Map<string, Promise<unknown>>>();

/** Lets the commits of this process to one table follow each other: only other writers can make one lose. */
async function inTurn<Result>(
  catalog: Catalog,
  { database, name }: TableId,
  work: () => Promise<Result>,
): Promise<Result> {
  const ofCatalog = turns.get(catalog) ?? new Map<string, Promise<unknown>>();
  turns.set(catalog, ofCatalog);
  const key = `${database}.${name}`;
  const before = ofCatalog.get(key) ?? Promise.resolve();
  const own = before.then(work, work);
  ofCatalog.set(key, own);
  try {
    return await own;
  } finally {
    if (ofCatalog.get(key) === own) ofCatalog.delete(key);
  }
}

async function changeOrConflict(
  table: TableId,
  change: () => ChangedTable | Promise<ChangedTable>,
): Promise<ChangedTable> {
  try {
    return await change();
  } catch (error) {
    throw error instanceof IcebergError && error.code === 'COMMIT_CONFLICT'
      ? commitError(table, error)
      : error;
  }
}

/** @throws StatementError `ICEBERG_COMMIT_ERROR` for a table that the statement has found and that isn't there any more. */
async function loadCurrent(run: CommitRun, files: TableFiles, table: TableId) {
  try {
    return await loadMetadata(run, files, table);
  } catch (error) {
    throw isGone(error) ? commitError(table, error) : error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof AwsError && error.code === 'EntityNotFoundException';
}

/** As Glue refuses a version that isn't the current one: the change is made again. */
function commitConflict({ database, name }: TableId): AwsError {
  return new AwsError('ConcurrentModificationException', 400, `The table ${database}.${name} has changed`);
}

function isConflict(error: unknown): boolean {
  return error instanceof AwsError && error.code === 'ConcurrentModificationException';
}

function locationNow(catalog: Catalog, { database, name }: TableId): string | undefined {
  const found = catalog.databases().find(({ input }) => input.Name === database);
  return found?.tables.get(name)?.input.Parameters?.['metadata_location'];
}

/** The table in Glue with its new metadata. */
function movedInput(
  { input }: TableEntry,
  previous: string,
  location: string,
  metadata: TableMetadata,
): TableInput {
  return {
    ...input,
    Parameters: {
      ...input.Parameters,
      table_type: 'ICEBERG',
      metadata_location: location,
      previous_metadata_location: previous,
    },
    StorageDescriptor: {
      ...input.StorageDescriptor,
      Columns: glueColumns(metadata, input.StorageDescriptor?.Columns),
      Location: metadata.location,
    },
  };
}

/**
 * Requires that no one else has changed what a change depends on since it read its snapshot: the data files that it
 * touches are still there, without new deletes of the same rows, and there are no new rows where it depends on that.
 *
 * @throws IcebergError `COMMIT_CONFLICT`
 */
async function requireNoConflict(
  files: TableFiles,
  metadata: TableMetadata,
  { snapshotId, touched, overlaps, absent = false }: ReadBasis,
): Promise<void> {
  if (metadata['current-snapshot-id'] === snapshotId || (touched.length === 0 && !absent)) return;
  const current = snapshotOf(metadata);
  const entries = current === undefined ? [] : await readFiles(files, metadata, current);
  const deletes = entries.filter(({ content }) => content !== 'data');
  const data = new Map(
    entries.filter(({ content }) => content === 'data').map((file) => [file.location, file]),
  );
  const readUntil = snapshotId === null ? 0n : (sequenceOf(metadata.snapshots, snapshotId) ?? 0n);
  // Rewritten rows keep their age: https://iceberg.apache.org/spec/#sequence-numbers
  const newer = [...data.values()].filter(({ sequenceNumber }) => sequenceNumber > readUntil);
  if (absent && newer.length > 0)
    throw new IcebergError(
      'COMMIT_CONFLICT',
      `Found conflicting files that can contain records matching true: [${newer.map(({ location }) => location).join(', ')}]`,
    );
  for (const location of touched) {
    const file = data.get(location);
    if (file === undefined)
      throw new IcebergError('COMMIT_CONFLICT', `Cannot commit, missing data files: [${location}]`);
    const added = deletesOf(file, deletes).filter(({ fileSequenceNumber }) => fileSequenceNumber > readUntil);
    if (added.length > 0 && ((await overlaps?.(location, added)) ?? true))
      throw new IcebergError(
        'COMMIT_CONFLICT',
        `Cannot commit, found new delete for replaced data file: ${location}`,
      );
  }
}

function sequenceOf(snapshots: readonly Snapshot[], id: bigint): bigint | undefined {
  return snapshots.find((snapshot) => snapshot['snapshot-id'] === id)?.['sequence-number'];
}
