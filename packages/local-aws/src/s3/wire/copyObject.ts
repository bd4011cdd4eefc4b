import { s3Errors } from '../errors.ts';
import { SINGLE_PUT_BYTES } from '../limits.ts';
import { archivedClasses, type ObjectAttributes } from '../model/StoredObject.ts';
import { checksumElements } from './checksumElements.ts';
import { checkReadConditions, writeCondition } from './conditions.ts';
import { readCopySource, COPY_SOURCE as SOURCE } from './copySource.ts';
import { attributeHeaders, encryptionHeaders, readAttributes } from './objectAttributes.ts';
import { demandKey, encrypted } from './objectEncryption.ts';
import { requireReadableByOwnership, withOwner } from './objectOwnership.ts';
import { readAlgorithm } from './readAlgorithm.ts';
import type { S3Operation } from './S3Operation.ts';
import { xmlResponse } from './xml.ts';

/** Copies within the store, up to 5 GiB. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copyObject: S3Operation = {
  name: 'CopyObject',
  on: 'object',
  method: 'PUT',
  selectedByHeader: SOURCE,
  headers: [
    ...attributeHeaders,
    SOURCE,
    `${SOURCE}-if-match`,
    `${SOURCE}-if-none-match`,
    `${SOURCE}-if-modified-since`,
    `${SOURCE}-if-unmodified-since`,
    'x-amz-source-expected-bucket-owner',
    'x-amz-metadata-directive',
    'x-amz-checksum-algorithm',
  ],
  async run(call) {
    const { store, bucket, key, headers } = call;
    const source = readCopySource(headers[SOURCE] ?? '');
    const object = store.head(source.bucket, source.key);
    if (object.size > SINGLE_PUT_BYTES) {
      throw s3Errors.invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${SINGLE_PUT_BYTES}`,
      );
    }
    if (!checkReadConditions(object, headers, `${SOURCE}-`)) {
      throw s3Errors.preconditionFailed(`${SOURCE}-If-None-Match`);
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
    demandKey(call, store.bucket(source.bucket), from.encryption, 'kms:Decrypt');
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

/** Encryption and storage class are the target's own, never the source's. */
function copied(from: ObjectAttributes, { encryption, storageClass }: ObjectAttributes): ObjectAttributes {
  const { headers, metadata } = from;
  return { headers, metadata, encryption, ...(storageClass === undefined ? {} : { storageClass }) };
}

const ENCRYPTION = 'x-amz-server-side-encryption';
