import { waitForRetry } from '../../base/retry.ts';
import { type Attempts, CatalogCallError, isTransient, outOfTime, retryPolicy } from './catalogCalls.ts';
import { type CatalogPartition, type ItemFailure, PARTITION_BATCH } from './PartitionCatalog.ts';

/** The outcome for every given partition. */
export interface SettledPartitions {
  readonly done: readonly CatalogPartition[];
  /** Existed already. */
  readonly existed: readonly CatalogPartition[];
  /** Failed, each with its last error. */
  readonly failed: readonly ItemFailure[];
}

const EXISTS = 'AlreadyExistsException';

/**
 * Sends partitions in batches and settles each of them. Items with a passing error are sent again, with jittered backoff
 * within the deadline. The others are returned as failed, and so are those that the deadline left no time to send.
 *
 * A whole call can fail with AlreadyExistsException, which is one of its documented errors and says nothing about the
 * other items. The batch is then halved until the existing item is alone.
 */
export async function settleInBatches(
  partitions: readonly CatalogPartition[],
  send: (batch: readonly CatalogPartition[]) => Promise<readonly ItemFailure[]>,
  attempts: Attempts,
): Promise<SettledPartitions> {
  const done: CatalogPartition[] = [];
  const existed: CatalogPartition[] = [];
  const failed: ItemFailure[] = [];
  const batches = chunks(partitions).map((items) => ({ items, tries: 0 }));

  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    const { items } = batch;
    const late = outOfTime(attempts);
    if (late !== undefined) {
      failed.push(...items.map(({ values }) => ({ values, code: late.code, message: late.message })));
      continue;
    }
    const tries = batch.tries + 1;
    const answer = await sendBatch(items, send);
    if (answer.wholeExists && items.length > 1) {
      const middle = items.length >>> 1;
      const halves = [items.slice(0, middle), items.slice(middle)];
      batches.unshift(...halves.map((half) => ({ items: half, tries: batch.tries })));
      continue;
    }
    const again: { readonly item: CatalogPartition; readonly failure: ItemFailure }[] = [];
    for (const item of items) {
      const failure = answer.failureOf(item);
      if (failure === undefined) done.push(item);
      else if (failure.code === EXISTS) existed.push(item);
      else if (isTransient(failure.code) || answer.transient) again.push({ item, failure });
      else failed.push(failure);
    }
    if (again.length === 0) continue;
    if (await waitForRetry(retryPolicy(attempts), tries))
      batches.unshift({ items: again.map(({ item }) => item), tries });
    else failed.push(...again.map(({ failure }) => failure));
  }
  return { done, existed, failed };
}

interface BatchAnswer {
  readonly failureOf: (item: CatalogPartition) => ItemFailure | undefined;
  /** The whole call failed with a passing error. */
  readonly transient: boolean;
  /** The whole call failed because an item exists. */
  readonly wholeExists: boolean;
}

async function sendBatch(
  items: readonly CatalogPartition[],
  send: (batch: readonly CatalogPartition[]) => Promise<readonly ItemFailure[]>,
): Promise<BatchAnswer> {
  try {
    const failures = new Map((await send(items)).map((failure) => [partitionName(failure.values), failure]));
    const known = new Set(items.map(({ values }) => partitionName(values)));
    // A failure that names none of the items must not be lost: it counts for every item that is not named.
    const stray = [...failures].find(([name]) => !known.has(name))?.[1];
    return {
      failureOf: ({ values }) => failures.get(partitionName(values)) ?? (stray && { ...stray, values }),
      transient: false,
      wholeExists: false,
    };
  } catch (error) {
    if (!(error instanceof CatalogCallError)) throw error;
    const { code, message, transient } = error;
    return {
      failureOf: ({ values }) => ({ values, code, message }),
      transient,
      wholeExists: code === EXISTS,
    };
  }
}

function partitionName(values: readonly string[]): string {
  return JSON.stringify(values);
}

function chunks(partitions: readonly CatalogPartition[]): CatalogPartition[][] {
  const found: CatalogPartition[][] = [];
  for (let at = 0; at < partitions.length; at += PARTITION_BATCH) {
    found.push(partitions.slice(at, at + PARTITION_BATCH));
  }
  return found;
}
