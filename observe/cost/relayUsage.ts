import { relayMetricLines } from '../../lib/relay/relayMetrics.ts';
import { LOG_LINE_OVERHEAD_BYTES } from '../prices.ts';

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
/**
 * Long polls of one queue a month, each of 20 seconds, by five pollers: Lambda has no fewer where `maximumConcurrency` is set.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const EMPTY_RECEIVES = (5 * 2_592_000) / 20;
/** Queues of relay that Lambda polls. */
export const QUEUES = 1;
/** Requests to SQS for a copy in the bucket: a message that names it is sent, received and deleted. */
export const REQUESTS_OF_NAME = 3;
/** Milliseconds for which the target is waited for: an assumption, as nobody has measured Statsig's from AWS. */
const TARGET_MS = 100;
/** Milliseconds of an execution besides: reading the copies, signing and sending, at 512 MB. */
const OWN_MS = 20;
/** Copies of a batch, at most: serverless.yml. */
const MOST_OF_BATCH = 10;
const SECONDS_A_MONTH = 2_592_000;

/** The copies of a sample. */
export interface RelaySample {
  readonly copies: number;
  readonly bucketCopies: number;
  /** Requests to SQS that send or receive a copy, one way. */
  readonly sends: number;
  /** Bytes of the bodies and headers. */
  readonly sentBytes: number;
}

/** A month of copies, with what its function uses. */
export interface RelayMonth {
  readonly usage: RelayUsage;
  readonly invocations: number;
  /** Seconds of executions. */
  readonly seconds: number;
  readonly logBytes: number;
}

/**
 * A month of copies like those of a sample.
 *
 * @param factor How many times the sample the month has.
 * @param concurrency Executions at once: `relay.concurrency`.
 */
export function relayMonth(sample: RelaySample, factor: number, concurrency: number): RelayMonth {
  const copies = sample.copies * factor;
  const seconds = (TARGET_MS + OWN_MS) / 1_000;
  // Copies that arrive while all executions are busy form the next batch.
  const perBatch = Math.min(MOST_OF_BATCH, Math.max(1, ((copies / SECONDS_A_MONTH) * seconds) / concurrency));
  const batches = copies / perBatch;
  const bucketCopies = sample.bucketCopies * factor;
  return {
    usage: {
      copies,
      // A receive is billed by what it brings, and one request deletes a batch.
      queueRequests:
        sample.sends * factor +
        Math.max(batches, sample.sends * factor - copies + batches) +
        batches +
        bucketCopies * REQUESTS_OF_NAME,
      bucketCopies,
      sentBytes: sample.sentBytes * factor,
    },
    invocations: batches,
    seconds: batches * seconds,
    logBytes: batches * LINES_BYTES,
  };
}

/** Bytes of an execution's log: its metrics, and its line of some 100 bytes. Lambda's own lines are off: serverless.yml. */
const LINES_BYTES =
  relayMetricLines({ relayed: 1, retried: 0, refused: {}, oldestSeconds: 0 }, 'prod', 1_795_500_000_000)
    .map((line) => JSON.stringify(line).length + LOG_LINE_OVERHEAD_BYTES)
    .reduce((sum, bytes) => sum + bytes, 0) +
  100 +
  LOG_LINE_OVERHEAD_BYTES;

/** Polls of queues that are empty, a month. */
export const RELAY_POLLS = QUEUES * EMPTY_RECEIVES;

/**
 * Calls of KMS for the queue that is encrypted, a month: of each reuse of a data key, an hour, two for the sender and one for
 * the receiver. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 */
export const RELAY_KEY_CALLS = (SECONDS_A_MONTH / 3_600) * 3;

/** Custom metrics of the function while it relays: lib/relay/relayMetrics.ts. */
export const RELAY_METRICS = 4;
