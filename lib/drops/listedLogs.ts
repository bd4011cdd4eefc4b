import type { DropObject } from './CustomerBucket.ts';

// What a listing shows of a folder's own log, which says which of its files count.

/** What the names of markers of Databricks' commits begin with. */
export const COMMIT_MARKERS = ['_started_', '_committed_'] as const;
/** Such a marker. Those of its vacuum are `_committed_vacuum…`. */
const MARKER = /^_(started|committed)_(\w+)$/;
/** A file that a transaction of Databricks has written: `part-00000-tid-1111-0a1b….c000.snappy.parquet`. */
const OF_TRANSACTION = /^[^_].*-tid-([a-z0-9]+)-/;
/** The folder that Spark Structured Streaming keeps its log in. */
export const SPARK_LOG = '_spark_metadata/';
const BATCH = /^(\d+)(\.compact)?$/;

/** Splits a key into its folder, with the slash at its end, and its name. */
export function splitKey(key: string): readonly [folder: string, name: string] {
  const at = key.lastIndexOf('/') + 1;
  return [key.slice(0, at), key.slice(at)];
}

/** The transaction that a name is of; null if it is of none. */
export function transactionOf(name: string): string | null {
  return OF_TRANSACTION.exec(name)?.[1] ?? null;
}

/** Whether an object is a marker of Databricks' commits. */
export function isCommitMarker({ key }: Pick<DropObject, 'key'>): boolean {
  return MARKER.test(splitKey(key)[1]);
}

/** Markers of one folder. An empty `_committed_…` is not there, as in Databricks' own reader. */
export interface CommitMarkers {
  /** Transactions that were started. */
  readonly started: Set<string>;
  /** Objects with the changes of those that were committed. */
  readonly committed: Map<string, DropObject>;
}

/** The markers of Databricks' commits among some objects, by folder. */
export function commitMarkers(objects: readonly DropObject[]): ReadonlyMap<string, CommitMarkers> {
  const found = new Map<string, CommitMarkers>();
  for (const object of objects) {
    const [folder, name] = splitKey(object.key);
    const [, kind, transaction = ''] = MARKER.exec(name) ?? [];
    if (kind === undefined || (kind === 'committed' && object.size === 0)) continue;
    const markers = found.get(folder) ?? { started: new Set(), committed: new Map() };
    found.set(folder, markers);
    if (kind === 'started') markers.started.add(transaction);
    else markers.committed.set(transaction, object);
  }
  return found;
}

/** Spark's log of one folder, as listed. */
export interface SparkLog {
  /** The folder whose files it names, at any depth, with the slash at its end. */
  readonly folder: string;
  /** The newest batch that takes the earlier ones in, and the batches behind it, in their order; none before the first commit. */
  readonly batches: readonly DropObject[];
}

/** Number of a batch of Spark's log, and whether it takes all earlier ones in; null for other objects. */
export function batchOf({
  key,
}: DropObject): { readonly number: number; readonly isCompact: boolean } | null {
  const [, number, compact] = BATCH.exec(splitKey(key)[1]) ?? [];
  return number === undefined ? null : { number: Number(number), isCompact: compact !== undefined };
}

/** Gathers the logs of a listing, whose objects come in any order. Of Spark's it keeps only what has to be read. */
export class ListedLogs {
  readonly #markers = new Map<string, DropObject[]>();
  readonly #batches = new Map<string, DropObject[]>();

  /** Takes the objects of one page. */
  add(objects: readonly DropObject[]): void {
    const grown = new Set<string>();
    for (const object of objects) {
      const [folder] = splitKey(object.key);
      if (isCommitMarker(object)) push(this.#markers, folder, object);
      const at = `/${folder}`.indexOf(`/${SPARK_LOG}`);
      if (at < 0) continue;
      const place = folder.slice(0, at);
      const batches = this.#batches.get(place) ?? [];
      this.#batches.set(place, batches);
      if (folder !== `${place}${SPARK_LOG}` || batchOf(object) === null) continue;
      batches.push(object);
      grown.add(place);
    }
    for (const place of grown) this.#batches.set(place, newestBatches(this.#batches.get(place) ?? []));
  }

  /** The markers of a folder. */
  markers(folder: string): readonly DropObject[] {
    return this.#markers.get(folder) ?? [];
  }

  /** Spark's logs of the folders that objects are in, at any depth. */
  spark(objects: readonly DropObject[]): readonly SparkLog[] {
    return [...this.#batches]
      .filter(([folder]) => objects.some(({ key }) => key.startsWith(folder)))
      .map(([folder, batches]) => ({ folder, batches }));
  }
}

/** The newest batch that takes earlier ones in, and those behind it, in their order. */
function newestBatches(objects: readonly DropObject[]): DropObject[] {
  const all = objects.flatMap((object) => {
    const batch = batchOf(object);
    return batch === null ? [] : [{ ...batch, object }];
  });
  const newest = all.reduce((most, { number, isCompact }) => (isCompact ? Math.max(most, number) : most), -1);
  return all
    .filter(({ number, isCompact }) => number > newest || (number === newest && isCompact))
    .sort((a, b) => a.number - b.number)
    .map(({ object }) => object);
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
