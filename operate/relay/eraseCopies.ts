import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { s3EraseBucket } from '../../lib/aws/s3EraseBucket.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { errorName } from '../../lib/base/errors.ts';
import { parseRelayRefusedKey, parseRelayWaitingKey, RELAY_FOLDER } from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { AwsAccessError } from '../../observe/explainAwsError.ts';
import { RelayCopiesError, readQueue } from '../../observe/facts/flow/relayCopies.ts';

/** The result of erasing all copies, or of its dry run. */
export interface ErasedCopies {
  /** Copies in the bucket. Each version of an object counts. */
  readonly found: number;
  /** Copies in the queues about; null without a queue. */
  readonly queued: number | null;
}

/** Objects that are deleted at the same time. */
const AT_ONCE = 16;
/** Queues that hold copies. */
const QUEUES = ['relay', 'relay-dead-letters'] as const;

/**
 * Deletes every copy of a request, with every version of it in the bucket, and empties the queues. It works without `relay` in
 * the configuration, too, for what is left of it. The copies of one person are deleted by `sluice erase`.
 *
 * @throws RelayCopiesError `SLUICE_RELAY_PURGED_LATELY`; AwsAccessError; what the clients of S3 and SQS throw; the reason of the signal.
 */
export async function eraseCopies(deployment: Deployment, dryRun: boolean): Promise<ErasedCopies> {
  const { s3, config, signal } = deployment;
  const bucket = s3EraseBucket(s3, config.bucket, deployment, signal);
  let found = 0;
  for await (const objects of bucket.objects(RELAY_FOLDER, undefined)) {
    // An existing bucket may have objects of others there.
    const versions = objects.flatMap((one) => (isRelayKey(one.key) ? one.versions : []));
    found += versions.length;
    await mapLimit(dryRun ? [] : versions, AT_ONCE, async (version) => {
      signal?.throwIfAborted();
      const answer = await bucket.remove(version);
      if (answer !== null) throw new AwsAccessError('SLUICE_AWS_FAILED', answer.denied);
    });
  }
  // Last: emptied again within a minute, SQS refuses.
  return { found, queued: await emptyQueues(deployment, dryRun) };
}

/** Whether relay has written an object. */
function isRelayKey(key: string): boolean {
  return parseRelayWaitingKey(key) !== null || parseRelayRefusedKey(key) !== null;
}

/** Counts the copies in the queues, and deletes them. @returns Null if there is no queue. */
async function emptyQueues(
  deployment: Pick<Deployment, 'stack' | 'sqs'>,
  dryRun: boolean,
): Promise<number | null> {
  try {
    let queued = 0;
    for (const part of QUEUES) {
      const { QueueUrl, messages } = await readQueue(deployment, part);
      queued += messages;
      if (!dryRun) await deployment.sqs.send(new PurgeQueueCommand({ QueueUrl }));
    }
    return queued;
  } catch (error) {
    if (errorName(error) === 'QueueDoesNotExist') return null;
    if (errorName(error) === 'PurgeQueueInProgress')
      throw new RelayCopiesError('SLUICE_RELAY_PURGED_LATELY', undefined, { cause: error });
    throw error;
  }
}
