import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { UnitMatcher } from '../../lib/erase/UnitMatcher.ts';
import { judgeCopy, type PersonsEvents } from '../../lib/relay/copyEvents.ts';
import { readRelayCopy } from '../../lib/relay/RelayCopy.ts';
import {
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  RELAY_FOLDER,
  RELAY_REFUSED_FOLDER,
  RELAY_WAITING_FOLDER,
} from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { RelayCopiesError, readQueue } from '../../observe/facts/flow/relayCopies.ts';

/** The result of erasing copies, or of its dry run. Each version of an object in the bucket counts. */
export interface ErasedCopies {
  /** Copies in the bucket that were looked through. */
  readonly found: number;
  /** Copies that were deleted, or would be. */
  readonly erased: number;
  /** Events of the person in them, and events of others, which then do not reach the target either. */
  readonly events: number;
  readonly otherEvents: number;
  /** Copies whose bodies cannot be read, so that nobody knows whose they are: they stay. */
  readonly unreadable: number;
  /** Copies in the queue about, which cannot be searched; null without a queue. With everything erased they are, too. */
  readonly queued: number | null;
}

/** Objects that are looked at at the same time. */
const AT_ONCE = 16;
/** Queues that hold copies. */
const QUEUES = ['relay', 'relay-dead-letters'] as const;

/** One version of an object. */
interface Version {
  readonly Key: string;
  readonly VersionId: string | undefined;
}

/**
 * Deletes copies of requests that have events of a person, with every version of them in the bucket. A copy is deleted as a
 * whole. It works without `relay` in the configuration, too, for what is left of it.
 *
 * @param id What identifies the person: compared with every text and number in a body. Null: everything is deleted, and the
 *   queues are emptied.
 * @throws What the clients of S3 and SQS throw; the reason of the signal.
 */
export async function eraseCopies(
  deployment: Deployment,
  id: string | null,
  dryRun: boolean,
): Promise<ErasedCopies> {
  const { s3, config, signal } = deployment;
  const Bucket = config.bucket;
  // A unit ID of any type is under the key of one; an address is not.
  const person = new UnitMatcher(id === null ? [] : [{ type: 'email', column: null, value: id }]);
  const counts = { found: 0, erased: 0, events: 0, otherEvents: 0, unreadable: 0 };
  const remove = async ({ Key, VersionId }: Version) => {
    if (!dryRun) await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  };
  const prefixes = id === null ? [RELAY_FOLDER] : [RELAY_WAITING_FOLDER, RELAY_REFUSED_FOLDER];
  for (const prefix of prefixes)
    for await (const versions of versionsBelow(deployment, prefix))
      await mapLimit(versions, AT_ONCE, async (version) => {
        signal?.throwIfAborted();
        counts.found += 1;
        if (id === null) {
          counts.erased += 1;
          await remove(version);
          return;
        }
        const events = await personsEvents(deployment, version, person);
        if (events === 'gone') return;
        if (events === 'unreadable') {
          counts.unreadable += 1;
          return;
        }
        if (!events.isPersons) return;
        counts.erased += 1;
        counts.events += events.own;
        counts.otherEvents += events.others;
        await remove(version);
      });
  // Last: emptied again within a minute, SQS refuses.
  const queued = await emptyQueues(deployment, id === null && !dryRun);
  return { ...counts, queued };
}

/** Whether relay has written an object. */
function isRelayKey(key: string): boolean {
  return parseRelayWaitingKey(key) !== null || parseRelayRefusedKey(key) !== null;
}

/** Versions of objects, also of those that were overwritten or deleted, page by page. */
async function* versionsBelow(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  Prefix: string,
): AsyncGenerator<Version[]> {
  let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const answer: ListObjectVersionsCommandOutput = await s3.send(
      new ListObjectVersionsCommand({ Bucket: config.bucket, Prefix, ...after }),
    );
    // An existing bucket may have objects of others there.
    yield (answer.Versions ?? []).flatMap(({ Key = '', VersionId }) =>
      isRelayKey(Key) ? [{ Key, VersionId }] : [],
    );
    if (answer.IsTruncated !== true) return;
    after = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
}

async function personsEvents(
  { s3, config }: Pick<Deployment, 's3' | 'config'>,
  version: Version,
  person: UnitMatcher,
): Promise<PersonsEvents | 'unreadable' | 'gone'> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: config.bucket, ...version }));
    const copy = readRelayCopy((await Body?.transformToString('utf8')) ?? '');
    return copy === null ? 'unreadable' : judgeCopy(copy, person);
  } catch (error) {
    // It was delivered, or put aside under another key, which comes later.
    if (error instanceof Error && ['NoSuchKey', 'NoSuchVersion'].includes(error.name)) return 'gone';
    throw error;
  }
}

/** Counts the copies in the queues, and deletes them. @returns Null if there is no queue. */
async function emptyQueues(
  { stack, aws }: Pick<Deployment, 'stack' | 'aws'>,
  isPurged: boolean,
): Promise<number | null> {
  const sqs = new SQSClient(aws);
  try {
    let queued = 0;
    for (const part of QUEUES) {
      const { QueueUrl, messages } = await readQueue({ stack, sqs }, part);
      queued += messages;
      if (isPurged) await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    }
    return queued;
  } catch (error) {
    if (error instanceof Error && error.name === 'QueueDoesNotExist') return null;
    if (error instanceof Error && error.name === 'PurgeQueueInProgress')
      throw new RelayCopiesError('SLUICE_RELAY_PURGED_LATELY', undefined, { cause: error });
    throw error;
  } finally {
    sqs.destroy();
  }
}
