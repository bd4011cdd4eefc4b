import {
  deletesOf,
  type FileEntry,
  type NewFile,
  readFiles,
  schemaOf,
  snapshotOf,
  type TableMetadata,
} from '../../../iceberg/index.ts';
import { type CommitRun, commitChange, loadMetadata, type TableId } from '../commit.ts';
import { requireParquet } from '../read/loadTable.ts';
import { type LinkedFile, scanSql } from '../read/scanSql.ts';
import { objectOf, openTableFiles } from '../tableFiles.ts';
import { maintenanceSettings } from '../tables/tableProperties.ts';
import { removeAll, type WriteRun, writeDataFiles } from '../writeData.ts';

/** Data files that become one, or several of the target size. */
interface Rewrite {
  readonly partition: FileEntry['partition'];
  readonly specId: number;
  readonly files: readonly FileEntry[];
}

/**
 * Runs OPTIMIZE … REWRITE DATA USING BIN_PACK: small data files of a partition become one, and rows of delete files are left
 * out. https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-data-optimization.html
 *
 * Rewritten rows keep the sequence number of the snapshot that was read. Deletes of a rewritten file that are committed
 * meanwhile make it fail.
 *
 * @returns Bytes read.
 * @throws StatementError `ICEBERG_COMMIT_ERROR` when another writer has changed a rewritten file.
 */
export async function optimize(run: CommitRun & WriteRun, table: TableId): Promise<number> {
  const files = openTableFiles({ store: run.runner.store, onCall: run.context.onCall });
  const { entry, metadata } = await loadMetadata(run, files, table);
  const snapshot = snapshotOf(metadata);
  if (snapshot === undefined) return 0;
  const loaded = { entry, metadata, schema: schemaOf(metadata), snapshot };
  const live = await readFiles(files, metadata, snapshot);
  const data = live.filter(({ content }) => content === 'data');
  const deletes = live.filter(({ content }) => content !== 'data');
  const rewrites = planRewrites(data, metadata, (file) => deletesOf(file, deletes).length);
  if (rewrites.length === 0) return 0;
  const added: NewFile[] = [];
  let scanned = 0;
  try {
    for (const rewrite of rewrites) {
      const linked = linkFiles(run, rewrite.files, (file) => deletesOf(file, deletes));
      scanned += linked.bytes;
      const sql = await scanSql(run.session, loaded, linked.scanned, {
        name: `rewrite_${added.length}_${scanned}`,
        hidden: { paths: false, rowIds: false },
      });
      const isOfSpec = rewrite.specId === metadata['default-spec-id'];
      const written = await writeDataFiles(run, metadata, sql, {
        targetBytes: maintenanceSettings(metadata.properties).targetBytes,
        ...(isOfSpec ? { partition: rewrite.partition } : {}),
      });
      const sequenceNumber = snapshot['sequence-number'];
      added.push(...written.files.map((file) => ({ ...file, sequenceNumber })));
    }
  } catch (error) {
    removeAll(run, added);
    throw error;
  }
  const touched = new Set(rewrites.flatMap((rewrite) => rewrite.files.map(({ location }) => location)));
  const left = data.filter(({ location }) => !touched.has(location));
  const needed = new Set(left.flatMap((file) => deletesOf(file, deletes).map(({ location }) => location)));
  const dangling = deletes.filter(({ location }) => !needed.has(location)).map(({ location }) => location);
  await commitChange(run, table, {
    operation: 'replace',
    added,
    removed: [...touched],
    unneeded: dangling,
    tableUuid: metadata['table-uuid'],
    basis: {
      snapshotId: snapshot['snapshot-id'],
      touched: [...touched],
    },
  });
  return scanned;
}

/**
 * The files to rewrite, a partition at a time: files of another size than the table's, if there are enough of them, and
 * files with enough delete files. Files are packed into bins of the target size; a bin of one file without deletes
 * stays as it is.
 */
function planRewrites(
  data: readonly FileEntry[],
  metadata: TableMetadata,
  deletesFor: (file: FileEntry) => number,
): Rewrite[] {
  const { targetBytes, leastBytes, mostBytes, dataFiles, deleteFiles } = maintenanceSettings(
    metadata.properties,
  );
  const partitions = Map.groupBy(data, ({ specId, partition }) =>
    JSON.stringify([specId, [...partition].map(([id, value]) => [id, textOf(value)])]),
  );
  return [...partitions.values()].flatMap((files) => {
    const isWornOut = (file: FileEntry) => deletesFor(file) >= deleteFiles;
    const isOfOtherSize = ({ sizeBytes }: FileEntry) => sizeBytes < leastBytes || sizeBytes > mostBytes;
    const wrong = files.filter((file) => isOfOtherSize(file) || isWornOut(file));
    const chosen = wrong.length >= dataFiles ? wrong : files.filter(isWornOut);
    return binPack(chosen, targetBytes)
      .filter(
        (bin) => bin.length > 1 || bin.some((file) => deletesFor(file) > 0 || file.sizeBytes > mostBytes),
      )
      .map((bin) => ({
        partition: bin[0]?.partition ?? new Map(),
        specId: bin[0]?.specId ?? 0,
        files: bin,
      }));
  });
}

/** Texts of values of one field differ as the values do. */
function textOf(value: unknown): string {
  return value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : `${typeof value}:${String(value)}`;
}

function binPack(files: readonly FileEntry[], targetBytes: number): FileEntry[][] {
  const bins: FileEntry[][] = [];
  let size = 0;
  for (const file of files) {
    const bytes = Number(file.sizeBytes);
    const last = bins.at(-1);
    if (last === undefined || size + bytes > targetBytes) {
      bins.push([file]);
      size = bytes;
    } else {
      last.push(file);
      size += bytes;
    }
  }
  return bins;
}

function linkFiles(
  { runner, session, context }: CommitRun & WriteRun,
  data: readonly FileEntry[],
  deletesFor: (file: FileEntry) => readonly FileEntry[],
) {
  const links = new Map<string, LinkedFile>();
  let bytes = 0;
  const link = (entry: FileEntry): LinkedFile => {
    const known = links.get(entry.location);
    if (known !== undefined) return known;
    requireParquet(entry.format, entry.location);
    const place = objectOf(entry.location) ?? { bucket: '', key: entry.location };
    context.onCall({ service: 's3', operation: 'GetObject', ...place });
    const { size, modifiedMs } = runner.store.head(place.bucket, place.key);
    const path = session.linkFile(runner.store.localPath(place.bucket, place.key), 'rewritten');
    bytes += size;
    const linked = { entry, file: { ...place, path, size, modifiedMs } };
    links.set(entry.location, linked);
    return linked;
  };
  const scanned = data.map((entry) => ({ ...link(entry), deletes: deletesFor(entry).map(link) }));
  return { scanned, bytes };
}
