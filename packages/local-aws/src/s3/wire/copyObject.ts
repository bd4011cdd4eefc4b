import { COPY_SOURCE } from '../../protocol/copySourceHeader.ts';
import { s3Errors } from '../errors.ts';
import { SINGLE_PUT_BYTES } from '../limits.ts';
import type { Bucket } from '../model/Bucket.ts';
import type { ObjectAttributes } from '../model/StoredObject.ts';
import { checkAcl } from './attributes/checkAcl.ts';
import { readAlgorithm } from './attributes/checksumHeaders.ts';
import { attributeHeaders, readAttributes } from './attributes/objectAttributes.ts';
import { encryptionHeaders, withEncryption } from './attributes/objectEncryption.ts';
import { writeCondition } from './conditions.ts';
import { copySourceHeaders, type FoundSource, findCopySource } from './copySource.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { versionHeader } from './versionHeaders.ts';
import { checksumElements, xmlResponse } from './xmlBodies.ts';

/** Copies an object within the store, up to 5 GiB. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copyObject: S3Operation = {
  name: 'CopyObject',
  on: 'object',
  method: 'PUT',
  selectedByHeader: COPY_SOURCE,
  headers: [
    ...attributeHeaders,
    ...copySourceHeaders,
    'x-amz-metadata-directive',
    'x-amz-checksum-algorithm',
  ],
  async run(call) {
    const { store, bucket, key, headers } = call;
    const { source, object, headers: sourceHeaders } = findCopySource(call);
    const directive = readDirective(call, { source, object });
    const requested = withEncryption(call, store.bucket(bucket), readAttributes(headers, 'CopyObject'));
    const attributes = directive === 'REPLACE' ? requested : copied(object.attributes, requested);
    checkAcl(call);
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
      { ...encryptionHeaders(attributes), ...sourceHeaders, ...versionHeader(store.bucket(bucket), written) },
    );
  },
};

/** Whether the copy has the metadata of its source or of the request. @throws AwsError for a copy that S3 refuses. */
function readDirective(
  { store, bucket, key, headers }: S3Call,
  { source, object }: Pick<FoundSource, 'source' | 'object'>,
): 'COPY' | 'REPLACE' {
  if (object.size > SINGLE_PUT_BYTES) {
    throw s3Errors.invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${SINGLE_PUT_BYTES}`,
    );
  }
  const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw s3Errors.invalidArgument('x-amz-metadata-directive', directive, 'Unknown metadata directive.');
  }
  const isItself = source.bucket === bucket && source.key === key && source.versionId === undefined;
  if (isItself && directive === 'COPY' && !changesItself(headers, store.bucket(bucket))) {
    throw s3Errors.invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  return directive;
}

/** Encryption and storage class come from the request, never from the source. */
function copied(from: ObjectAttributes, { encryption, storageClass }: ObjectAttributes): ObjectAttributes {
  const { headers, metadata } = from;
  return { headers, metadata, encryption, ...(storageClass === undefined ? {} : { storageClass }) };
}

/**
 * Whether S3 takes a copy of an object onto itself, with the metadata that it has, for a change. It doesn't compare: to
 * name the storage class or encryption that the object has is enough, and so is an encryption that the bucket sets.
 * Localstack recorded it against AWS: tests/aws/services/s3/test_s3.snapshot.json, test_s3_copy_object_in_place… and
 * test_copy_in_place_with_bucket_encryption.
 */
function changesItself(headers: S3Call['headers'], { settings }: Pick<Bucket, 'settings'>): boolean {
  return (
    'x-amz-storage-class' in headers ||
    'x-amz-server-side-encryption' in headers ||
    settings.BucketEncryption !== undefined
  );
}
