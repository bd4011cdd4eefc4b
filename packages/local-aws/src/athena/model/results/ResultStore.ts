import type { LocalClock } from '../../../base/clock.ts';
import type { Faults } from '../../../faults/Faults.ts';
import { applyFaultEffect, ConnectionReset } from '../../../faults/faultEffect.ts';
import { AwsError } from '../../../protocol/AwsError.ts';
import { encryptionHeaderNames } from '../../../s3/model/defaultEncryption.ts';
import type { ObjectStore } from '../../../s3/model/ObjectStore.ts';
import type { ObjectAttributes } from '../../../s3/model/StoredObject.ts';
import { StatementError } from '../../engine/StatementError.ts';
import type { QueryCall } from '../../engine/StatementRunner.ts';
import type { ResultConfiguration } from '../workGroupConfiguration.ts';
import { parseResultLocation } from './resultLocation.ts';

/** "Failed to write query results to Amazon S3". https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
const WRITE_FAILED = 401;

/**
 * Writes results to S3. Faults that are set for S3's PutObject apply here as well, as they would to Athena's own
 * calls.
 */
export class ResultStore {
  readonly #options: {
    readonly store: ObjectStore;
    readonly faults: Faults;
    readonly clock: Pick<LocalClock, 'after'>;
  };

  constructor(options: {
    readonly store: ObjectStore;
    readonly faults: Faults;
    readonly clock: Pick<LocalClock, 'after'>;
  }) {
    this.#options = options;
  }

  /**
   * Writes an object, streaming its body.
   *
   * @param encryption What the result configuration says. Default: the bucket's own.
   * @param onCall Receives the attempt before it is made. It throws an AwsError to refuse it.
   * @returns Its size in bytes.
   * @throws StatementError in Athena's wording. Errors of `body` are passed on.
   */
  async write(
    location: string,
    body: AsyncIterable<Uint8Array> | Uint8Array,
    encryption: ResultConfiguration['EncryptionConfiguration'],
    onCall: (call: QueryCall) => void,
  ): Promise<number> {
    const { bucket, key } = parseResultLocation(location);
    const { store, faults } = this.#options;
    const headers = encryption === undefined ? {} : { encryption: encryptionHeaders(encryption) };
    try {
      onCall({ service: 's3', operation: 'PutObject', bucket, key, ...headers });
      const resource = `${bucket}/${key}`;
      const { before, after } = faults.takeCall({ service: 's3', operation: 'PutObject', resource });
      await applyFaultEffect(before, this.#options);
      const { size } = await store.put(bucket, key, body, {
        contentType: 'application/octet-stream',
        ...headers,
      });
      await applyFaultEffect(after, this.#options);
      return size;
    } catch (error) {
      if (error instanceof ConnectionReset) throw writeError(location, CUT_OFF);
      throw error instanceof AwsError ? writeError(location, error) : error;
    }
  }
}

/**
 * How S3 encrypts a result: https://docs.aws.amazon.com/athena/latest/APIReference/API_EncryptionConfiguration.html
 */
function encryptionHeaders({
  EncryptionOption: option,
  KmsKey: key,
}: NonNullable<ResultConfiguration['EncryptionConfiguration']>): ObjectAttributes['encryption'] {
  const { algorithm, key: keyName } = encryptionHeaderNames;
  if (option === 'SSE_S3') return { [algorithm]: 'AES256' };
  return { [algorithm]: 'aws:kms', ...(key === undefined ? {} : { [keyName]: key }) };
}

/** S3's error for a connection that ends before the object is written. */
const CUT_OFF = new AwsError('RequestTimeout', 400, 'The connection was reset.');

/** Why Athena could not write a result, in its words. */
function writeError(location: string, cause: AwsError): StatementError {
  const denied = cause.code === 'AccessDenied';
  const message = denied
    ? `Access denied when writing output to url: ${location} . Please ensure you are allowed to access the S3 bucket. If you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key`
    : `Failed to write query results to ${location}: ${cause.message} (Service: Amazon S3; Status Code: ${cause.status}; Error Code: ${cause.code})`;
  return new StatementError(message, {
    category: denied ? 2 : 1,
    type: WRITE_FAILED,
    retryable: cause.status >= 500,
    cause,
  });
}
