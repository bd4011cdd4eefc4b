import { errorName } from '../../base/errors.ts';
import type { DeletedObject, ObjectStore, Undeleted } from '../../base/ObjectStore.ts';

/** How often the bucket is asked to delete an object. */
const TRIES = 3;

/**
 * Deletes objects that are written, if they are still those that were read: what somebody has put in the place of one has a message of
 * its own. An alarm is on the line about those that the bucket keeps.
 *
 * @returns These, and why; and the objects that were deleted by this call. One of which the answer was lost is in neither.
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
    const asked = objects.filter(({ key }) => left.has(key));
    const failed = (error: unknown): Undeleted => ({
      left: asked.map(({ key }) => ({ key, why: errorName(error) })),
      gone: [],
    });
    const answer = await store.removeAll(asked).catch(failed);
    left = new Map(answer.left.map(({ key, why }) => [key, why]));
    for (const { key } of asked) if (!left.has(key) && !answer.gone.includes(key)) deleted.add(key);
  }
  const [[object, code] = []] = left;
  const line = { objects: left.size, object, code, action: 's3:DeleteObject' };
  if (left.size > 0) log({ level: 'error', event: 'write_undeleted', ...line });
  return { left, deleted };
}
