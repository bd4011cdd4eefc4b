import { COPY_SOURCE, type CopySource, splitCopySource } from '../../iam/s3Permissions.ts';
import { notImplemented } from '../../protocol/AwsError.ts';
import { s3Errors } from '../errors.ts';
import { SINGLE_PUT_BYTES } from '../limits.ts';
import { archivedClasses, type ObjectAttributes } from '../model/StoredObject.ts';
import { checkReadConditions, writeCondition } from './conditions.ts';
import {
  attributeHeaders,
  encrypted,
  encryptionHeaders,
  readAlgorithm,
  readAttributes,
  requireKeyAccess,
} from './objectAttributes.ts';
import { requireReadableByOwnership, withOwner } from './objectOwnership.ts';
import type { S3Operation } from './S3Operation.ts';
import { checksumElements, xmlResponse } from './xmlBodies.ts';

/**
 * Reads `x-amz-copy-source`. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 *
 * @throws AwsError `InvalidArgument`; `NotImplemented` for a version or an access point.
 */
export function readCopySource(header: string): CopySource {
  const question = header.indexOf('?');
  if (question >= 0) throw notImplemented(`S3 CopyObject with ${header.slice(question + 1).split('=')[0]}`);
  let path: string;
  try {
    path = decodeURIComponent(header);
  } catch {
    throw s3Errors.invalidArgument(COPY_SOURCE, header, 'Copy Source must be URL-encoded');
  }
  if (/^\/?arn:/.test(path)) throw notImplemented('S3 CopyObject from an access point');
  const source = splitCopySource(header);
  if (source !== undefined) return source;
  throw s3Errors.invalidArgument(
    COPY_SOURCE,
    header,
    'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
  );
}

/** Copies an object within the store, up to 5 GiB. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copyObject: S3Operation = {
  name: 'CopyObject',
  on: 'object',
  method: 'PUT',
  selectedByHeader: COPY_SOURCE,
  headers: [
    ...attributeHeaders,
    COPY_SOURCE,
    `${COPY_SOURCE}-if-match`,
    `${COPY_SOURCE}-if-none-match`,
    `${COPY_SOURCE}-if-modified-since`,
    `${COPY_SOURCE}-if-unmodified-since`,
    'x-amz-source-expected-bucket-owner',
    'x-amz-metadata-directive',
    'x-amz-checksum-algorithm',
  ],
  async run(call) {
    const { store, bucket, key, headers } = call;
    const source = readCopySource(headers[COPY_SOURCE] ?? '');
    const object = store.head(source.bucket, source.key);
    if (object.size > SINGLE_PUT_BYTES) {
      throw s3Errors.invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${SINGLE_PUT_BYTES}`,
      );
    }
    if (!checkReadConditions(object, headers, `${COPY_SOURCE}-`)) {
      throw s3Errors.preconditionFailed(`${COPY_SOURCE}-If-None-Match`);
    }
    const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
    if (directive !== 'COPY' && directive !== 'REPLACE') {
      throw s3Errors.invalidArgument('x-amz-metadata-directive', directive, 'Unknown metadata directive.');
    }
    if (directive === 'COPY' && source.bucket === bucket && source.key === key && !(ENCRYPTION in headers)) {
      throw s3Errors.invalidRequest(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      );
    }
    const from = object.attributes;
    if (from.storageClass !== undefined && archivedClasses.has(from.storageClass))
      throw s3Errors.invalidObjectState(from.storageClass);
    requireReadableByOwnership(call, store.bucket(source.bucket), object);
    requireKeyAccess(call, store.bucket(source.bucket), from.encryption, 'kms:Decrypt');
    const given = encrypted(call, store.bucket(bucket), readAttributes(headers, 'CopyObject'));
    const attributes = withOwner(
      call,
      store.bucket(bucket),
      directive === 'REPLACE' ? given : copied(from, given),
    );
    const algorithm = readAlgorithm(headers['x-amz-checksum-algorithm']) ?? object.checksum?.algorithm;
    const written = await store.copy(
      source,
      { bucket, key },
      {
        attributes,
        condition: writeCondition(headers, 'CopyObject'),
        ...(algorithm === undefined ? {} : { checksumAlgorithm: algorithm }),
      },
    );
    return xmlResponse(
      [
        'CopyObjectResult',
        [
          ['LastModified', new Date(written.modifiedMs).toISOString()],
          ['ETag', `"${written.etag}"`],
          ...checksumElements(written.checksum),
        ],
      ],
      encryptionHeaders(attributes),
    );
  },
};

/** Encryption and storage class are those of the target, never of the source. */
function copied(from: ObjectAttributes, { encryption, storageClass }: ObjectAttributes): ObjectAttributes {
  const { headers, metadata } = from;
  return { headers, metadata, encryption, ...(storageClass === undefined ? {} : { storageClass }) };
}

const ENCRYPTION = 'x-amz-server-side-encryption';
