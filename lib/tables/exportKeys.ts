import { createHash } from 'node:crypto';
import type { UtcDay } from '../base/time.ts';
import type { Export } from '../schema/exports.ts';

/** The part of an export that determines its folder. */
interface ExportTarget {
  /** The name of the export: its folder, unless `target` names one. */
  readonly name: string;
  /** `folder` is that in the customer's bucket, without slashes at its ends; undefined for the export's name. */
  readonly target: Pick<Export['target'], 'folder'>;
}

/** Matches names of {@link exportedFile}. */
const FILE = /^sluice-[0-9a-f]{32}\.parquet$/;

/** Folder of an export in the customer's bucket, with a trailing slash. */
export function exportFolder({ name, target }: ExportTarget): string {
  return `${target.folder ?? name}/`;
}

/** Folder of an exported day in the customer's bucket, with a trailing slash: `<folder>/YYYY-MM-DD/`. */
export function exportedDayFolder(exported: ExportTarget, day: UtcDay): string {
  return `${exportFolder(exported)}${day}/`;
}

/**
 * Name of a file in the day's folder, by the key and the ETag of its source. So a file of an unchanged object need not be
 * copied again, and no file is overwritten with other content while somebody reads it.
 *
 * @param form The ID of the format in which the object is rewritten. Another ID gives every file another name, so all
 *   are written again. Default: the object is copied.
 */
export function exportedFile(
  {
    key,
    eTag,
  }: {
    /** Key of the object in Sluice's bucket. */
    readonly key: string;
    /** The ETag of that object, with its quotes. */
    readonly eTag: string;
  },
  form?: string,
): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([key, eTag, ...(form === undefined ? [] : [form])]))
    .digest('hex');
  return `sluice-${digest.slice(0, 32)}.parquet`;
}

/** Whether a name in a day's folder is from {@link exportedFile}. Of other files Sluice touches only {@link MANIFEST}. */
export function isExportedFile(name: string): boolean {
  return FILE.test(name);
}

/** Name of the manifest in a day's folder. Parquet readers ignore names with a leading underscore. */
export const MANIFEST = '_manifest.json';
