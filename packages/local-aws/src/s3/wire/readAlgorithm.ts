import { type ChecksumAlgorithm, checksumAlgorithms } from '../checksums/Checksum.ts';
import { s3Errors } from '../errors.ts';

/**
 * The algorithm that `x-amz-checksum-algorithm` names.
 *
 * @throws AwsError `InvalidRequest` for one that S3 doesn't know.
 */
export function readAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  const algorithm = checksumAlgorithms.find((known) => known === name?.toUpperCase());
  if (name !== undefined && algorithm === undefined) {
    throw s3Errors.invalidRequest('Checksum algorithm provided is unsupported.');
  }
  return algorithm;
}
