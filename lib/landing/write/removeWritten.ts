import { errorName } from '../../base/errors.ts';
import type { DeletedObject, ObjectStore, Undeleted } from '../../base/ObjectStore.ts';
import { eachAttempt, type RetryPorts } from '../../base/retry.ts';

/** How often the bucket is asked to delete an object, and the pauses between. */
const RETRIES = { tries: 3, baseMs: 200, capMs: 1_000 } as const;

/** Ports of {@link removeWritten}. */
interface RemovePorts extends RetryPorts {
  /** The bucket. */
  readonly store: Pick<ObjectStore, 'removeAll'>;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/** What became of objects that were to be deleted. An object is in neither if the answer about it was lost. */
interface RemovedObjects {
  /** Keys of the objects that the bucket keeps, and the code of the reason. */
  readonly left: ReadonlyMap<string, string>;
  /** Keys of the objects that were deleted. */
  readonly deleted: ReadonlySet<string>;
}

/**
 * Deletes objects that are written, if they are still those that were read: an object that somebody has put in the
 * place of one has a message of its own. An alarm watches the log line about objects that the bucket keeps.
 */
export async function removeWritten(
  objects: readonly DeletedObject[],
  { store, log, wait, random }: RemovePorts,
): Promise<RemovedObjects> {
  /** Objects that are not deleted yet, and why; before the first try without a reason. */
  let left = new Map(objects.map(({ key }) => [key, '']));
  const deleted = new Set<string>();
  for await (const _ of eachAttempt({ ...RETRIES, wait, random })) {
    const remaining = objects.filter(({ key }) => left.has(key));
    const failed = (error: unknown): Undeleted => ({
      left: remaining.map(({ key }) => ({ key, why: errorName(error) })),
      gone: [],
    });
    const answer = await store.removeAll(remaining).catch(failed);
    left = new Map(answer.left.map(({ key, why }) => [key, why]));
    for (const { key } of remaining) if (!left.has(key) && !answer.gone.includes(key)) deleted.add(key);
    if (left.size === 0) break;
  }
  const [first] = left;
  if (first !== undefined) {
    const [object, code] = first;
    const undeleted = { objects: left.size, object, code, action: 's3:DeleteObject' };
    log({ level: 'error', event: 'write_undeleted', ...undeleted });
  }
  return { left, deleted };
}
