import { notImplemented } from '../../protocol/AwsError.ts';
import { s3Errors } from '../errors.ts';
import type { StoredObject, WriteCondition } from '../model/StoredObject.ts';
import type { S3Call } from './S3Operation.ts';

/** The headers of a call, by names in lower case. */
type Headers = S3Call['headers'];

/**
 * The condition of a write. S3 accepts only `*` for `If-None-Match`.
 *
 * @throws AwsError `NotImplemented` for any other condition.
 */
export function writeCondition(headers: Headers, operation: string): WriteCondition {
  const ifNoneMatch = headers['if-none-match'];
  const ifMatch = headers['if-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw notImplemented(`S3 ${operation} with If-None-Match other than *`);
  }
  if (ifNoneMatch !== undefined && ifMatch !== undefined) {
    throw notImplemented(`S3 ${operation} with both If-Match and If-None-Match`);
  }
  // Only a deletion takes `*`: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
  if (ifMatch?.trim() === '*' && operation !== 'DeleteObject')
    throw notImplemented(`S3 ${operation} with If-Match: *`);
  if (ifNoneMatch !== undefined) return { ifNoneMatch: '*' };
  return ifMatch === undefined ? {} : { ifMatch: unquoteETag(ifMatch) };
}

/** Conditions on dates, and on the part of an object that a client has. */
const UNSUPPORTED = ['if-modified-since', 'if-unmodified-since', 'if-range'];

/**
 * Checks whether a read, or the source of a copy, may continue. Conditions are on ETags.
 *
 * @param prefix '' for a read, `x-amz-copy-source-` for a copy.
 * @returns False when the client already has the object (304).
 * @throws AwsError `PreconditionFailed`; `NotImplemented` for another condition.
 */
export function checkReadConditions(object: StoredObject, headers: Headers, prefix = ''): boolean {
  const unsupported = UNSUPPORTED.find((name) => name in headers);
  if (unsupported !== undefined) throw notImplemented(`S3 with the header ${unsupported}`);
  const ifMatch = headers[`${prefix}if-match`];
  const ifNoneMatch = headers[`${prefix}if-none-match`];
  if (ifMatch !== undefined && !matches(ifMatch, object.etag))
    throw s3Errors.preconditionFailed(`${prefix}If-Match`);
  return ifNoneMatch === undefined || !matches(ifNoneMatch, object.etag);
}

/** Whether a header lists an ETag, or is `*`. */
function matches(header: string, etag: string): boolean {
  return header.split(',').some((tag) => ['*', etag].includes(unquoteETag(tag)));
}

/** Removes quotes; S3 accepts tags with and without them. */
export function unquoteETag(tag: string): string {
  return tag.trim().replace(/^"(.*)"$/, '$1');
}
