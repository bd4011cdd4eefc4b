import { randomUUID } from 'node:crypto';

/** An object that S3 has just written. */
export interface CreatedObject {
  readonly bucket: string;
  /** As it is: EventBridge, unlike S3's own notifications, gets it without URL encoding. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Hexadecimal; of two events of one key the later has the greater one. */
  readonly sequencer: string;
  readonly reason: 'PutObject' | 'CompleteMultipartUpload' | 'CopyObject';
  /** Epoch milliseconds. */
  readonly time: number;
}

/**
 * The event "Object Created" as S3 sends it to EventBridge.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreatedEvent(
  object: CreatedObject,
  owner: { readonly region: string; readonly account: string },
) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: owner.account,
    // Whole seconds, as S3 sends it.
    time: `${new Date(object.time).toISOString().slice(0, 19)}Z`,
    region: owner.region,
    resources: [`arn:aws:s3:::${object.bucket}`],
    detail: {
      version: '0',
      bucket: { name: object.bucket },
      object: {
        key: object.key,
        size: object.size,
        etag: object.etag,
        sequencer: object.sequencer,
      },
      'request-id': randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
      requester: owner.account,
      'source-ip-address': '127.0.0.1',
      reason: object.reason,
    },
  };
}
