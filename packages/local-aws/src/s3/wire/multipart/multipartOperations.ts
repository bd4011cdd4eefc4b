import type { ChecksumAlgorithm, ChecksumType } from '../../checksums.ts';
import { s3Errors } from '../../errors.ts';
import { PART_COUNT } from '../../limits.ts';
import { checkAcl } from '../attributes/checkAcl.ts';
import { checksumHeaders, readAlgorithm } from '../attributes/checksumHeaders.ts';
import { attributeHeaders, readAttributes } from '../attributes/objectAttributes.ts';
import { encryptionHeaders, requireKeyAccess, withEncryption } from '../attributes/objectEncryption.ts';
import { receiveBody } from '../receiveBody.ts';
import type { S3Call, S3Operation } from '../S3Operation.ts';
import { xmlResponse } from '../xmlBodies.ts';

/** Starts an upload in parts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createMultipartUpload: S3Operation = {
  name: 'CreateMultipartUpload',
  on: 'object',
  method: 'POST',
  selectedBy: ['uploads'],
  headers: [...attributeHeaders, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
  run(call) {
    const { store, bucket, key, headers } = call;
    const requested = readAttributes(headers, 'CreateMultipartUpload');
    const attributes = withEncryption(call, store.bucket(bucket), requested);
    checkAcl(call);
    const checksum = readChecksumChoice(headers);
    const { uploads } = store.bucket(bucket);
    const replaces = store.bucket(bucket).find(key)?.sequencer;
    const upload = uploads.begin({
      key,
      attributes,
      replaces,
      ...(checksum === undefined ? {} : { checksum }),
    });
    return xmlResponse(
      [
        'InitiateMultipartUploadResult',
        [
          ['Bucket', bucket],
          ['Key', key],
          ['UploadId', upload.uploadId],
        ],
      ],
      {
        ...encryptionHeaders(attributes),
        ...(checksum === undefined
          ? {}
          : { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type }),
      },
    );
  },
};

/** The checksum types of each algorithm. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html#full-object-checksums */
const TYPES: Readonly<Record<ChecksumAlgorithm, readonly [ChecksumType, ...ChecksumType[]]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA256: ['COMPOSITE'],
};

/** The checksum that an upload asks for; undefined without one. @throws AwsError `InvalidRequest` */
function readChecksumChoice(
  headers: S3Call['headers'],
): { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | undefined {
  const algorithm = readAlgorithm(headers['x-amz-checksum-algorithm']);
  const asked = headers['x-amz-checksum-type'];
  if (algorithm === undefined) {
    if (asked === undefined) return undefined;
    throw s3Errors.invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  const type = asked === undefined ? TYPES[algorithm][0] : TYPES[algorithm].find((known) => known === asked);
  if (type === undefined) {
    throw s3Errors.invalidRequest(
      `The ${asked} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type };
}

/** Stores one part. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const uploadPart: S3Operation = {
  name: 'UploadPart',
  on: 'object',
  method: 'PUT',
  selectedBy: ['partNumber', 'uploadId'],
  async run(call) {
    const { store, key, query } = call;
    const bucket = store.bucket(call.bucket);
    const uploadId = query.get('uploadId') ?? '';
    const partNumber = readPartNumber(query);
    const upload = bucket.uploads.get(uploadId, key);
    requireKeyAccess(call, bucket, upload.attributes.encryption, 'kms:GenerateDataKey');
    const received = receiveBody(call);
    const expected = upload.checksum?.algorithm;
    if (received.algorithm !== undefined && expected !== undefined && received.algorithm !== expected) {
      throw s3Errors.invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${received.algorithm.toLowerCase()}`,
      );
    }
    const staged = await bucket.stage(received.bytes, received.algorithm ?? expected);
    try {
      received.verify(staged);
      const part = bucket.uploads.addPart(uploadId, key, staged, partNumber);
      // For a part, S3 sends only the value and never a type.
      const { 'x-amz-checksum-type': _, ...sums } = checksumHeaders(part);
      return {
        status: 200,
        headers: { etag: `"${part.etag}"`, ...encryptionHeaders(upload.attributes), ...sums },
      };
    } finally {
      bucket.discard(staged);
    }
  },
};

/** The number of the part that a request names. @throws AwsError `InvalidArgument`. */
function readPartNumber(query: S3Call['query']): number {
  const text = query.get('partNumber') ?? '';
  const partNumber = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > PART_COUNT) {
    throw s3Errors.invalidArgument(
      'partNumber',
      text,
      `Part number must be an integer between 1 and ${PART_COUNT}, inclusive`,
    );
  }
  return partNumber;
}

/** Removes an upload and its parts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortMultipartUpload: S3Operation = {
  name: 'AbortMultipartUpload',
  on: 'object',
  method: 'DELETE',
  selectedBy: ['uploadId'],
  run({ store, bucket, key, query }) {
    store.bucket(bucket).uploads.end(query.get('uploadId') ?? '', key);
    return { status: 204 };
  },
};
