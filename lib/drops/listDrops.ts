import type { Exclusive } from '../base/concurrency.ts';
import { PAGE_OBJECTS } from '../base/ObjectStore.ts';
import { counted } from '../base/text.ts';
import type { UtcDay } from '../base/time.ts';
import type { CustomerBucket, DropObject } from './CustomerBucket.ts';
import { type Drop, makeDrop } from './Drop.ts';
import { type DatasetFolder, dropFolder, layoutOf } from './datasetFolder.ts';
import { MANY_OBJECTS, MAX_LIST_CALLS, MAX_OBJECTS } from './limits.ts';
import {
  addBatches,
  COMMIT_MARKERS,
  isCommitMarker,
  SPARK_LOG,
  type SparkLog,
  splitKey,
} from './listedLogs.ts';
import { SourceError } from './SourceError.ts';

/** What becomes of each day that {@link listEachDrop} lists. */
export interface DropUse {
  /**
   * Called with each day, also one without objects, in the order of the days, except that days of one prefix follow each
   * other.
   */
  readonly use: (day: UtcDay, drop: Drop) => Promise<void>;
  /**
   * Held while more than {@link MANY_OBJECTS} of one prefix are in memory, so that of several listings at the same time only
   * one has so many. Default: nothing else is listed.
   */
  readonly alone?: Exclusive | undefined;
}

/** Lists a day, as {@link listEachDrop} does. @throws SourceError as of {@link listEachDrop}. */
export async function listDrop(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder,
  day: UtcDay,
): Promise<Drop> {
  const drops: Drop[] = [];
  const use: DropUse['use'] = async (_, listed) => {
    drops.push(listed);
  };
  await listEachDrop(bucket, dataset, [day], { use });
  const [drop] = drops;
  if (drop === undefined) throw new RangeError(`${day} was not listed.`);
  return drop;
}

/**
 * Lists the objects of some days of a dataset: each day's folder; with a layout the prefixes of the days' paths, each
 * of them once. Logs that may say which of the files count are listed beside them. A day is handed to `use` before the
 * next prefix is listed, so that the objects of one day are in memory, or with a layout those of the days of one
 * prefix.
 *
 * @param days In the order in which they are listed.
 * @throws SourceError what the bucket throws, and `SLUICE_SOURCE_TOO_MANY_OBJECTS`; what `use` throws.
 */
export async function listEachDrop(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder,
  days: readonly UtcDay[],
  { use, alone }: DropUse,
): Promise<void> {
  const layout = layoutOf(dataset);
  const begin = (day: UtcDay) => `${dataset.folder}/${layout.prefixOf(day)}`;
  const folders = Map.groupBy(new Set(days), begin);
  let objects = 0;
  const logs: SparkLogs = new Map();
  let beside: readonly DropObject[] | undefined;
  for (const [prefix, ofPrefix] of folders) {
    const markers: DropObject[] = [];
    const wanted = new Map<UtcDay, DropObject[]>(ofPrefix.map((day) => [day, []]));
    const before = objects;
    let release: (() => void) | undefined;
    try {
      for await (const page of listPages(bucket, prefix, logs)) {
        objects += page.length;
        if (objects > MAX_OBJECTS)
          throw tooMany(`${dataset.folder}/`, `${MAX_OBJECTS} in ${days.length} days`);
        if (objects - before > MANY_OBJECTS) release ??= await alone?.();
        markers.push(...page.filter(isCommitMarker));
        for (const object of page) {
          const day = layout.dayOf(object.key.slice(dataset.folder.length + 1));
          if (day !== null) wanted.get(day)?.push(object);
        }
      }
      beside ??= await markersUnder(bucket, logsBeside(dataset, [...folders.keys()]), logs);
      markers.push(...beside);
      for (const [day, found] of wanted) {
        await use(day, dropOf(dataset, day, { found, markers, logs }));
        wanted.set(day, []);
      }
    } finally {
      release?.();
    }
  }
}

/** Batches of Spark's logs that were listed so far, by the folder of the log. */
type SparkLogs = Map<string, SparkLog['batches']>;

/** Lists a prefix, and adds the batches that are there to the logs. */
async function* listPages(
  bucket: Pick<CustomerBucket, 'list'>,
  prefix: string,
  logs: SparkLogs,
): AsyncGenerator<readonly DropObject[]> {
  let next: string | undefined;
  for (let pages = 0; pages === 0 || next !== undefined; pages += 1) {
    if (pages === MAX_LIST_CALLS) throw tooMany(prefix, counted(MAX_LIST_CALLS * PAGE_OBJECTS, 'object'));
    const page = await bucket.list({ prefix, next });
    addBatches(logs, page.objects);
    yield page.objects;
    next = page.next;
  }
}

/** Markers of commits under some prefixes. */
async function markersUnder(
  bucket: Pick<CustomerBucket, 'list'>,
  prefixes: readonly string[],
  logs: SparkLogs,
): Promise<readonly DropObject[]> {
  const markers: DropObject[] = [];
  for (const prefix of prefixes)
    for await (const page of listPages(bucket, prefix, logs)) markers.push(...page.filter(isCommitMarker));
  return markers;
}

/** The error for a folder with more than a listing may have. */
function tooMany(where: string, what: string): Error {
  return new SourceError('SLUICE_SOURCE_TOO_MANY_OBJECTS', `${where}: more than ${what}.`);
}

/** What is known of a day once its prefix is listed. */
interface Listed {
  /** The objects of the day. */
  readonly found: readonly DropObject[];
  /** Markers of commits above the day, or beside it. */
  readonly markers: readonly DropObject[];
  /** Batches of Spark's logs, by the folder whose files a log names. */
  readonly logs: ReadonlyMap<string, SparkLog['batches']>;
}

/** The drop of a day, made of what was listed for it and of the markers and logs of its folders. */
function dropOf(dataset: DatasetFolder, day: UtcDay, { found, markers, logs }: Listed): Drop {
  // A layout need not match the markers in the folders of its files.
  const places = new Set(found.map(({ key }) => splitKey(key)[0]));
  const own = markers.filter(({ key }) => places.has(splitKey(key)[0]));
  const objects = [...new Map([...found, ...own].map((object) => [object.key, object])).values()];
  const above = [...logs]
    .filter(([folder]) => objects.some(({ key }) => key.startsWith(folder)))
    .map(([folder, batches]) => ({ folder, batches }));
  return makeDrop(objects, dropFolder(dataset, day), dataset.waitFor, above);
}

/** Prefixes of logs that may be in the dataset's folder, above what is listed for its days. */
function logsBeside({ folder, layout }: DatasetFolder, prefixes: readonly string[]): readonly string[] {
  const logs = new Set<string>();
  for (const prefix of prefixes) {
    let [above, name] = splitKey(prefix);
    // Days of a layout may be files of one folder, which is not listed whole.
    if (name !== '' && layout !== undefined) for (const marker of COMMIT_MARKERS) logs.add(above + marker);
    for (; above.length > folder.length; [above, name] = splitKey(above.slice(0, -1)))
      if (name !== '') logs.add(above + SPARK_LOG);
  }
  return [...logs];
}
