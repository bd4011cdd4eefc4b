import { notImplemented } from '../../protocol/AwsError.ts';
import { s3Errors } from '../errors.ts';
import type { StoredObject, WriteCondition } from '../model/StoredObject.ts';
import type { S3Call } from './S3Operation.ts';

/** The headers of a call, by names in lower case. */
type Headers = S3Call['headers'];

/** The condition of a write. S3 accepts only `*` for `If-None-Match`. */
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

/**
 * Checks whether a read, or the source of a copy, may continue.
 *
 * @param now Epoch ms. A later `If-Modified-Since` is no date: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3
 * @param prefix '' for a read, `x-amz-copy-source-` for a copy.
 * @returns False when the client already has the object (304).
 * @throws AwsError `PreconditionFailed`.
 */
export function checkReadConditions(
  object: StoredObject,
  headers: Headers,
  now: number,
  prefix = '',
): boolean {
  const ifMatch = headers[`${prefix}if-match`];
  const ifNoneMatch = headers[`${prefix}if-none-match`];
  const modifiedSince = readDate(headers[`${prefix}if-modified-since`]);
  const unmodifiedSince = readDate(headers[`${prefix}if-unmodified-since`]);
  // HTTP dates have whole seconds: an object is never newer than its own Last-Modified.
  const modified = Math.floor(object.modifiedMs / 1000) * 1000;
  // A tag takes precedence over a date: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw s3Errors.preconditionFailed(`${prefix}If-Match`);
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    throw s3Errors.preconditionFailed(`${prefix}If-Unmodified-Since`);
  }
  if (ifNoneMatch !== undefined) return !matches(ifNoneMatch, object.etag);
  return modifiedSince === undefined || modifiedSince > now || modified > modifiedSince;
}

/** Whether a `Range` still applies: `If-Range` has the tag or the date of the object that the client has a part of. */
export function isRangeConditionMet(object: StoredObject, headers: Headers): boolean {
  const ifRange = headers['if-range'];
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return matches(ifRange, object.etag);
  return readDate(ifRange) === Math.floor(object.modifiedMs / 1000) * 1000;
}

/** Whether a header lists an ETag, or is `*`. */
function matches(header: string, etag: string): boolean {
  return header.split(',').some((tag) => ['*', etag].includes(unquoteETag(tag)));
}

/** Removes quotes; S3 accepts tags with and without them. */
export function unquoteETag(tag: string): string {
  return tag.trim().replace(/^"(.*)"$/, '$1');
}

/** Epoch milliseconds; undefined without a header, and for a text that is no date, which S3 ignores. */
function readDate(text: string | undefined): number | undefined {
  const epochMs = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
