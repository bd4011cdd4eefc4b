import { notImplemented } from '../../protocol/AwsError.ts';
import { s3Errors } from '../errors.ts';
import type { StoredObject, WriteCondition } from '../model/StoredObject.ts';
import type { S3Call } from './S3Operation.ts';

type Headers = S3Call['headers'];

/** The condition of a write. Of `If-None-Match` S3 takes `*` only. */
export function writeCondition(headers: Headers, operation: string): WriteCondition {
  const ifNoneMatch = headers['if-none-match'];
  const ifMatch = headers['if-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw notImplemented(`S3 ${operation} with If-None-Match other than *`);
  }
  if (ifNoneMatch !== undefined && ifMatch !== undefined) {
    throw notImplemented(`S3 ${operation} with both If-Match and If-None-Match`);
  }
  if (ifNoneMatch !== undefined) return { ifNoneMatch: '*' };
  return ifMatch === undefined ? {} : { ifMatch: unquoteETag(ifMatch) };
}

/**
 * Whether a read, or the source of a copy, goes on.
 *
 * @param prefix '' for a read, `x-amz-copy-source-` for a copy.
 * @returns False when the client has the object already (304).
 * @throws AwsError `PreconditionFailed`.
 */
export function checkReadConditions(object: StoredObject, headers: Headers, prefix = ''): boolean {
  const ifMatch = headers[`${prefix}if-match`];
  const ifNoneMatch = headers[`${prefix}if-none-match`];
  const modifiedSince = readDate(headers[`${prefix}if-modified-since`]);
  const unmodifiedSince = readDate(headers[`${prefix}if-unmodified-since`]);
  // HTTP dates have whole seconds: an object isn't newer than its own Last-Modified.
  const modified = Math.floor(object.modifiedMs / 1000) * 1000;
  // A tag outweighs a date: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw s3Errors.preconditionFailed('If-Match');
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    throw s3Errors.preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) return !matches(ifNoneMatch, object.etag);
  return modifiedSince === undefined || modified > modifiedSince;
}

/** Whether a `Range` still holds: `If-Range` has the tag or the date of what the client has the rest of. */
export function isRangeConditionMet(object: StoredObject, headers: Headers): boolean {
  const ifRange = headers['if-range'];
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return matches(ifRange, object.etag);
  return readDate(ifRange) === Math.floor(object.modifiedMs / 1000) * 1000;
}

function matches(header: string, etag: string): boolean {
  return header.split(',').some((tag) => ['*', etag].includes(unquoteETag(tag)));
}

/** Without quotes; S3 takes tags with and without. */
export function unquoteETag(tag: string): string {
  return tag.trim().replace(/^"(.*)"$/, '$1');
}

function readDate(text: string | undefined): number | undefined {
  const epochMs = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
