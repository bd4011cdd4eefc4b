import { COPY_SOURCE } from '../../iam/s3Permissions.ts';
import { s3Errors } from '../errors.ts';
import { SINGLE_PUT_BYTES } from '../limits.ts';
import type { StoredObject } from '../model/StoredObject.ts';
import { copySourceHeaders, findCopySource } from './copySource.ts';
import { readPartNumber } from './multipartOperations.ts';
import { encryptionHeaders, requireKeyAccess } from './objectAttributes.ts';
import type { S3Operation } from './S3Operation.ts';
import { checksumElement, xmlResponse } from './xmlBodies.ts';

const RANGE = `${COPY_SOURCE}-range`;

/** Stores one part, with bytes of an object. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export const uploadPartCopy: S3Operation = {
  name: 'UploadPartCopy',
  on: 'object',
  method: 'PUT',
  selectedBy: ['partNumber', 'uploadId'],
  selectedByHeader: COPY_SOURCE,
  headers: [...copySourceHeaders, RANGE],
  async run(call) {
    const { store, key, query, headers } = call;
    const bucket = store.bucket(call.bucket);
    const uploadId = query.get('uploadId') ?? '';
    const partNumber = readPartNumber(query);
    const upload = bucket.uploads.get(uploadId, key);
    requireKeyAccess(call, bucket, upload.attributes.encryption, 'kms:GenerateDataKey');
    const { source, object, headers: sourceHeaders } = findCopySource(call);
    const range = readCopyRange(headers[RANGE], object);
    const algorithm = upload.checksum?.algorithm;
    // Opened at once: the bytes are of the object whose conditions were checked.
    const bytes = store.bucket(source.bucket).read(object, range);
    const staged = await bucket.stage(bytes, algorithm === undefined ? [] : [algorithm]);
    try {
      const value = algorithm === undefined ? undefined : staged.checksums.get(algorithm);
      const part = bucket.uploads.addPart(uploadId, key, staged, {
        partNumber,
        ...(algorithm === undefined || value === undefined
          ? {}
          : { checksum: { algorithm, type: 'FULL_OBJECT' as const, value } }),
      });
      return xmlResponse(
        [
          'CopyPartResult',
          [
            ['LastModified', new Date(part.modifiedMs).toISOString()],
            ['ETag', `"${part.etag}"`],
            part.checksum === undefined
              ? undefined
              : [checksumElement(part.checksum.algorithm), part.checksum.value],
          ],
        ],
        { ...encryptionHeaders(upload.attributes), ...sourceHeaders },
      );
    } finally {
      bucket.discard(staged);
    }
  },
};

/**
 * The bytes to copy, both ends inclusive; undefined for the whole object. Unlike the range of a read, it must be whole
 * and within the object: https://github.com/versity/versitygw/issues/610. The errors are those that localstack recorded
 * against AWS: tests/aws/services/s3/test_s3.snapshot.json, test_upload_part_copy_range.
 */
function readCopyRange(
  header: string | undefined,
  { size }: StoredObject,
): { readonly start: number; readonly end: number } | undefined {
  if (header === undefined) {
    if (size > SINGLE_PUT_BYTES)
      throw s3Errors.invalidRequest(
        `The specified copy source is larger than the maximum allowable size for a copy source: ${SINGLE_PUT_BYTES}`,
      );
    return undefined;
  }
  const [, first, last] = /^bytes=(\d{1,16})-(\d{1,16})$/.exec(header) ?? [];
  const [start, end] = [Number(first), Number(last)];
  if (first === undefined || last === undefined || start > end)
    throw s3Errors.invalidArgument(
      RANGE,
      header,
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    );
  if (start >= size)
    throw s3Errors.invalidRequest('The specified copy range is invalid for the source object size');
  if (end >= size)
    throw s3Errors.invalidArgument(
      RANGE,
      header,
      `Range specified is not valid for source object of size: ${size}`,
    );
  if (end - start >= SINGLE_PUT_BYTES) throw s3Errors.entityTooLarge(SINGLE_PUT_BYTES);
  return { start, end };
}
