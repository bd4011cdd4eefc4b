import type { UtcDay } from '../base/time.ts';
import { dayLayout, type Layout, parseLayout } from '../schema/fields/layout.ts';
import type { Dataset, Source } from '../schema/sources.ts';
import type { Drop } from './Drop.ts';

/** Where a dataset's days are. */
export interface DatasetFolder {
  /** The folder in the bucket, without slashes at its ends. */
  readonly folder: string;
  /** How the folder of a day is named, e.g. `YYYY-MM-DD`. */
  readonly dayFormat: Dataset['dayFormat'];
  /** How keys below the folder look. Default: each day has a folder, as `dayFormat` says. */
  readonly layout?: string | undefined;
  /** Name of the marker that a day waits for. Default none. */
  readonly waitFor?: string | undefined;
}

/**
 * Where a dataset's files are looked for, whichever its days, for people and to compare:
 * `s3://acme-drops/events/YYYY-MM-DD`.
 */
export function dropPlace(
  { bucket }: Pick<Source, 'bucket'>,
  { folder, dayFormat, layout = dayFormat }: DatasetFolder,
): string {
  return `s3://${bucket}/${folder}/${layout}`;
}

/** Folder of a dataset's day, with a slash at its end; with a layout the dataset's, as its days have no folders. */
export function dropFolder({ folder, dayFormat, layout }: DatasetFolder, day: UtcDay): string {
  return layout !== undefined ? `${folder}/` : `${folder}/${dropDayFolder(day, dayFormat)}/`;
}

/** Key of the marker that a dataset's day waits for; undefined if it waits for none. */
export function markerKey(dataset: DatasetFolder, day: UtcDay): string | undefined {
  return dataset.waitFor === undefined ? undefined : `${dropFolder(dataset, day)}${dataset.waitFor}`;
}

/**
 * The marker that a day lacks, with one of that name below its folder, which completes no day:
 * `_SUCCESS but 2026-11-19/hour=03/_SUCCESS`; undefined if the dataset waits for none.
 */
export function lackedMarker(
  { folder, waitFor }: DatasetFolder,
  drop: Pick<Drop, 'leftOut'> | undefined,
): string | undefined {
  if (waitFor === undefined) return undefined;
  const below = drop?.leftOut.find(({ object }) => object.key.endsWith(`/${waitFor}`));
  return below === undefined ? waitFor : `${waitFor} but ${below.object.key.slice(folder.length + 1)}`;
}

/** How keys below a dataset's folder look. @throws RangeError for a layout that the schema refuses. */
export function layoutOf({ dayFormat, layout: glob }: DatasetFolder): Layout {
  if (glob === undefined) return dayLayout(dayFormat);
  const parsed = parseLayout(glob);
  if ('expected' in parsed) throw new RangeError(`${glob}: expected ${parsed.expected}.`);
  return parsed.layout;
}

/** Name of a day's folder, without slashes at its ends: `20261119`, `2026/11/19`. */
export function dropDayFolder(day: UtcDay, format: Dataset['dayFormat']): string {
  return dayLayout(format)
    .exampleOf(day)
    .replace(/\/[^/]*$/, '');
}
