import { errorName } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import type { LandedVersion, LandingNotes } from '../LandingNotes.ts';

/** How often the bucket is asked to delete an object. */
const REMOVE_TRIES = 3;

/** What became of objects whose rows are in tables. */
export interface RemovedObjects {
  readonly removed: number;
  /** Objects that are still there, and noted, so that nobody writes them again. */
  readonly undeleted: number;
  /** Objects that could be neither deleted nor noted: their messages have to come again, and write them again. */
  readonly failed: readonly { readonly key: string; readonly why: string }[];
}

/**
 * Deletes objects of the landing that are written, and notes those that the bucket does not delete. Policies of regulated
 * companies deny it. The files are put before, and a note is made only then: a function that ends in between writes rows twice.
 */
export async function removeWritten(
  versions: readonly LandedVersion[],
  {
    store,
    log,
  }: {
    readonly store: Pick<ObjectStore, 'removeAll'>;
    readonly log: (fields: Record<string, unknown>) => void;
  },
  notes: LandingNotes,
): Promise<RemovedObjects> {
  const left = new Map(
    (
      await removeObjects(
        versions.map(({ key }) => key),
        store,
      )
    ).map(({ key, why }) => [key, why]),
  );
  await notes.remove(versions.filter(({ key }) => !left.has(key)));
  const failed: { readonly key: string; readonly why: string }[] = [];
  for (const version of versions) {
    const why = left.get(version.key);
    if (why === undefined) continue;
    await notes.writeWritten(version, why).catch(() => failed.push({ key: version.key, why }));
  }
  const [[object, code] = []] = left;
  if (left.size > 0)
    log({
      ...{ level: 'error', event: 'write_undeleted', objects: left.size - failed.length },
      ...{ object, code, action: 's3:DeleteObject' },
    });
  return { removed: versions.length - left.size, undeleted: left.size - failed.length, failed };
}

/** Deletes objects, which need not exist. @returns Those that are left, and why. */
export async function removeObjects(
  keys: readonly string[],
  store: Pick<ObjectStore, 'removeAll'>,
): Promise<readonly { readonly key: string; readonly why: string }[]> {
  let left = keys.map((key) => ({ key, why: '' }));
  for (let tries = 0; tries < REMOVE_TRIES && left.length > 0; tries += 1) {
    const asked = left.map(({ key }) => key);
    left = [
      ...(await store
        .removeAll(asked)
        .catch((error: unknown) => asked.map((key) => ({ key, why: errorName(error) })))),
    ];
  }
  return left;
}
