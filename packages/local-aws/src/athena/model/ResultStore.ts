import type { LocalClock } from '../../base/LocalClock.ts';
import type { Blow, Faults } from '../../faults/Faults.ts';
import { AwsError } from '../../protocol/AwsError.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import type { QueryCall } from '../engine/QueryCall.ts';
import { StatementError } from '../engine/StatementError.ts';
import { readLocation } from './resultLocation.ts';

/** "Failed to write query results to Amazon S3". https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
const WRITE_FAILED = 401;

/**
 * The S3 that results are written to. Faults set for S3's PutObject strike here as they would Athena's own calls: that
 * is how a location is denied, as permissions are inert.
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
   * Writes an object, of pieces as they come.
   *
   * @param onCall Told of the attempt, whatever comes of it.
   * @returns Its size in bytes.
   * @throws StatementError in Athena's words; what `body` throws as it is.
   */
  async write(
    location: string,
    body: AsyncIterable<Uint8Array> | Uint8Array,
    onCall: (call: QueryCall) => void,
  ): Promise<number> {
    const { bucket, key } = readLocation(location);
    const { store, faults } = this.#options;
    onCall({ service: 's3', operation: 'PutObject', bucket, key });
    try {
      const resource = `${bucket}/${key}`;
      const { before, after } = faults.takeCall({ service: 's3', operation: 'PutObject', resource });
      await this.#suffer(before);
      const { size } = await store.put(bucket, key, body, { contentType: 'application/octet-stream' });
      await this.#suffer(after);
      return size;
    } catch (error) {
      throw error instanceof AwsError ? writeError(location, error) : error;
    }
  }

  async #suffer({ delayMs, cleared, end }: Blow): Promise<void> {
    if (delayMs > 0 && cleared?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const alarm = this.#options.clock.after(delayMs, resolve);
        cleared?.addEventListener('abort', () => {
          alarm.cancel();
          resolve();
        });
      });
    }
    if (end === 'reset') throw new AwsError('RequestTimeout', 400, 'The connection was reset.');
    if (end !== undefined) throw end;
  }
}

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
