import type { UtcDay } from '../../base/time.ts';
import type { CustomerBucket } from '../CustomerBucket.ts';
import { type DatasetFolder, layoutOf } from '../datasetFolder.ts';
import { isHidden, isMarker, leftOutReason } from '../leftOut.ts';
import { MAX_FOLDER_CALLS, MAX_OTHERS } from '../limits.ts';

/** What a dataset's folder has, whichever days a run lists. */
interface Elsewhere {
  /** Days that have objects, the oldest first. If there are very many folders, only the newest days. */
  readonly days: readonly UtcDay[];
  /**
   * Some names below the folder that are not those of days, as the dataset says how days are called. Folders have a
   * slash at their end.
   */
  readonly others: readonly string[];
}

/**
 * Looks for days by the names of folders, so that no day's objects are listed; of a layout whose days are in the names of
 * files, by these.
 *
 * @throws SourceError what the bucket throws.
 */
export async function lookElsewhere(
  bucket: Pick<CustomerBucket, 'list'>,
  dataset: DatasetFolder,
): Promise<Elsewhere> {
  const layout = layoutOf(dataset);
  const root = `${dataset.folder}/`;
  const days = new Set<UtcDay>();
  const others = new Set<string>();
  const left: { readonly folder: string; readonly next?: string | undefined }[] = [{ folder: '' }];
  for (let calls = 0; calls < MAX_FOLDER_CALLS; calls += 1) {
    const place = left.pop();
    if (place === undefined) break;
    const page = await bucket.list({ prefix: root + place.folder, next: place.next, delimiter: '/' });
    if (page.next !== undefined) left.push({ folder: place.folder, next: page.next });
    for (const path of page.folders ?? []) {
      const folder = path.slice(root.length);
      const day = layout.dayOfFolder(folder);
      if (day !== null) days.add(day);
      // The last one is looked into first, as the newest.
      else if (layout.leadsToDays(folder)) left.push({ folder });
      else if (!isHidden(folder.split('/').at(-2) ?? '')) others.add(folder);
    }
    for (const object of page.objects) {
      const day = layout.dayOf(object.key.slice(root.length));
      const reason = leftOutReason(object, root, dataset.waitFor);
      if (reason !== null && (isMarker(reason) || reason === 'temporary')) continue;
      if (day !== null) days.add(day);
      else others.add(object.key.slice(root.length));
    }
  }
  return { days: [...days].sort(), others: [...others].slice(0, MAX_OTHERS) };
}
