import { waitForRetry } from '../../base/retry.ts';
import { type Attempts, CatalogCallError, isTransient, outOfTime, retryPolicy } from './catalogCalls.ts';
import { type CatalogPartition, type ItemFailure, PARTITION_BATCH } from './PartitionCatalog.ts';

/** The outcome for every given partition. */
export interface SettledPartitions {
  /** Were taken by the catalog. */
  readonly done: readonly CatalogPartition[];
  /** Existed already. */
  readonly existed: readonly CatalogPartition[];
  /** Failed, each with its last error. */
  readonly failed: readonly ItemFailure[];
}

/** Glue's error for a partition that was registered before. */
const EXISTS = 'AlreadyExistsException';

/**
 * Sends partitions in batches and settles each of them. Items with a passing error are sent again, with jittered backoff
 * within the deadline. The others are returned as failed, and so are those that the deadline left no time to send.
 *
 * A whole call can fail with AlreadyExistsException, which is one of its documented errors and says nothing about the
 * other items. Each item of the batch is then sent alone.
 */
export async function settleInBatches(
  partitions: readonly CatalogPartition[],
  send: (batch: readonly CatalogPartition[]) => Promise<readonly ItemFailure[]>,
  attempts: Attempts,
): Promise<SettledPartitions> {
  const done: CatalogPartition[] = [];
  const existed: CatalogPartition[] = [];
  const failed: ItemFailure[] = [];
  const settle = async (items: readonly CatalogPartition[], tries = 1): Promise<void> => {
    const { error, failureOf } = await answerOf(items, send, attempts);
    if (error?.code === EXISTS && items.length > 1) {
      for (const item of items) await settle([item], tries);
      return;
    }
    const again = new Map<CatalogPartition, ItemFailure>();
    for (const item of items) {
      const failure = failureOf(item);
      if (failure === undefined) done.push(item);
      else if (failure.code === EXISTS) existed.push(item);
      else if (isTransient(failure.code) || error?.isTransient) again.set(item, failure);
      else failed.push(failure);
    }
    if (again.size === 0) return;
    if (await waitForRetry(retryPolicy(attempts), tries)) await settle([...again.keys()], tries + 1);
    else failed.push(...again.values());
  };
  for (let at = 0; at < partitions.length; at += PARTITION_BATCH)
    await settle(partitions.slice(at, at + PARTITION_BATCH));
  return { done, existed, failed };
}

/** How a batch was answered. */
interface BatchAnswer {
  /** Why the whole call failed, or was not made. */
  readonly error?: CatalogCallError;
  /** The error of an item of the batch; undefined if it was taken. */
  readonly failureOf: (item: CatalogPartition) => ItemFailure | undefined;
}

/** Sends a batch once. An error of the whole call counts for every item. */
async function answerOf(
  items: readonly CatalogPartition[],
  send: (batch: readonly CatalogPartition[]) => Promise<readonly ItemFailure[]>,
  attempts: Attempts,
): Promise<BatchAnswer> {
  try {
    const late = outOfTime(attempts);
    if (late !== undefined) throw late;
    const failures = new Map((await send(items)).map((failure) => [failure.values.join(), failure]));
    const names = items.map(({ values }) => values.join());
    // A failure that names none of the items must not be lost: it counts for every item that is not named.
    const stray = [...failures].find(([name]) => !names.includes(name))?.[1];
    return {
      failureOf: ({ values }) => failures.get(values.join()) ?? (stray && { ...stray, values }),
    };
  } catch (error) {
    if (!(error instanceof CatalogCallError)) throw error;
    const { code, message } = error;
    return { error, failureOf: ({ values }) => ({ values, code, message }) };
  }
}
