import { AwsError } from '../protocol/AwsError.ts';

/**
 * SQS's limits for standard queues.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const SQS_LIMITS = {
  /** Entries of a batch call, and messages of one receive. */
  batch: 10,
  /** Bytes of a message, and of all messages of a batch. */
  messageBytes: 1_048_576,
  /** Smallest allowed MaximumMessageSize of a queue, in bytes. */
  leastMessageBytes: 1_024,
  /** The longest visibility timeout, seconds. */
  visibilityTimeout: 43_200,
  /** The longest delay, seconds. */
  delay: 900,
  /** Seconds of long polling. */
  wait: 20,
  /** Seconds for which a message is kept. */
  leastRetention: 60,
  mostRetention: 1_209_600,
  /** Messages received and not yet deleted. */
  inFlight: 120_000,
  /** Receives before a message goes to the dead-letter queue. */
  mostReceives: 1_000,
  /** Seconds for which a data key is used again. */
  leastKeyReuse: 60,
  mostKeyReuse: 86_400,
  /** Seconds between two purges of a queue. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html */
  purgeInterval: 60,
} as const;

/** Settings of a queue that doesn't set them, seconds. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
export const SQS_DEFAULTS = { visibilityTimeout: 30, retention: 345_600 } as const;

/** The beginning of some of the older names. */
const OLDER = 'AWS.SimpleQueueService.';

/**
 * SQS has two names for an error: the name in its JSON protocol, which is in the body, and the older one,
 * which is in `x-amzn-query-error` and which most other SDKs still show.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
const QUERY_NAMES: ReadonlyMap<string, string> = new Map([
  ['QueueDoesNotExist', `${OLDER}NonExistentQueue`],
  ['InvalidParameterValueException', 'InvalidParameterValue'],
  ['MissingRequiredParameterException', 'MissingParameter'],
  ['AccessDeniedException', 'AccessDenied'],
]);

/** Errors of batches and of a purge, which have the older prefix before their name. */
const WITH_PREFIX =
  /^(?:EmptyBatchRequest|TooManyEntriesInBatchRequest|BatchEntryIdsNotDistinct|InvalidBatchEntryId|BatchRequestTooLong|PurgeQueueInProgress)$/;

/** The header with an error's older name. */
export function queryErrorHeaders(error: AwsError): Readonly<Record<string, string>> {
  const fault = error.status < 500 ? 'Sender' : 'Receiver';
  return { 'x-amzn-query-error': `${queryName(error)};${fault}` };
}

/** An error's older name. Failed entries of a batch have it: SDKs do not translate the names in entries. */
export function queryName({ code }: AwsError): string {
  return QUERY_NAMES.get(code) ?? (WITH_PREFIX.test(code) ? `${OLDER}${code}` : code);
}

/** No queue has the URL or name. */
export const queueDoesNotExist = (): AwsError =>
  new AwsError('QueueDoesNotExist', 400, 'The specified queue does not exist.');

/** A parameter that SQS doesn't accept. */
export const invalidParameter = (message: string): AwsError =>
  new AwsError('InvalidParameterValueException', 400, message);

/** A parameter that is out of bounds, with SQS's reason. */
export const outOfRange = (value: number | string, name: string, reason: string): AwsError =>
  invalidParameter(`Value ${value} for parameter ${name} is invalid. Reason: ${reason}.`);

/** A parameter that is empty. */
export const missingParameter = (name: string): AwsError =>
  new AwsError('MissingRequiredParameterException', 400, `The request must contain the parameter ${name}.`);

/** A message that is longer than its queue allows, with its attributes. */
export const messageTooLong = (limit: number): AwsError =>
  invalidParameter(
    `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
  );

/** A queue can't have both kinds of encryption. */
export const twoEncryptions = (): AwsError =>
  new AwsError(
    'InvalidAttributeName',
    400,
    'You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.',
  );

/** An unknown attribute. */
export const invalidAttributeName = (name: string): AwsError =>
  new AwsError('InvalidAttributeName', 400, `Unknown Attribute ${name}.`);

/** A receipt that doesn't belong to the queue. */
export const receiptHandleIsInvalid = (receipt: string): AwsError =>
  new AwsError(
    'ReceiptHandleIsInvalid',
    400,
    `The input receipt handle "${receipt}" is not a valid receipt handle.`,
  );

/** A message that is already visible or deleted. */
export const notInFlight = (receipt: string): AwsError =>
  outOfRange(
    receipt,
    'ReceiptHandle',
    'Message does not exist or is not available for visibility timeout change',
  );

/** A visibility timeout that would end more than 12 hours after the message was received. */
export const beyondReceive = (seconds: number, longest: number): AwsError =>
  invalidParameter(
    `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [${longest} seconds].`,
  );

/** A body with characters that XML doesn't allow, which SQS refuses. */
export const invalidMessageContents = (): AwsError =>
  new AwsError('InvalidMessageContents', 400, 'The message contains characters outside the allowed set.');

/** More messages are in flight than a queue allows. */
export const overLimit = (): AwsError => new AwsError('OverLimit', 403, 'Too many messages in flight.');

/** A second purge too soon after the first. */
export const purgeInProgress = (name: string, seconds: number): AwsError =>
  new AwsError(
    'PurgeQueueInProgress',
    403,
    `Only one PurgeQueue operation on ${name} is allowed every ${seconds} seconds.`,
  );

/** A batch without entries. */
export const emptyBatch = (): AwsError =>
  new AwsError('EmptyBatchRequest', 400, 'There should be at least one entry in the request.');

/** A batch with more than ten entries. */
export const tooManyEntries = (limit: number, count: number): AwsError =>
  new AwsError(
    'TooManyEntriesInBatchRequest',
    400,
    `Maximum number of entries per request are ${limit}. You have sent ${count}.`,
  );

/** A batch in which two entries have the same ID. */
export const idsNotDistinct = (id: string): AwsError =>
  new AwsError('BatchEntryIdsNotDistinct', 400, `Id ${id} repeated.`);

/** An invalid ID of an entry. */
export const invalidBatchId = (): AwsError =>
  new AwsError(
    'InvalidBatchEntryId',
    400,
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  );

/** A batch whose messages are too large together. */
export const batchTooLong = (limit: number, bytes: number): AwsError =>
  new AwsError(
    'BatchRequestTooLong',
    400,
    `Batch requests cannot be longer than ${limit} bytes. You have sent ${bytes} bytes.`,
  );
