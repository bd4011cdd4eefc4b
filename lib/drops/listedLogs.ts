import type { DropObject } from './CustomerBucket.ts';

// A folder may have a log of its own, which says which of its files count. Here is what a listing shows of it.

/** What the names of markers of Databricks' commits begin with. */
export const COMMIT_MARKERS = ['_started_', '_committed_'] as const;
/** Matches names of Databricks' markers: `_committed_4711`, with the ID of the transaction. */
const MARKER = /^_(started|committed)_(\w+)$/;
/** The name of a file of a transaction of Databricks: `part-00000-tid-1111-0a1b….c000.snappy.parquet`. */
const OF_TRANSACTION = /^[^_].*-tid-([a-z0-9]+)-/;
/** The folder that Spark Structured Streaming keeps its log in. */
export const SPARK_LOG = '_spark_metadata/';
/**
 * A key in the folder of Spark's log: the folder above it, and of a batch its number and whether it takes earlier ones
 * in.
 */
const IN_SPARK_LOG = /^((?:.*?\/)?)_spark_metadata\/(?:(\d+)(\.compact)?$)?/s;

/** Splits a key into its folder, with the slash at its end, and its name. */
export function splitKey(key: string): readonly [folder: string, name: string] {
  const nameStart = key.lastIndexOf('/') + 1;
  return [key.slice(0, nameStart), key.slice(nameStart)];
}

/** The folder of a file and the ID of its transaction, as one text; null for a file of no transaction. */
export function transactionOf(key: string): string | null {
  const [folder, name] = splitKey(key);
  const [, id] = OF_TRANSACTION.exec(name) ?? [];
  return id === undefined ? null : folder + id;
}

/** Whether an object is a marker of Databricks' commits. */
export function isCommitMarker({ key }: Pick<DropObject, 'key'>): boolean {
  return MARKER.test(splitKey(key)[1]);
}

/** The transactions of a folder's markers, named as {@link transactionOf} does. */
interface CommitMarkers {
  /** Those that have begun. */
  readonly started: ReadonlySet<string>;
  /** Those that are committed, with the marker that says so. */
  readonly committed: ReadonlyMap<string, DropObject>;
}

/** Reads the names of markers. An empty `_committed_…` counts as absent, as in Databricks' own reader. */
export function commitMarkers(objects: readonly DropObject[]): CommitMarkers {
  const started = new Set<string>();
  const committed = new Map<string, DropObject>();
  for (const object of objects) {
    const [folder, name] = splitKey(object.key);
    const [, kind, id] = MARKER.exec(name) ?? [];
    const transaction = `${folder}${id}`;
    if (kind === 'started') started.add(transaction);
    else if (kind === 'committed' && object.size > 0) committed.set(transaction, object);
  }
  return { started, committed };
}

/** A batch of Spark's log. */
interface Batch {
  /** Its place in the log; the first is 0. */
  readonly number: number;
  /** Whether it takes all earlier ones in. */
  readonly isCompact: boolean;
  /** The object that has the batch, as listed. */
  readonly object: DropObject;
}

/** Spark's log of one folder, as listed. */
export interface SparkLog {
  /** The folder whose files it names, at any depth, with the slash at its end. */
  readonly folder: string;
  /**
   * The newest batch that takes the earlier ones in, and the batches behind it, in their order; none before the first
   * commit.
   */
  readonly batches: readonly Batch[];
}

/**
 * Adds the objects of a page to Spark's logs, by folder. Of a log only what has to be read is kept, however many
 * batches it has.
 */
export function addBatches(logs: Map<string, SparkLog['batches']>, page: readonly DropObject[]): void {
  const inLogs = page.flatMap((object) => {
    const [, folder, number, compact] = IN_SPARK_LOG.exec(object.key) ?? [];
    return folder === undefined ? [] : [{ folder, object, number, isCompact: compact !== undefined }];
  });
  for (const [folder, objects] of Map.groupBy(inLogs, (found) => found.folder)) {
    const batches = [...(logs.get(folder) ?? [])];
    // Other objects of the folder only show that there is a log.
    for (const { object, number, isCompact } of objects)
      if (number !== undefined) batches.push({ number: Number(number), isCompact, object });
    batches.sort((a, b) => a.number - b.number || Number(a.isCompact) - Number(b.isCompact));
    const newestCompact = batches.findLastIndex(({ isCompact }) => isCompact);
    logs.set(folder, newestCompact < 0 ? batches : batches.slice(newestCompact));
  }
}
