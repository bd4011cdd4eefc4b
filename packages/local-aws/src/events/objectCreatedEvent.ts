import { randomUUID } from 'node:crypto';
import type { EventOwner, ObjectCreatedEvent } from './publishedEvents.ts';

/** An object that S3 has just written. */
export interface CreatedObject {
  /** Name of the bucket. */
  readonly bucket: string;
  /** The key as it is. Unlike S3's own notifications, EventBridge gets it without URL encoding. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The ETag without quotes. */
  readonly etag: string;
  /** Hexadecimal digits. Of two events of one key, the later event has the greater value. */
  readonly sequencer: string;
  /** The version, which only objects in a bucket with versions have. */
  readonly versionId?: string;
  /** The operation that wrote the object. */
  readonly reason: ObjectCreatedEvent['detail']['reason'];
  /** Epoch milliseconds. */
  readonly time: number;
}

/**
 * The event "Object Created" as S3 sends it to EventBridge.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreatedEvent(
  object: CreatedObject,
  { region, account, partition = 'aws' }: EventOwner,
): ObjectCreatedEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account,
    // Whole seconds, as S3 sends it.
    time: `${new Date(object.time).toISOString().slice(0, 19)}Z`,
    region,
    resources: [`arn:${partition}:s3:::${object.bucket}`],
    detail: {
      version: '0',
      bucket: { name: object.bucket },
      object: {
        key: object.key,
        size: object.size,
        etag: object.etag,
        sequencer: object.sequencer,
        ...(object.versionId === undefined ? {} : { 'version-id': object.versionId }),
      },
      'request-id': randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
      requester: account,
      'source-ip-address': '127.0.0.1',
      reason: object.reason,
    },
  };
}
