import { mapLimit } from '../base/concurrency.ts';
import type { UtcDay } from '../base/time.ts';
import { dayLayout, type Layout, parseLayout } from '../schema/fields/layout.ts';
import type { Dataset } from '../schema/sources.ts';
import { type CustomerBucket, type DropObject, SourceError } from './CustomerBucket.ts';
import { type Drop, makeDrop } from './Drop.ts';
import { MAX_LIST_CALLS, PARALLEL_LISTS } from './limits.ts';

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
 * beginning once.
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
  let calls = 0;
  await mapLimit(foldersOf(dataset, [...wanted.keys()]), PARALLEL_LISTS, async ({ prefix, dayOf }) => {
    let next: string | undefined;
    for (let pages = 0; pages === 0 || next !== undefined; pages += 1) {
      if (pages === MAX_LIST_CALLS)
        throw new SourceError('SLUICE_SOURCE_TOO_MANY_OBJECTS', `${prefix}: more than ${pages},000 objects.`);
      calls += 1;
      const page = await bucket.list({ prefix, next });
      for (const object of page.objects) wanted.get(dayOf(object.key) ?? '')?.push(object);
      next = page.next;
    }
  });
  const drops = [...wanted].map(
    ([day, objects]) => [day, makeDrop(objects, dropFolder(dataset, day), dataset.waitFor)] as const,
  );
  return { drops: new Map(drops), calls };
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
