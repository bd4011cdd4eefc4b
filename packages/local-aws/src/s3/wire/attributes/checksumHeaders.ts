import { type ChecksumAlgorithm, checksumAlgorithms } from '../../checksums.ts';
import { s3Errors } from '../../errors.ts';
import type { StoredObject } from '../../model/StoredObject.ts';

/** The header of an algorithm, e.g. `x-amz-checksum-crc64nvme`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The headers with an object's checksum; empty when it has none. */
export function checksumHeaders(object: Pick<StoredObject, 'checksum'>): Record<string, string> {
  return object.checksum === undefined
    ? {}
    : {
        [checksumHeader(object.checksum.algorithm)]: object.checksum.value,
        'x-amz-checksum-type': object.checksum.type,
      };
}

/**
 * The algorithm that `x-amz-checksum-algorithm` names.
 *
 * @throws AwsError `InvalidRequest` for an algorithm that S3 doesn't support.
 */
export function readAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  const algorithm = checksumAlgorithms.find((known) => known === name?.toUpperCase());
  if (name !== undefined && algorithm === undefined) {
    throw s3Errors.invalidRequest('Checksum algorithm provided is unsupported.');
  }
  return algorithm;
}
