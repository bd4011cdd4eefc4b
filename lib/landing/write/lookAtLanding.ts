import { listObjects } from '../../base/ObjectStore.ts';
import type { TaskQueue } from '../../base/queue.ts';
import { isLanded, LANDING_FOLDER } from '../../tables/objectKeys.ts';
import type { Writer } from './writeObjects.ts';

/** Age from which an object without a message is told of: longer than all that its message could have waited for. */
const FORGOTTEN_MS = 3 * 3_600_000;
/** Messages of a batch of the writer: from so many on others wait. */
const BATCH_MESSAGES = 1_000;
/** Objects that one look tells of. The next one goes on. */
const MOST_TOLD = 10_000;

/** The queue of the writer, and its dead letters. */
export interface LandingQueue extends TaskQueue {
  /** Messages that wait, and dead letters, about. */
  count(): Promise<{ readonly waiting: number; readonly dead: number }>;
}

/** The result of a look. */
export interface LookReport {
  /** Objects of which messages were sent. */
  readonly told: number;
  /** Why nothing was looked for; null if it was. */
  readonly skipped: 'messages_wait' | null;
}

/**
 * Sends messages of objects that have waited for three hours: S3 and EventBridge may lose an event, and a brought bucket may send
 * none. While many messages wait, or some are dead letters, objects are old for that reason, and none is sent. After ten tries,
 * in less than three hours, a message is a dead letter.
 *
 * @throws What the clients of S3 and SQS throw.
 */
export async function lookAtLanding(writer: Writer, queue: LandingQueue): Promise<LookReport> {
  const report = await look(writer, queue);
  writer.log({ level: 'info', event: 'write_look', ...report });
  return report;
}

async function look({ store, clock, config: { bucket } }: Writer, queue: LandingQueue): Promise<LookReport> {
  const { waiting, dead } = await queue.count();
  if (dead > 0 || waiting >= BATCH_MESSAGES) return { told: 0, skipped: 'messages_wait' };
  const before = clock.now() - FORGOTTEN_MS;
  const bodies: string[] = [];
  for await (const { key, modifiedAt } of listObjects(store, LANDING_FOLDER)) {
    if (!isLanded(key) || modifiedAt > before) continue;
    bodies.push(objectCreatedBody(bucket, key));
    if (bodies.length === MOST_TOLD) break;
  }
  await queue.send(bodies);
  return { told: bodies.length, skipped: null };
}

/** A message about an object, with the members of S3's event that are read. */
function objectCreatedBody(bucket: string, key: string): string {
  const detail = { bucket: { name: bucket }, object: { key } };
  return JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Created', detail });
}
