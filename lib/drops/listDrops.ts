import { isUtcDay, type UtcDay } from '../base/time.ts';
import { parseLayout } from '../schema/fields/layout.ts';
import type { Dataset } from '../schema/sources.ts';
import { type CustomerBucket, type DropObject, SourceError } from './CustomerBucket.ts';
import { type Drop, makeDrop } from './Drop.ts';
import { MAX_LIST_CALLS } from './limits.ts';

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

/** Folder of a dataset's day, with a slash at its end; with a layout the dataset's, as days have none of their own. */
export function dropFolder({ folder, dayFormat, layout }: DatasetFolder, day: UtcDay): string {
  return layout !== undefined ? `${folder}/` : `${folder}/${dropDayFolder(day, dayFormat)}/`;
}

/** Key of the marker that a dataset's day waits for; undefined if it waits for none. */
export function markerKey(dataset: DatasetFolder, day: UtcDay): string | undefined {
  return dataset.waitFor === undefined ? undefined : `${dropFolder(dataset, day)}${dataset.waitFor}`;
}

/**
 * Lists the objects of some days of a dataset. Names of days sort like the days, so consecutive days are one range of keys:
 * the number of calls depends on the number of objects, not of days. Keys between the days are skipped.
 *
 * @param days In any order.
 * @throws SourceError what the bucket throws, and `SLUICE_SOURCE_TOO_MANY_OBJECTS`.
 */
export async function listDrops(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder,
  days: readonly UtcDay[],
): Promise<ListedDrops> {
  const { layout } = dataset;
  if (layout !== undefined) return listByLayout(bucket, { ...dataset, layout }, days);
  const wanted = new Map<UtcDay, DropObject[]>([...days].sort().map((day) => [day, []]));
  const folders = [...wanted.keys()].map((day) => ({
    start: startKey(dataset, day),
    name: dropFolder(dataset, day),
  }));
  const prefix = `${dataset.folder}/${sharedPrefix(dataset, [...wanted.keys()])}`;
  let calls = 0;
  let startAfter = folders[0]?.start;
  let next: string | undefined;
  while (startAfter !== undefined) {
    if (calls === MAX_LIST_CALLS)
      throw new SourceError('SLUICE_SOURCE_TOO_MANY_OBJECTS', `${prefix}: more than ${calls},000 objects.`);
    calls += 1;
    const page = await bucket.list(next === undefined ? { prefix, startAfter } : { prefix, next });
    let inside = false;
    for (const object of page.objects) {
      const of = wanted.get(dayOfKey(dataset, object.key) ?? '');
      inside = of !== undefined;
      of?.push(object);
    }
    const last = page.objects.at(-1)?.key;
    next = page.next;
    if (next === undefined || last === undefined) break;
    if (inside) continue;
    // Compared by UTF-16, where S3 sorts by UTF-8: against a name of ASCII both agree.
    const ahead = folders.find(({ name }) => name > last);
    // Between the start and the folder there may be others: `2026-11-19.old/`.
    if (ahead !== undefined && ahead.start <= last) continue;
    startAfter = ahead?.start;
    next = undefined;
  }
  const drops = [...wanted].map(
    ([day, objects]) => [day, makeDrop(objects, dropFolder(dataset, day), dataset.waitFor)] as const,
  );
  return { drops: new Map(drops), calls };
}

/** Lists what the paths of all days begin with, each beginning once. */
async function listByLayout(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder & { readonly layout: string },
  days: readonly UtcDay[],
): Promise<ListedDrops> {
  const layout = parseLayout(dataset.layout);
  if (typeof layout === 'string') throw new RangeError(`${dataset.layout}: expected ${layout}.`);
  const folder = `${dataset.folder}/`;
  const wanted = new Map<UtcDay, DropObject[]>(days.map((day) => [day, []]));
  let calls = 0;
  for (const prefix of new Set(days.map((day) => `${folder}${layout.prefixOf(day)}`))) {
    let next: string | undefined;
    do {
      if (calls === MAX_LIST_CALLS)
        throw new SourceError('SLUICE_SOURCE_TOO_MANY_OBJECTS', `${folder}: more than ${calls},000 objects.`);
      calls += 1;
      const page = await bucket.list({ prefix, next });
      for (const object of page.objects)
        wanted.get(layout.dayOf(object.key.slice(folder.length)) ?? '')?.push(object);
      next = page.next;
    } while (next !== undefined);
  }
  const drops = [...wanted].map(([day, objects]) => [day, makeDrop(objects, folder)] as const);
  return { drops: new Map(drops), calls };
}

/** Folders of days as they may be called, and their formats. */
const NAMES_OF_DAYS: readonly (readonly [name: RegExp, format: string])[] = [
  [/^\d{4}\/\d{2}\/\d{2}\//, 'YYYY/MM/DD'],
  [/^\d{4}-\d{2}-\d{2}\//, 'YYYY-MM-DD'],
  [/^\d{8}\//, 'YYYYMMDD'],
  [/^[^/=]+=\d{4}-\d{2}-\d{2}\//, '<name>=YYYY-MM-DD'],
];

/**
 * Says what lies in the folder of a dataset that has no files for its days, by one list call; another one looks below a slash
 * in front, which is a folder without a name.
 *
 * @returns Words that begin with a comma; empty if nothing lies there, or the bucket refuses to say.
 */
export async function whatLiesThere(
  bucket: Pick<CustomerBucket, 'list'>,
  { folder, dayFormat }: DatasetFolder,
): Promise<string> {
  for (const prefix of [`${folder}/`, `/${folder}/`]) {
    const { objects } = await bucket.list({ prefix }).catch((error: unknown) => {
      if (error instanceof SourceError) return { objects: [] };
      throw error;
    });
    const key = objects.map((object) => object.key).find((one) => one !== prefix);
    if (key === undefined) continue;
    if (prefix.startsWith('/')) return `, but there is ${key}: keys must not begin with a slash`;
    const [, format] = NAMES_OF_DAYS.find(([name]) => name.test(key.slice(prefix.length))) ?? [];
    const isOwn =
      format === undefined || format.replace('<name>', dayFormat.split('=')[0] ?? '') === dayFormat;
    return `, but there is ${key}${isOwn ? '' : `, which \`dayFormat: '${format}'\` finds`}`;
  }
  return '';
}

/** The day in whose folder a key is, at any depth; null for other keys. */
function dayOfKey({ folder, dayFormat }: DatasetFolder, key: string): UtcDay | null {
  // As long as the name of any day.
  const { length } = dropDayFolder('0000-00-00', dayFormat);
  const path = key.slice(folder.length + 1);
  return path.charAt(length) === '/' ? dropDay(path.slice(0, length), dayFormat) : null;
}

/** The key just before a day's folder. `.` is the character before `/`, so `2026-11-19-old/` sorts before it. */
function startKey({ folder, dayFormat }: DatasetFolder, day: UtcDay): string {
  return `${folder}/${dropDayFolder(day, dayFormat)}.`;
}

/** The common prefix of the names of all days. */
function sharedPrefix({ dayFormat }: DatasetFolder, days: readonly UtcDay[]): string {
  const first = dropDayFolder(days[0] ?? '', dayFormat);
  const last = dropDayFolder(days.at(-1) ?? '', dayFormat);
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, length);
}

/** Name of a day's folder, without slashes at its ends: `20261119`, `2026/11/19`. */
export function dropDayFolder(day: UtcDay, format: Dataset['dayFormat']): string {
  const [YYYY = '', MM = '', DD = ''] = day.split('-');
  return format.replace(/\/HH$/, '').replace(/YYYY([-/]?)MM\1DD$/, `${YYYY}$1${MM}$1${DD}`);
}

/** The day that a folder is named after; null for other names: `2026-02-30`, `latest`. */
export function dropDay(folder: string, format: Dataset['dayFormat']): UtcDay | null {
  const [year = '', month = '', date = ''] = /(\d{4})[-/]?(\d{2})[-/]?(\d{2})$/.exec(folder)?.slice(1) ?? [];
  const day = `${year}-${month}-${date}`;
  return isUtcDay(day) && dropDayFolder(day, format) === folder ? day : null;
}
