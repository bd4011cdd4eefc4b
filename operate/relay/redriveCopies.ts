import { CopyObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { copySource } from '../../lib/aws/copySource.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { type ListedObject, listObjects } from '../../lib/base/ObjectStore.ts';
import { MAX_AGE_MS } from '../../lib/relay/limits.ts';
import { readRelayCopy, writeRelayedKey } from '../../lib/relay/RelayCopy.ts';
import {
  parseRelayRefusedKey,
  RELAY_REFUSED_FOLDER,
  RELAY_WAITING_FOLDER,
  relayIdTime,
  relayWaitingKey,
} from '../../lib/tables/relayKeys.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { isStranded, keptAtOf, RelayCopiesError } from '../../observe/facts/flow/relayCopies.ts';
import { readQueue } from '../../observe/readQueue.ts';

/** How many objects are moved at the same time. */
const AT_ONCE = 16;

/** The result of sending refused copies again. */
export interface RedrivenCopies {
  /** Number of refused copies, and of {@link stranded} ones. */
  readonly found: number;
  /** Of those found, the number of copies in `relay/waiting/` that have no message. */
  readonly stranded: number;
  /** Copies that were sent again, or in a dry run would be. */
  readonly moved: number;
  /** Number of copies that are older than copies are kept. They stay until S3 deletes them. */
  readonly tooOld: number;
}

/**
 * Sends refused copies again, and without a reason those in `relay/waiting/` that have no message: each that can be read gets one. Of the
 * refused ones each is copied to `relay/waiting/`, and a message names it, before it is deleted. If the command is interrupted, the next
 * call goes on with these; a copy that was not yet deleted is then sent twice. What is left of the others is found once those that have
 * got a message are delivered.
 *
 * @param reason Only copies that were refused for this reason are sent; with null, all of them, and stranded ones.
 * @param dryRun Whether copies are only counted.
 * @throws RelayCopiesError `SLUICE_RELAY_OFF`; what S3's client throws; the reason of the signal.
 */
export async function redriveCopies(
  deployment: Pick<Deployment, 's3' | 'sqs' | 'config' | 'stack' | 'signal' | 'now'>,
  reason: string | null,
  dryRun: boolean,
): Promise<RedrivenCopies> {
  const { s3, sqs, config, signal, now } = deployment;
  if (config.relay === undefined) throw new RelayCopiesError('SLUICE_RELAY_OFF');
  const Bucket = config.bucket;
  const store = s3ObjectStore(s3, Bucket);
  const folder = reason === null ? '' : `${reason}/`;
  const Prefix = `${RELAY_REFUSED_FOLDER}${folder}`;
  const { QueueUrl, messages } = await readQueue(deployment, 'relay');
  const deadLetters = await readQueue(deployment, 'relay-dead-letters');
  const inQueues = messages + deadLetters.messages;
  const sendMessageOf = (key: string) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeRelayedKey(key) }));
  const waiting: ListedObject[] = [];
  if (reason === null && inQueues === 0)
    for await (const object of listObjects(store, RELAY_WAITING_FOLDER)) waiting.push(object);
  let found = 0;
  let stranded = 0;
  let moved = 0;
  let tooOld = 0;
  await mapLimit(waiting, AT_ONCE, async (object) => {
    signal?.throwIfAborted();
    const { key } = object;
    const keptAt = keptAtOf(object);
    if (keptAt === null || !isStranded(keptAt, inQueues, now)) return;
    // The function would finish the message of what it cannot read, and it would be found again.
    if (readRelayCopy((await store.read(key))?.text ?? '') === null) return;
    stranded += 1;
    found += 1;
    moved += 1;
    if (!dryRun) await sendMessageOf(key);
  });
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
    await mapLimit(Contents, AT_ONCE, async ({ Key = '', ETag = '' }) => {
      signal?.throwIfAborted();
      const id = parseRelayRefusedKey(Key)?.id;
      if (id === undefined) return;
      found += 1;
      if (now - (relayIdTime(id) ?? 0) >= MAX_AGE_MS) {
        tooOld += 1;
        return;
      }
      moved += 1;
      if (dryRun) return;
      const CopySource = copySource(Bucket, Key);
      const waitingKey = relayWaitingKey(id);
      const copy = { CopySource, CopySourceIfMatch: ETag, Key: waitingKey };
      await s3.send(new CopyObjectCommand({ Bucket, ...copy }));
      await sendMessageOf(waitingKey);
      await store.remove(Key, ETag);
    });
  }
  return { found, stranded, moved, tooOld };
}
