import { AwsError } from '../protocol/AwsError.ts';

/** Limits of Amazon Data Firehose. https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
export const FIREHOSE_LIMITS = {
  /** Bytes of one record, before base64: 1,000 KiB. https://docs.aws.amazon.com/firehose/latest/APIReference/API_Record.html */
  bytesPerRecord: 1000 * 1024,
  /** Interval of a buffer, seconds. https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html */
  bufferSeconds: { least: 0, most: 900, default: 300 },
  /** Size of a buffer, MiB. https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html */
  bufferMebibytes: { least: 1, most: 128, default: 5 },
  /** Characters of an extension. https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html */
  extensionCharacters: 128,
  /** How long records are kept that S3 does not accept, hours. https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html */
  retentionHours: 24,
} as const;

// Errors of Firehose under AWS's names: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html

/** Invalid input. */
export const invalidArgument = (message: string): AwsError =>
  new AwsError('InvalidArgumentException', 400, message);

/** A stream that doesn't exist. */
export const streamNotFound = (name: string, account: string): AwsError =>
  new AwsError('ResourceNotFoundException', 400, `Firehose ${name} under account ${account} not found.`);

/** A stream that already exists. */
export const streamInUse = (name: string, account: string): AwsError =>
  new AwsError('ResourceInUseException', 400, `Firehose ${name} under account ${account} already exists.`);

/**
 * The service is throttled or unavailable; the SDKs retry. `Slow down.` is the text of real answers of AWS, with the status
 * of API_PutRecord. A problem of the disk has the status of AWS's ServiceUnavailable, as in other services here:
 * https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html
 *
 * @param disk The problem of the disk that keeps the local Firehose from accepting records. Default: none.
 */
export const serviceUnavailable = (disk?: string): AwsError =>
  disk === undefined
    ? new AwsError('ServiceUnavailableException', 500, 'Slow down.')
    : new AwsError('ServiceUnavailableException', 503, disk);
