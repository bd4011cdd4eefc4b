import { EMPTY_RECEIVES } from './landingUsage.ts';

/** Relay's usage in a month, besides the time and the logs of its functions. */
export interface RelayUsage {
  /** Requests whose copies are kept. */
  readonly copies: number;
  /** Requests to SQS, as it bills them: by started 64 KB. */
  readonly queueRequests: number;
  /** Copies that go through the bucket. */
  readonly bucketCopies: number;
  /** Bytes that are sent to the target. */
  readonly sentBytes: number;
}

/** SQS bills a request by started 64 KB: https://aws.amazon.com/sqs/pricing/ */
export const QUEUE_STEP_BYTES = 65_536;
/** Queues of relay that Lambda polls. */
export const QUEUES = 1;
/** Requests to SQS for a copy in the bucket: a message that names it is sent, received and deleted. */
export const REQUESTS_OF_NAME = 3;

/** Polls of queues that are empty, a month. */
export const RELAY_POLLS = QUEUES * EMPTY_RECEIVES;

/**
 * Calls of KMS for the queue that is encrypted, a month: of each reuse of a data key, an hour, two for the sender and one for
 * the receiver. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 */
export const RELAY_KEY_CALLS = (2_592_000 / 3_600) * 3;
