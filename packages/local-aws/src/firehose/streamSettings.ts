import { z } from 'zod';
import { notImplemented } from '../protocol/AwsError.ts';
import { inert } from '../protocol/readProperties.ts';
import { FIREHOSE_LIMITS } from './errors.ts';

/** A delivery stream's validated settings, with defaults. */
export interface StreamSettings {
  /** The name of the bucket. */
  readonly bucket: string;
  /** What the key of each object begins with, before the folders of its hour. */
  readonly prefix: string;
  /** What the name of each object ends with, with its dot; '' for none. */
  readonly extension: string;
  /** When a buffer is delivered: once its first record is so many seconds old, or it has so many bytes. */
  readonly buffering: { readonly seconds: number; readonly bytes: number };
}

/** Bytes of a mebibyte. */
const MEBIBYTE = 1024 * 1024;

/**
 * Reads the settings of a stream.
 *
 * @throws AwsError `NotImplemented` for a prefix with an expression.
 */
export function readStreamSettings(destination: DestinationProperties): StreamSettings {
  const { BucketARN, Prefix: prefix, FileExtension: extension, BufferingHints: hints } = destination;
  if (prefix.includes('!{')) throw notImplemented('firehose Prefix with an expression (!{…})');
  return {
    bucket: BucketARN.slice(BucketARN.lastIndexOf(':') + 1),
    prefix,
    extension,
    buffering: {
      seconds: hints.IntervalInSeconds ?? FIREHOSE_LIMITS.bufferSeconds.default,
      bytes: (hints.SizeInMBs ?? FIREHOSE_LIMITS.bufferMebibytes.default) * MEBIBYTE,
    },
  };
}

/** When a buffer is delivered. AWS takes both members or none: API_BufferingHints, as {@link FIREHOSE_LIMITS}. */
const bufferingHints = z
  .strictObject({
    IntervalInSeconds: z
      .int()
      .min(FIREHOSE_LIMITS.bufferSeconds.least)
      .max(FIREHOSE_LIMITS.bufferSeconds.most)
      .optional(),
    SizeInMBs: z
      .int()
      .min(FIREHOSE_LIMITS.bufferMebibytes.least)
      .max(FIREHOSE_LIMITS.bufferMebibytes.most)
      .optional(),
  })
  .refine(
    ({ IntervalInSeconds, SizeInMBs }) => (IntervalInSeconds === undefined) === (SizeInMBs === undefined),
    'SizeInMBs and IntervalInSeconds belong together: a value for one of them needs a value for the other',
  );

/**
 * The destination of a stream. Records are delivered as they came: there is no conversion, partitioning, processing or
 * compression. Nothing can fail in these, so a template's `ErrorOutputPrefix` is refused.
 */
const extendedS3 = z.strictObject({
  BucketARN: z.string().regex(/^arn:[^:]+:s3:::[^:/]+$/, 'an ARN of a bucket'),
  RoleARN: z.string().regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/, 'an ARN of a role'),
  Prefix: z.string().default(''),
  FileExtension: z
    .string()
    .max(FIREHOSE_LIMITS.extensionCharacters)
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
