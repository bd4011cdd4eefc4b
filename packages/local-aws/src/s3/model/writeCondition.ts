import { s3Errors } from '../errors.ts';
import type { StoredObject } from './StoredObject.ts';

/** What must hold at the instant of a write. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export interface WriteCondition {
  /** The key must not exist. */
  readonly ifNoneMatch?: '*';
  /** The key must exist with this entity tag (no quotes), or, for `*`, at all. */
  readonly ifMatch?: string;
}

/** @throws AwsError `PreconditionFailed`, or `NoSuchKey` when something should match and nothing is there. */
export function checkWriteCondition(
  current: StoredObject | undefined,
  condition: WriteCondition,
  key: string,
): void {
  if (condition.ifNoneMatch !== undefined && current !== undefined) {
    throw s3Errors.preconditionFailed('If-None-Match');
  }
  if (condition.ifMatch === undefined) return;
  if (current === undefined) throw s3Errors.noSuchKey(key);
  if (condition.ifMatch !== '*' && condition.ifMatch !== current.etag) {
    throw s3Errors.preconditionFailed('If-Match');
  }
}
