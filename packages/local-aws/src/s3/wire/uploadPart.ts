import { s3Errors } from '../errors.ts';
import { PART_COUNT } from '../limits.ts';
import type { StoredChecksum } from '../model/StoredObject.ts';
import { checksumHeaders, encryptionHeaders } from './objectAttributes.ts';
import { demandKey } from './objectEncryption.ts';
import { receiveBody } from './receiveBody.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';

/** Takes in one part. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
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
    demandKey(call, bucket, upload.attributes.encryption, 'kms:GenerateDataKey');
    const received = receiveBody(call);
    const expected = upload.checksum?.algorithm;
    if (received.algorithm !== undefined && expected !== undefined && received.algorithm !== expected) {
      throw s3Errors.invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${received.algorithm.toLowerCase()}`,
      );
    }
    const algorithm = received.algorithm ?? expected;
    const staged = await bucket.stage(received.bytes, algorithm === undefined ? [] : [algorithm]);
    try {
      received.verify(staged);
      const value = algorithm === undefined ? undefined : staged.checksums.get(algorithm);
      const checksum: StoredChecksum | undefined =
        algorithm === undefined || value === undefined
          ? undefined
          : { algorithm, type: 'FULL_OBJECT', value };
      const part = bucket.uploads.addPart(uploadId, key, staged, {
        partNumber,
        ...(checksum === undefined ? {} : { checksum }),
      });
      // Of a part S3 sends the value only, never a type.
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

function readPartNumber(query: S3Call['query']): number {
  const given = query.get('partNumber') ?? '';
  const partNumber = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (partNumber < 1 || partNumber > PART_COUNT) {
    throw s3Errors.invalidArgument(
      'partNumber',
      given,
      `Part number must be an integer between 1 and ${PART_COUNT}, inclusive`,
    );
  }
  return partNumber;
}
