import { HOUR_MS } from '../../lib/base/time.ts';
import type { Deployment } from '../deployment.ts';
import { ifThere } from '../ifThere.ts';
import { readQueue } from '../readQueue.ts';
import type { DatasetDays, DropDay } from './days/dropDays.ts';

/**
 * From when on a message that is there is in SQS's counts, which leave out those that are delayed, for 15 minutes at most, and are some
 * minutes late: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
const COUNTED_MS = HOUR_MS;

/** Whether the message of a load that was requested then has to be in SQS's counts. @param now Epoch milliseconds. */
export function isCounted(requested: number | null, now: number): boolean {
  return requested !== null && now - requested >= COUNTED_MS;
}

/**
 * Whether no message asks for a load: none waits, none is worked on, and none is a dead letter. PurgeQueue deletes those that are worked
 * on, too: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html
 *
 * @throws What the client of SQS throws.
 */
export async function hasNoTask(deployment: Pick<Deployment, 'sqs' | 'stack'>): Promise<boolean> {
  const queues = ['ingest-load', 'ingest-load-dead-letters'].map((part) => readQueue(deployment, part));
  const counts = await ifThere(Promise.all(queues));
  return counts?.every(({ messages }) => messages === 0) === true;
}

/**
 * Datasets with the days whose load was requested and whose message is gone.
 *
 * @param seen Datasets as they were read.
 * @param read Reads the ledger again. It is asked if a load was requested for long and nothing asks for one: a load writes its entry before
 * its message goes.
 * @throws What `read` and the client of SQS throw.
 */
export async function withLostTasks(
  deployment: Pick<Deployment, 'sqs' | 'stack' | 'now'>,
  seen: readonly DatasetDays[],
  read: () => Promise<readonly DatasetDays[]>,
): Promise<readonly DatasetDays[]> {
  const waits = (day: DropDay) => isCounted(day.requestedAt, deployment.now);
  const isAsked = seen.some(({ days }) => days.some(waits));
  if (!isAsked || !(await hasNoTask(deployment))) return seen;
  return (await read()).map((dataset) => ({ ...dataset, lost: dataset.days.filter(waits) }));
}
