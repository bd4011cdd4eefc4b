/**
 * Bytes of a message: its body alone, as relay uses no attributes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** If a call had less time than this, in milliseconds, its failure says nothing of the service. */
export const FAIR_CALL_MS = 300;

/** Milliseconds within which a copy is kept, or the request goes on without it. */
export const KEEP_WITHIN_MS = 1_500;

/** Calls in a row that must fail before the queue counts as away; and the pauses between probes. */
export const KEEP_BREAKER = { calls: 2, pauses: { baseMs: 1_000, capMs: 20_000 } } as const;

/** Milliseconds within which the target answers. */
export const TARGET_CALL_MS = 10_000;

/** Bytes of an answer that are read. Statsig's have fewer than 32. */
export const MAX_ANSWER_BYTES = 65_536;

/** Copies that one environment sends at the same time. */
export const SENT_AT_ONCE = 10;

/**
 * Answers in a row that took no copy, after which an environment only probes the target; and the pauses between probes.
 */
export const TARGET_BREAKER = { calls: 5, pauses: { baseMs: 10_000, capMs: 120_000 } } as const;

/** Pauses before a copy is tried again: at least a minute, at most an hour. */
export const RETRY_PAUSES = { leastMs: 60_000, baseMs: 60_000, capMs: 3_540_000 } as const;

/**
 * The longest `Retry-After` that is obeyed, milliseconds. A message can be hidden until 12 hours after its receive, of
 * which its try takes a part:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
 */
export const MAX_RETRY_AFTER_MS = 43_000_000;

/**
 * The client time of a copy that waited for longer than this, in milliseconds, is moved by as much as the copy waited.
 */
export const TIME_MOVED_AFTER_MS = 60_000;

/**
 * Seconds for which the queues keep a message: ten days and a half. A copy is put aside when its message is received
 * after {@link TRIED_MS}. With a long backlog that can be days later, as SQS hands out at most 120,000 messages at a
 * time.
 */
export const QUEUE_SECONDS = 907_200;

/** Age in milliseconds after which a copy that was not taken is put aside: six days and a half. */
export const TRIED_MS = 561_600_000;

/** Age in seconds of a copy that triggers an alarm: six days. */
export const OLD_SECONDS = 518_400;

/**
 * Age in milliseconds after which a copy is not sent any more: eleven days. What was put aside as refused is deleted by the
 * bucket's lifecycle rules.
 */
export const MAX_AGE_MS = 950_400_000;

/**
 * Receives of a message before SQS gives it up. It is received about 500 times in ten days and a half, and SQS takes no
 * higher number.
 */
export const MAX_RECEIVES = 1_000;
