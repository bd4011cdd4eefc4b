import { errorName } from '../../base/errors.ts';
import type { DeletedObject, ObjectStore, Undeleted } from '../../base/ObjectStore.ts';

/** How often the bucket is asked to delete an object. */
const TRIES = 3;

/**
 * Deletes objects that are written, if they are still those that were read: an object that somebody has put in the
 * place of one has a message of its own. An alarm watches the log line about objects that the bucket keeps.
 *
 * @returns `left` are the objects that the bucket keeps, and why. `deleted` are the objects that this call deleted. An
 * object is in neither if the answer about it was lost.
 */
export async function removeWritten(
  objects: readonly DeletedObject[],
  {
    store,
    log,
  }: {
    readonly store: Pick<ObjectStore, 'removeAll'>;
    readonly log: (fields: Record<string, unknown>) => void;
  },
): Promise<{ readonly left: ReadonlyMap<string, string>; readonly deleted: ReadonlySet<string> }> {
  let left = new Map(objects.map(({ key }) => [key, '']));
  const deleted = new Set<string>();
  for (let tries = 0; tries < TRIES && left.size > 0; tries += 1) {
    const remaining = objects.filter(({ key }) => left.has(key));
    const failed = (error: unknown): Undeleted => ({
      left: remaining.map(({ key }) => ({ key, why: errorName(error) })),
      gone: [],
    });
    const answer = await store.removeAll(remaining).catch(failed);
    left = new Map(answer.left.map(({ key, why }) => [key, why]));
    for (const { key } of remaining) if (!left.has(key) && !answer.gone.includes(key)) deleted.add(key);
  }
  const [[object, code] = []] = left;
  const line = { objects: left.size, object, code, action: 's3:DeleteObject' };
  if (left.size > 0) log({ level: 'error', event: 'write_undeleted', ...line });
  return { left, deleted };
}
