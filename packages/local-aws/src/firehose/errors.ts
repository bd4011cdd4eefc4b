import { AwsError } from '../protocol/AwsError.ts';

/** Limits of Amazon Data Firehose. https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
export const limits = {
  /** Bytes of one record, before base64: 1,000 KiB. https://docs.aws.amazon.com/firehose/latest/APIReference/API_Record.html */
  bytesPerRecord: 1000 * 1024,
  /** Seconds; https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html */
  bufferSeconds: { least: 0, most: 900, default: 300 },
  /** MiB. */
  bufferMebibytes: { least: 1, most: 128, default: 5 },
  /** Records that were put directly are kept for so long, hours. https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html */
  retentionHours: 24,
} as const;

/** Errors of Firehose under AWS's names: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html */

/** Invalid input. */
export const invalidArgument = (message: string) => new AwsError('InvalidArgumentException', 400, message);

/** A stream that doesn't exist. */
export const streamNotFound = (name: string, account: string) =>
  new AwsError('ResourceNotFoundException', 400, `Firehose ${name} under account ${account} not found.`);

/** A stream that already exists. */
export const streamInUse = (name: string, account: string) =>
  new AwsError('ResourceInUseException', 400, `Firehose ${name} under account ${account} already exists.`);

/** The service is throttled or unavailable; the SDKs retry. The text is the one observed in answers of AWS. */
export const serviceUnavailable = (disk?: string) =>
  disk === undefined
    ? new AwsError('ServiceUnavailableException', 500, 'Slow down.')
    : new AwsError('ServiceUnavailableException', 503, disk);
