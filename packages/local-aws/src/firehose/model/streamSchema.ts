import { z } from 'zod';
import { limits } from '../limits.ts';

const arn = z.string().regex(/^arn:/, 'an ARN');
/** CloudFormation accepts them; nothing here depends on them. */
const inert = z.unknown();

const parameters = z
  .array(z.strictObject({ ParameterName: z.string(), ParameterValue: z.string() }))
  .default([]);

const bufferingHints = z.strictObject({
  IntervalInSeconds: z.int().min(limits.bufferSeconds.least).max(limits.bufferSeconds.most).optional(),
  SizeInMBs: z.int().min(limits.bufferMebibytes.least).max(limits.bufferMebibytes.most).optional(),
});

const openX = z.strictObject({
  CaseInsensitive: z.boolean().default(true),
  ColumnToJsonKeyMappings: z.record(z.string(), z.string()).default({}),
  ConvertDotsInJsonKeysToUnderscores: z.boolean().default(false),
});

const parquet = z.strictObject({
  Compression: z.enum(['UNCOMPRESSED', 'GZIP', 'SNAPPY']).default('SNAPPY'),
  WriterVersion: z.enum(['V1', 'V2']).default('V1'),
  // Layout of the file only: whatever they are, the rows read are the same.
  BlockSizeBytes: z.int().min(limits.parquet.leastBlockBytes).optional(),
  PageSizeBytes: z.int().min(limits.parquet.leastPageBytes).optional(),
  MaxPaddingBytes: z.int().min(0).optional(),
  // AWS names no default; off is what every Parquet reader understands.
  EnableDictionaryCompression: z.boolean().default(false),
});

const conversion = z.strictObject({
  Enabled: z.boolean().default(true),
  InputFormatConfiguration: z
    .strictObject({ Deserializer: z.strictObject({ OpenXJsonSerDe: openX.optional() }) })
    .optional(),
  OutputFormatConfiguration: z
    .strictObject({ Serializer: z.strictObject({ ParquetSerDe: parquet.optional() }) })
    .optional(),
  SchemaConfiguration: z
    .strictObject({
      CatalogId: z.string().min(1).optional(),
      DatabaseName: z.string().min(1),
      TableName: z.string().min(1),
      Region: z.string().min(1).optional(),
      RoleARN: arn.optional(),
      VersionId: z.literal('LATEST').default('LATEST'),
    })
    .optional(),
});

const extendedS3 = z.strictObject({
  BucketARN: z.string().regex(/^arn:aws[a-z-]*:s3:::[\w.-]{1,255}$/, 'the ARN of a bucket'),
  RoleARN: arn,
  Prefix: z.string().max(1024).default(''),
  ErrorOutputPrefix: z.string().max(1024).optional(),
  FileExtension: z
    .string()
    .max(128)
    .regex(/^(|\.[0-9a-z!\-_.*'()]+)$/)
    .optional(),
  CustomTimeZone: z.string().default('UTC'),
  CompressionFormat: z.enum(['UNCOMPRESSED', 'GZIP']).default('UNCOMPRESSED'),
  BufferingHints: bufferingHints.default({}),
  DynamicPartitioningConfiguration: z
    .strictObject({
      Enabled: z.boolean().default(false),
      // Deliveries are tried again until they succeed, whatever it says.
      RetryOptions: z.strictObject({ DurationInSeconds: z.int().min(0).max(7200).optional() }).optional(),
    })
    .optional(),
  ProcessingConfiguration: z
    .strictObject({
      Enabled: z.boolean().default(false),
      Processors: z
        .array(
          z.strictObject({
            Type: z.enum(['RecordDeAggregation', 'MetadataExtraction', 'AppendDelimiterToRecord']),
            Parameters: parameters,
          }),
        )
        .default([]),
    })
    .optional(),
  DataFormatConversionConfiguration: conversion.optional(),
  S3BackupMode: z.literal('Disabled').optional(),
  CloudWatchLoggingOptions: inert.optional(),
  EncryptionConfiguration: inert.optional(),
});

/**
 * Told as it was asked for; nothing on a laptop is encrypted.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamEncryptionConfigurationInput.html
 */
const encryption = z.discriminatedUnion('KeyType', [
  z.strictObject({ KeyType: z.literal('AWS_OWNED_CMK') }),
  z.strictObject({ KeyType: z.literal('CUSTOMER_MANAGED_CMK'), KeyARN: z.string() }),
]);

/**
 * Properties of `AWS::KinesisFirehose::DeliveryStream` as far as the local Firehose goes: records put directly,
 * delivered to S3. Other members are refused by name.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
 */
export const streamSchema = z.strictObject({
  DeliveryStreamName: z.string().optional(),
  DeliveryStreamType: z.literal('DirectPut').default('DirectPut'),
  ExtendedS3DestinationConfiguration: extendedS3,
  DeliveryStreamEncryptionConfigurationInput: encryption.optional(),
  Tags: inert.optional(),
});

/** The validated properties of a stream. */
export type StreamProperties = z.output<typeof streamSchema>;

/** The validated destination. */
export type DestinationProperties = StreamProperties['ExtendedS3DestinationConfiguration'];
