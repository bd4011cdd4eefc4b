import { z } from 'zod';
import { notImplemented } from '../protocol/AwsError.ts';
import { inert } from '../protocol/readProperties.ts';
import { limits } from './errors.ts';

/** A delivery stream's validated settings, with defaults. */
export interface StreamSettings {
  /** The name of the bucket. */
  readonly bucket: string;
  /** What the key of each object begins with. */
  readonly prefix: string;
  /** What the name of each object ends with, with its dot; '' for none. */
  readonly extension: string;
  /** When a buffer is full: after so long, or with so many bytes. */
  readonly buffering: { readonly seconds: number; readonly bytes: number };
}

/** Bytes of a mebibyte. */
const MEBIBYTE = 1024 * 1024;

/**
 * Reads the settings of a stream.
 *
 * @throws AwsError `NotImplemented` for what isn't emulated.
 */
export function readStreamSettings(destination: DestinationProperties): StreamSettings {
  const { BucketARN, Prefix: prefix, FileExtension: extension, BufferingHints: hints } = destination;
  if (prefix.includes('!{')) throw notImplemented('firehose Prefix with an expression (!{…})');
  return {
    bucket: BucketARN.slice(BucketARN.lastIndexOf(':') + 1),
    prefix,
    extension,
    buffering: {
      seconds: hints.IntervalInSeconds ?? limits.bufferSeconds.default,
      bytes: (hints.SizeInMBs ?? limits.bufferMebibytes.default) * MEBIBYTE,
    },
  };
}

/** An ARN of any service. */
const arn = z.string().regex(/^arn:/, 'an ARN');

/** The most characters of an extension: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html */
const EXTENSION_CHARACTERS = 128;

/** When a buffer is full. */
const bufferingHints = z.strictObject({
  IntervalInSeconds: z.int().min(limits.bufferSeconds.least).max(limits.bufferSeconds.most).optional(),
  SizeInMBs: z.int().min(limits.bufferMebibytes.least).max(limits.bufferMebibytes.most).optional(),
});

/**
 * The destination of a stream. Records are delivered as they came: there is no conversion, partitioning, processing or
 * compression, so nothing goes to an error output, and prefixes have no expressions.
 */
const extendedS3 = z.strictObject({
  BucketARN: arn,
  RoleARN: arn,
  Prefix: z.string().default(''),
  FileExtension: z
    .string()
    .max(EXTENSION_CHARACTERS)
    .regex(
      /^$|^\.[0-9a-z!\-_.*'()]+$/,
      "an extension with its dot, of lower-case letters, digits and !-_.*'()",
    )
    .default(''),
  BufferingHints: bufferingHints.default({}),
  CompressionFormat: z.literal('UNCOMPRESSED').default('UNCOMPRESSED'),
  S3BackupMode: z.literal('Disabled').optional(),
  CloudWatchLoggingOptions: inert,
  EncryptionConfiguration: inert,
});

/**
 * Properties of `AWS::KinesisFirehose::DeliveryStream` that the local Firehose supports: records put directly,
 * delivered to S3. Other members are refused by name.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
 */
export const streamSchema = z.strictObject({
  DeliveryStreamName: z.string().optional(),
  DeliveryStreamType: z.literal('DirectPut').default('DirectPut'),
  ExtendedS3DestinationConfiguration: extendedS3,
  DeliveryStreamEncryptionConfigurationInput: inert,
  Tags: inert,
});

/** The validated destination. */
type DestinationProperties = z.output<typeof extendedS3>;
