/** Limits of SQS, and how often a batch is sent. */

/** Longest delay of a message, seconds. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export const MAX_DELAY_SECONDS = 900;
/** Messages of one SendMessageBatch. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
export const MAX_BATCH_MESSAGES = 10;
/** Times that a batch is sent, each time with what was not taken. */
export const SEND_TRIES = 4;
/** Pauses between them. */
export const SEND_BACKOFF = { baseMs: 200, capMs: 2_000 } as const;
