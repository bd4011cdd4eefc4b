import { notImplemented } from '../../../protocol/AwsError.ts';
import { s3Errors } from '../../errors.ts';
import { USER_METADATA_BYTES } from '../../limits.ts';
import {
  type ObjectAttributes,
  plainAttributes,
  type StoredObject,
  storageClasses,
} from '../../model/StoredObject.ts';
import type { S3Call } from '../S3Operation.ts';
import { ENCRYPTION, encryptionHeaders, readEncryption } from './objectEncryption.ts';

/** Headers of a write that are returned with the object: unchanged, except by {@link contentEncoding}. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** The beginning of the headers with a user's own metadata. */
const METADATA = 'x-amz-meta-';

/** The `x-amz-` headers that {@link readAttributes} understands. */
export const attributeHeaders: readonly string[] = [...ENCRYPTION, 'x-amz-storage-class', `${METADATA}*`];

/**
 * The attributes of an object, from the headers of its write.
 *
 * @throws AwsError `NotImplemented`, `MetadataTooLarge`, `InvalidArgument`.
 */
export function readAttributes(headers: S3Call['headers'], operation: string): ObjectAttributes {
  const asked = headers['x-amz-storage-class'] ?? 'STANDARD';
  const storageClass = storageClasses.find((known) => known === asked);
  if (asked !== 'STANDARD' && storageClass === undefined)
    throw notImplemented(`S3 ${operation} with the storage class ${asked}`);
  const { 'content-encoding': sent = '', ...rest } = pick(headers, KEPT);
  const encoding = contentEncoding(sent);
  const metadata = Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(METADATA))
      .map(([name, value]) => [name.slice(METADATA.length), value]),
  );
  // Node reads headers as Latin-1, so that a character is a byte.
  const size = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > USER_METADATA_BYTES) throw s3Errors.metadataTooLarge(size, USER_METADATA_BYTES);
  return {
    headers: {
      ...plainAttributes.headers,
      ...rest,
      ...(encoding === '' ? {} : { 'content-encoding': encoding }),
    },
    metadata,
    encryption: readEncryption(headers, operation),
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

/** The encodings of the object: those of the header `content-encoding` without `aws-chunked`, which is of the transfer only. */
function contentEncoding(sent: string): string {
  const encodings = sent.split(',').map((encoding) => encoding.trim());
  return encodings.includes('aws-chunked')
    ? encodings.filter((encoding) => encoding !== '' && encoding !== 'aws-chunked').join(', ')
    : sent;
}

/** The headers that describe an object in the answer to a read. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  const { attributes } = object;
  const headers: Record<string, string> = {
    ...attributes.headers,
    ...encryptionHeaders(attributes),
    ...(attributes.storageClass === undefined ? {} : { 'x-amz-storage-class': attributes.storageClass }),
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
  };
  for (const [name, value] of Object.entries(attributes.metadata)) headers[METADATA + name] = value;
  return headers;
}

/** The headers of some names; those that are not set are left out. */
function pick(headers: S3Call['headers'], names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
