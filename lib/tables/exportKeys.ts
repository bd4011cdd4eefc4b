import { createHash } from 'node:crypto';
import type { UtcDay } from '../base/time.ts';
import type { Export } from '../schema/exports.ts';

/** What the name of the folder comes from. */
interface ExportTarget {
  readonly name: string;
  readonly target: Pick<Export['target'], 'folder'>;
}

const FILE = /^sluice-[0-9a-f]{32}\.parquet$/;

/** Folder of an export in the customer's bucket, with the slash at its end. */
export function exportFolder({ name, target }: ExportTarget): string {
  return `${target.folder ?? name}/`;
}

/** Folder of an exported day in the customer's bucket, with the slash at its end: `<folder>/YYYY-MM-DD/`. */
export function exportedDay(exported: ExportTarget, day: UtcDay): string {
  return `${exportFolder(exported)}${day}/`;
}

/**
 * Name of a file in the day's folder: the same for the same content, another for any other. So what is there already
 * needn't be copied again, and nothing is ever overwritten with something else while somebody reads it.
 */
export function exportedFile({
  key,
  eTag,
}: {
  /** In our bucket. */
  readonly key: string;
  readonly eTag: string;
}): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([key, eTag]))
    .digest('hex');
  return `sluice-${digest.slice(0, 32)}.parquet`;
}

/** Whether a name in a day's folder is one of {@link exportedFile}: all others are somebody else's, and stay. */
export function isExportedFile(name: string): boolean {
  return FILE.test(name);
}

/** Name of the manifest in a day's folder. Readers of Parquet take names with an underscore for no data. */
export const MANIFEST = '_manifest.json';
