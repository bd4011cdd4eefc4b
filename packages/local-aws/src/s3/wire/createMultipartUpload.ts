import type { ChecksumAlgorithm, ChecksumType } from '../checksums/Checksum.ts';
import { s3Errors } from '../errors.ts';
import { attributeHeaders, encryptionHeaders, readAttributes } from './objectAttributes.ts';
import { encrypted } from './objectEncryption.ts';
import { withOwner } from './objectOwnership.ts';
import { readAlgorithm } from './readAlgorithm.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { xmlResponse } from './xml.ts';

/** Begins an upload in parts. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createMultipartUpload: S3Operation = {
  name: 'CreateMultipartUpload',
  on: 'object',
  method: 'POST',
  selectedBy: ['uploads'],
  headers: [...attributeHeaders, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
  run(call) {
    const { store, bucket, key, headers } = call;
    const given = readAttributes(headers, 'CreateMultipartUpload');
    const attributes = withOwner(call, store.bucket(bucket), encrypted(call, store.bucket(bucket), given));
    const checksum = readChecksumChoice(headers);
    const upload = store
      .bucket(bucket)
      .uploads.begin({ key, attributes, ...(checksum === undefined ? {} : { checksum }) });
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

/** What each algorithm can be of. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html#full-object-checksums */
const TYPES: Readonly<Record<ChecksumAlgorithm, readonly [ChecksumType, ...ChecksumType[]]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
};

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
