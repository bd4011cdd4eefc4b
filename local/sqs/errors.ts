import { AwsError } from '../edge/AwsError.ts';

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

export const queueDoesNotExist = () =>
  new AwsError('QueueDoesNotExist', 400, 'The specified queue does not exist.');

export const queueNameExists = () =>
  new AwsError(
    'QueueNameExists',
    400,
    'A queue already exists with the same name and a different value for its attributes.',
  );

export const invalidParameter = (message: string) =>
  new AwsError('InvalidParameterValueException', 400, message);

export const outOfRange = (value: number | string, name: string, reason: string) =>
  invalidParameter(`Value ${value} for parameter ${name} is invalid. Reason: ${reason}.`);

export const invalidAttributeName = (name: string) =>
  new AwsError('InvalidAttributeName', 400, `Unknown Attribute ${name}.`);

export const invalidAttributeValue = (name: string) =>
  new AwsError('InvalidAttributeValue', 400, `Invalid value for the parameter ${name}.`);

export const receiptHandleIsInvalid = (receipt: string) =>
  new AwsError(
    'ReceiptHandleIsInvalid',
    400,
    `The input receipt handle "${receipt}" is not a valid receipt handle.`,
  );

export const notInFlight = (receipt: string) =>
  outOfRange(
    receipt,
    'ReceiptHandle',
    'Message does not exist or is not available for visibility timeout change',
  );

export const invalidMessageContents = () =>
  new AwsError('InvalidMessageContents', 400, 'The message contains characters outside the allowed set.');

export const overLimit = () => new AwsError('OverLimit', 403, 'Too many messages in flight.');

export const purgeInProgress = (name: string, seconds: number) =>
  new AwsError(
    'PurgeQueueInProgress',
    403,
    `Only one PurgeQueue operation on ${name} is allowed every ${seconds} seconds.`,
  );

export const emptyBatch = () =>
  new AwsError('EmptyBatchRequest', 400, 'There should be at least one entry in the request.');

export const tooManyEntries = (limit: number, count: number) =>
  new AwsError(
    'TooManyEntriesInBatchRequest',
    400,
    `Maximum number of entries per request are ${limit}. You have sent ${count}.`,
  );

export const idsNotDistinct = (id: string) =>
  new AwsError('BatchEntryIdsNotDistinct', 400, `Id ${id} repeated.`);

export const invalidBatchId = () =>
  new AwsError(
    'InvalidBatchEntryId',
    400,
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  );

export const batchTooLong = (limit: number, bytes: number) =>
  new AwsError(
    'BatchRequestTooLong',
    400,
    `Batch requests cannot be longer than ${limit} bytes. You have sent ${bytes} bytes.`,
  );
