import { mapLimit } from '../base/concurrency.ts';
import type { UtcDay } from '../base/time.ts';
import { dayLayout, type Layout, parseLayout } from '../schema/fields/layout.ts';
import type { Dataset } from '../schema/sources.ts';
import { type CustomerBucket, type DropObject, SourceError } from './CustomerBucket.ts';
import { type Drop, makeDrop } from './Drop.ts';
import { MAX_LIST_CALLS, MAX_LOG_CALLS, PARALLEL_LISTS } from './limits.ts';
import {
  addBatches,
  COMMIT_MARKERS,
  isCommitMarker,
  SPARK_LOG,
  type SparkLog,
  splitKey,
} from './listedLogs.ts';

/** Where a dataset's days are. */
export interface DatasetFolder {
  /** Without slashes at its ends. */
  readonly folder: string;
  readonly dayFormat: Dataset['dayFormat'];
  /** How keys below the folder look. Default: each day has a folder, as `dayFormat` says. */
  readonly layout?: string | undefined;
  /** Name of the marker that a day waits for. Default none. */
  readonly waitFor?: string | undefined;
}

/** Result of listing. */
export interface ListedDrops {
  /** One for each requested day, also for days without objects. */
  readonly drops: ReadonlyMap<UtcDay, Drop>;
  /** List calls made. */
  readonly calls: number;
}

/** Folder of a dataset's day, with a slash at its end; with a layout the dataset's, as its days have no folders. */
export function dropFolder({ folder, dayFormat, layout }: DatasetFolder, day: UtcDay): string {
  return layout !== undefined ? `${folder}/` : `${folder}/${dropDayFolder(day, dayFormat)}/`;
}

/** Key of the marker that a dataset's day waits for; undefined if it waits for none. */
export function markerKey(dataset: DatasetFolder, day: UtcDay): string | undefined {
  return dataset.waitFor === undefined ? undefined : `${dropFolder(dataset, day)}${dataset.waitFor}`;
}

/** How keys below a dataset's folder look. */
export function layoutOf({ dayFormat, layout: glob }: DatasetFolder): Layout {
  const layout = glob === undefined ? dayLayout(dayFormat) : parseLayout(glob);
  if (typeof layout === 'string') throw new RangeError(`${glob}: expected ${layout}.`);
  return layout;
}

/**
 * Lists the objects of some days of a dataset: each day's folder; with a layout what the paths of the days begin with, each
 * beginning once. Logs that may say which of the files count are listed beside them.
 *
 * @param days In any order.
 * @throws SourceError what the bucket throws, and `SLUICE_SOURCE_TOO_MANY_OBJECTS`.
 */
export async function listDrops(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder,
  days: readonly UtcDay[],
): Promise<ListedDrops> {
  const wanted = new Map<UtcDay, DropObject[]>([...days].sort().map((day) => [day, []]));
  const markers: DropObject[] = [];
  const logs = new Map<string, SparkLog['batches']>();
  let calls = 0;
  const list = async (prefix: string, most: number, take: (objects: readonly DropObject[]) => void) => {
    let next: string | undefined;
    for (let pages = 0; pages === 0 || next !== undefined; pages += 1) {
      if (pages === most)
        throw new SourceError('SLUICE_SOURCE_TOO_MANY_OBJECTS', `${prefix}: more than ${pages},000 objects.`);
      calls += 1;
      const page = await bucket.list({ prefix, next });
      addBatches(logs, page.objects);
      markers.push(...page.objects.filter(isCommitMarker));
      take(page.objects);
      next = page.next;
    }
  };
  const folders = foldersOf(dataset, [...wanted.keys()]);
  await mapLimit(folders, PARALLEL_LISTS, ({ prefix, dayOf }) =>
    list(prefix, MAX_LIST_CALLS, (objects) => {
      for (const object of objects) wanted.get(dayOf(object.key) ?? '')?.push(object);
    }),
  );
  const prefixes = folders.map(({ prefix }) => prefix);
  await mapLimit(logsBeside(dataset, prefixes), PARALLEL_LISTS, (prefix) =>
    list(prefix, MAX_LOG_CALLS, () => {}),
  );
  const drops = [...wanted].map(([day, found]) => {
    // A layout need not match the markers in the folders of its files.
    const places = new Set(found.map(({ key }) => splitKey(key)[0]));
    const own = markers.filter(({ key }) => places.has(splitKey(key)[0]));
    const objects = [...new Map([...found, ...own].map((object) => [object.key, object])).values()];
    const above = [...logs]
      .filter(([folder]) => objects.some(({ key }) => key.startsWith(folder)))
      .map(([folder, batches]) => ({ folder, batches }));
    return [day, makeDrop(objects, dropFolder(dataset, day), dataset.waitFor, above)] as const;
  });
  return { drops: new Map(drops), calls };
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

/** Prefixes to list for some days, and the day of each key below them; null for other keys. */
function foldersOf(
  dataset: DatasetFolder,
  days: readonly UtcDay[],
): readonly { readonly prefix: string; readonly dayOf: (key: string) => UtcDay | null }[] {
  const { folder } = dataset;
  const layout = layoutOf(dataset);
  const begins = new Set(days.map((day) => `${folder}/${layout.prefixOf(day)}`));
  return [...begins].map((prefix) => ({
    prefix,
    dayOf: (key) => layout.dayOf(key.slice(folder.length + 1)),
  }));
}

/** Name of a day's folder, without slashes at its ends: `20261119`, `2026/11/19`. */
export function dropDayFolder(day: UtcDay, format: Dataset['dayFormat']): string {
  return dayLayout(format)
    .exampleOf(day)
    .replace(/\/[^/]*$/, '');
}
