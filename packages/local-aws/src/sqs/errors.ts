import { AwsError } from '../protocol/AwsError.ts';

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

/**
 * SQS has two names for an error: the one of its JSON protocol, which goes in the body, and the older one,
 * which goes in `x-amzn-query-error` and which most other SDKs still show.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
const QUERY_NAMES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  InvalidParameterValueException: 'InvalidParameterValue',
};

/** The header that carries an error's older name. */
export function queryErrorHeaders(error: AwsError): Readonly<Record<string, string>> {
  const fault = error.status < 500 ? 'Sender' : 'Receiver';
  return { 'x-amzn-query-error': `${QUERY_NAMES[error.code] ?? error.code};${fault}` };
}

/** No queue has that URL or name. */
export const queueDoesNotExist = () =>
  new AwsError('QueueDoesNotExist', 400, 'The specified queue does not exist.');

/** A queue of that name is there, and is another. */
export const queueNameExists = () =>
  new AwsError(
    'QueueNameExists',
    400,
    'A queue already exists with the same name and a different value for its attributes.',
  );

/** A parameter that SQS can not take. */
export const invalidParameter = (message: string) =>
  new AwsError('InvalidParameterValueException', 400, message);

/** A parameter out of its bounds, with the reason in the words of SQS. */
export const outOfRange = (value: number | string, name: string, reason: string) =>
  invalidParameter(`Value ${value} for parameter ${name} is invalid. Reason: ${reason}.`);

/** An attribute that SQS does not know. */
export const invalidAttributeName = (name: string) =>
  new AwsError('InvalidAttributeName', 400, `Unknown Attribute ${name}.`);

/** An attribute whose value SQS can not take. */
export const invalidAttributeValue = (name: string) =>
  new AwsError('InvalidAttributeValue', 400, `Invalid value for the parameter ${name}.`);

/** A receipt that no message of the queue was received with. */
export const receiptHandleIsInvalid = (receipt: string) =>
  new AwsError(
    'ReceiptHandleIsInvalid',
    400,
    `The input receipt handle "${receipt}" is not a valid receipt handle.`,
  );

/** A message that is visible already, or gone. */
export const notInFlight = (receipt: string) =>
  outOfRange(
    receipt,
    'ReceiptHandle',
    'Message does not exist or is not available for visibility timeout change',
  );

/** A body with characters that XML has not: SQS takes none of them. */
export const invalidMessageContents = () =>
  new AwsError('InvalidMessageContents', 400, 'The message contains characters outside the allowed set.');

/** More messages were received and neither deleted nor given back than a queue allows. */
export const overLimit = () => new AwsError('OverLimit', 403, 'Too many messages in flight.');

/** A second purge too soon after the first. */
export const purgeInProgress = (name: string, seconds: number) =>
  new AwsError(
    'PurgeQueueInProgress',
    403,
    `Only one PurgeQueue operation on ${name} is allowed every ${seconds} seconds.`,
  );

/** A batch without entries. */
export const emptyBatch = () =>
  new AwsError('EmptyBatchRequest', 400, 'There should be at least one entry in the request.');

/** A batch with more entries than ten. */
export const tooManyEntries = (limit: number, count: number) =>
  new AwsError(
    'TooManyEntriesInBatchRequest',
    400,
    `Maximum number of entries per request are ${limit}. You have sent ${count}.`,
  );

/** A batch in which two entries have one ID. */
export const idsNotDistinct = (id: string) =>
  new AwsError('BatchEntryIdsNotDistinct', 400, `Id ${id} repeated.`);

/** An ID of an entry that is none. */
export const invalidBatchId = () =>
  new AwsError(
    'InvalidBatchEntryId',
    400,
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  );

/** A batch whose messages are too long together. */
export const batchTooLong = (limit: number, bytes: number) =>
  new AwsError(
    'BatchRequestTooLong',
    400,
    `Batch requests cannot be longer than ${limit} bytes. You have sent ${bytes} bytes.`,
  );
