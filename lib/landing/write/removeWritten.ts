import { mapLimit } from '../../base/concurrency.ts';
import { errorName } from '../../base/errors.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import type { LandedVersion, LandingNotes } from '../LandingNotes.ts';

/** How often the bucket is asked to delete an object. */
const REMOVE_TRIES = 3;
/** Notes that are put at the same time. */
const PUTS = 8;

type Log = (fields: Record<string, unknown>) => void;

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
  { store, log }: { readonly store: Pick<ObjectStore, 'removeAll'>; readonly log: Log },
  notes: LandingNotes,
): Promise<RemovedObjects> {
  const keys = versions.map(({ key }) => key);
  const left = await removeObjects(keys, store);
  await notes.remove(versions.filter(({ key }) => !left.has(key)));
  const failed: { readonly key: string; readonly why: string }[] = [];
  await mapLimit(versions, PUTS, async (version) => {
    const why = left.get(version.key);
    if (why !== undefined)
      await notes.writeWritten(version, why).catch(() => failed.push({ key: version.key, why }));
  });
  logUndeleted(left, log);
  return { removed: versions.length - left.size, undeleted: left.size - failed.length, failed };
}

/** An alarm is on these lines. @param left Objects, and why they are left. */
export function logUndeleted(left: ReadonlyMap<string, string>, log: Log): void {
  const [[object, code] = []] = left;
  if (left.size === 0) return;
  const line = { objects: left.size, object, code, action: 's3:DeleteObject' };
  log({ level: 'error', event: 'write_undeleted', ...line });
}

/** Deletes objects, which need not exist. @returns Those that are left, and why. */
export async function removeObjects(
  keys: readonly string[],
  store: Pick<ObjectStore, 'removeAll'>,
): Promise<ReadonlyMap<string, string>> {
  let left = new Map(keys.map((key) => [key, '']));
  for (let tries = 0; tries < REMOVE_TRIES && left.size > 0; tries += 1) {
    const asked = [...left.keys()];
    const failed = (error: unknown) => asked.map((key) => ({ key, why: errorName(error) }));
    left = new Map((await store.removeAll(asked).catch(failed)).map(({ key, why }) => [key, why]));
  }
  return left;
}
