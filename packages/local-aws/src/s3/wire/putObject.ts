import type { StoredChecksum } from '../model/StoredObject.ts';
import { writeCondition } from './conditions.ts';
import { attributeHeaders, checksumHeaders, encryptionHeaders, readAttributes } from './objectAttributes.ts';
import { encrypted } from './objectEncryption.ts';
import { withOwner } from './objectOwnership.ts';
import { receiveBody } from './receiveBody.ts';
import type { S3Operation } from './S3Operation.ts';

/** What S3 computes itself for an object that comes without a checksum. */
const DEFAULT_ALGORITHM = 'CRC64NVME';

/** Stages the body, holds it to everything the client said of it, then commits it under its condition. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: S3Operation = {
  name: 'PutObject',
  on: 'object',
  method: 'PUT',
  headers: attributeHeaders,
  async run(call) {
    const bucket = call.store.bucket(call.bucket);
    const given = encrypted(call, bucket, readAttributes(call.headers, 'PutObject'));
    const attributes = withOwner(call, bucket, given);
    const condition = writeCondition(call.headers, 'PutObject');
    const before = bucket.find(call.key);
    const received = receiveBody(call);
    const algorithm = received.algorithm ?? DEFAULT_ALGORITHM;
    const staged = await bucket.stage(received.bytes, [algorithm]);
    try {
      received.verify(staged);
    } catch (error) {
      bucket.discard(staged);
      throw error;
    }
    const checksum: StoredChecksum = {
      algorithm,
      type: 'FULL_OBJECT',
      value: staged.checksums.get(algorithm) ?? '',
    };
    const object = call.store.bucket(call.bucket).commit({
      key: call.key,
      staged,
      attributes,
      checksum,
      condition,
      before,
      reason: 'PutObject',
    });
    return {
      status: 200,
      headers: { etag: `"${object.etag}"`, ...encryptionHeaders(attributes), ...checksumHeaders(object) },
    };
  },
};
