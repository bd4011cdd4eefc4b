import { AwsError } from '../protocol/AwsError.ts';

/** Errors of Firehose under AWS's names: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */

/** Input that can't be. */
export const invalidArgument = (message: string) => new AwsError('InvalidArgumentException', 400, message);

/** A stream that isn't there. */
export const streamNotFound = (name: string, account: string) =>
  new AwsError('ResourceNotFoundException', 400, `Firehose ${name} under account ${account} not found.`);

/** A stream that is there already. */
export const streamInUse = (name: string, account: string) =>
  new AwsError('ResourceInUseException', 400, `Firehose ${name} under account ${account} already exists.`);

/** Throttled or unwell; the SDKs try again. The text is the one that real calls were seen to answer. */
export const serviceUnavailable = () => new AwsError('ServiceUnavailableException', 500, 'Slow down.');
