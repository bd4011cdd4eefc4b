/**
 * SQS's limits, of standard queues.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const SQS_LIMITS = {
  /** Entries of a batch call, and messages of one receive. */
  batch: 10,
  /** Bytes of a message, and of all messages of a batch. */
  messageBytes: 1_048_576,
  /** Least that a queue's MaximumMessageSize may be, in bytes. */
  leastMessageBytes: 1_024,
  /** Seconds. */
  visibilityTimeout: 43_200,
  /** Seconds. */
  delay: 900,
  /** Seconds of long polling. */
  wait: 20,
  /** Seconds. */
  leastRetention: 60,
  mostRetention: 1_209_600,
  /** Messages received and not yet deleted. */
  inFlight: 120_000,
  /** Receives before a message goes to the dead-letter queue. */
  mostReceives: 1_000,
  /** Queues a page of ListQueues. */
  queuePage: 1_000,
  /** Seconds between two purges of a queue. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html */
  purgeInterval: 60,
} as const;

/** Seconds, where a queue doesn't say. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
export const SQS_DEFAULTS = { visibilityTimeout: 30, retention: 345_600, delay: 0, wait: 0 } as const;
