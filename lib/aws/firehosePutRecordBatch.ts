import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import type { PutOutcome, PutRecordBatch } from '../landing/delivery/putRecords.ts';

/**
 * Errors of a whole call that may pass on a retry. https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html
 * Expired credentials also pass, as the runtime gets new ones.
 */
const TRANSIENT_ERRORS = new Set([
  'ServiceUnavailableException',
  'InternalFailure',
  'ThrottlingException',
  'RequestExpired',
  'ExpiredTokenException',
  'TimeoutError',
  'AbortError',
]);

/** Puts records into a Firehose delivery stream, once. It returns failures instead of throwing. */
export function firehosePutRecordBatch(client: FirehoseClient, stream: string): PutRecordBatch {
  return async (records, timeoutMs) => {
    try {
      const { RequestResponses = [] } = await client.send(
        new PutRecordBatchCommand({
          DeliveryStreamName: stream,
          Records: records.map((data) => ({ Data: data })),
        }),
        { abortSignal: AbortSignal.timeout(timeoutMs) },
      );
      return {
        kind: 'answered',
        errorCodes: RequestResponses.map(({ ErrorCode, RecordId }) =>
          RecordId !== undefined && ErrorCode === undefined ? null : (ErrorCode ?? 'NoRecordId'),
        ),
      };
    } catch (error) {
      return failure(error);
    }
  };
}

function failure(error: unknown): PutOutcome {
  if (typeof error !== 'object' || error === null) {
    return { kind: 'failed', code: String(error), retryable: false };
  }
  const name = 'name' in error && typeof error.name === 'string' ? error.name : 'Error';
  const network = 'code' in error && typeof error.code === 'string' ? error.code : null;
  const code = name === 'Error' && network !== null ? network : name;
  const status = Number(Reflect.get(Object(Reflect.get(error, '$metadata')), 'httpStatusCode'));
  const retryable =
    TRANSIENT_ERRORS.has(name) ||
    (network !== null && /^E[A-Z_]+$/.test(network)) ||
    // 501 is permanent: the operation does not exist.
    (status >= 500 && status !== 501);
  return { kind: 'failed', code, retryable };
}

let firehose: FirehoseClient | undefined;

/**
 * The shared client of Firehose, created on first use. It does not retry: `lib/landing/delivery` retries, as it knows the
 * deadline and the remaining records. Two layers of retries would multiply.
 */
export function firehoseClient(): FirehoseClient {
  firehose ??= new FirehoseClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return firehose;
}
