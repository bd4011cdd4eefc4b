import { z } from 'zod';
import { notImplemented } from '../protocol/AwsError.ts';
import { invalidArgument, limits } from './errors.ts';
import { hasExpression, isTimeZone, type PrefixTemplate, parsePrefix } from './prefixTemplate.ts';

/** How an aggregated record is split. */
type Deaggregation =
  | { readonly type: 'JSON' }
  | { readonly type: 'DELIMITED'; readonly delimiter: Uint8Array };

/** How records are converted to Parquet. */
export interface Conversion {
  readonly database: string;
  readonly table: string;
  /** As configured, for the error output. Glue's newest version is always used. */
  readonly catalogId: string | undefined;
  readonly region: string | undefined;
  readonly versionId: string;
  readonly roleArn: string | undefined;
  readonly compression: 'SNAPPY' | 'GZIP' | 'UNCOMPRESSED';
  readonly writerVersion: 'V1' | 'V2';
  /** `EnableDictionaryCompression`. */
  readonly dictionary: boolean;
  /** Whether keys match regardless of case. OpenX's default: true. */
  readonly caseInsensitive: boolean;
  readonly dotsToUnderscores: boolean;
  /** Column → JSON key, where they differ. */
  readonly keyOfColumn: ReadonlyMap<string, string>;
}

/** A delivery stream's validated settings, with defaults. */
export interface StreamSettings {
  readonly bucket: string;
  readonly prefix: PrefixTemplate;
  readonly errorPrefix: PrefixTemplate;
  readonly buffering: { readonly seconds: number; readonly bytes: number };
  /** IANA name of the time zone for timestamps in keys. */
  readonly timeZone: string;
  readonly compression: 'UNCOMPRESSED' | 'GZIP';
  readonly fileExtension: string | undefined;
  readonly deaggregation: Deaggregation | undefined;
  /** Undefined without dynamic partitioning. */
  readonly partitionQuery: PartitionQuery | undefined;
  /** Text after each record in an object that isn't converted. Default '', as Firehose adds nothing itself. */
  readonly delimiter: string;
  readonly conversion: Conversion | undefined;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Reads the settings of a stream and applies the rules that Firehose checks when one is created.
 *
 * @throws AwsError `InvalidArgumentException` for what Firehose refuses, `NotImplemented` for what isn't emulated.
 */
export function readStreamSettings(destination: DestinationProperties): StreamSettings {
  const prefix = readPrefix(destination.Prefix, 'Prefix');
  const errorPrefix = readPrefix(destination.ErrorOutputPrefix ?? destination.Prefix, 'ErrorOutputPrefix');
  const processors = readProcessors(destination);
  const conversion = readConversion(destination);
  if (!isTimeZone(destination.CustomTimeZone)) {
    throw invalidArgument(`CustomTimeZone ${destination.CustomTimeZone} is not a time zone.`);
  }
  checkPrefixes(destination, prefix, errorPrefix, processors.partitionQuery?.keys);
  return {
    ...processors,
    bucket: destination.BucketARN.slice(destination.BucketARN.lastIndexOf(':') + 1),
    prefix,
    errorPrefix,
    buffering: readBuffering(destination, conversion !== undefined, processors.partitionQuery !== undefined),
    timeZone: destination.CustomTimeZone,
    compression: destination.CompressionFormat,
    fileExtension: destination.FileExtension,
    conversion,
  };
}

function readPrefix(source: string, member: string): PrefixTemplate {
  const template = parsePrefix(source);
  if ('invalid' in template) throw invalidArgument(`${member}: ${template.invalid}`);
  if ('unsupported' in template) throw notImplemented(`firehose ${member} with ${template.unsupported}`);
  return template;
}

/** https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html, "semantic rules" */
function checkPrefixes(
  destination: DestinationProperties,
  prefix: PrefixTemplate,
  errorPrefix: PrefixTemplate,
  keys: readonly string[] | undefined,
): void {
  const has = (template: PrefixTemplate, kind: string) => template.parts.some((part) => part.kind === kind);
  const partitioned = destination.DynamicPartitioningConfiguration?.Enabled === true;
  if (has(prefix, 'errorOutputType')) {
    throw invalidArgument('Prefix must not contain !{firehose:error-output-type}.');
  }
  if (destination.ErrorOutputPrefix === undefined) {
    if (hasExpression(prefix)) {
      throw invalidArgument('ErrorOutputPrefix must be given when Prefix contains an expression.');
    }
  } else if (hasExpression(errorPrefix) && !has(errorPrefix, 'errorOutputType')) {
    throw invalidArgument(
      'ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains an expression.',
    );
  }
  if (has(errorPrefix, 'partitionKey')) {
    throw invalidArgument('ErrorOutputPrefix must not contain partition keys.');
  }
  if (partitioned !== has(prefix, 'partitionKey')) {
    throw invalidArgument(
      partitioned
        ? 'Prefix must contain !{partitionKeyFromQuery:…} when dynamic partitioning is enabled.'
        : 'Prefix contains partition keys, but dynamic partitioning is not enabled.',
    );
  }
  for (const part of prefix.parts) {
    if (part.kind === 'partitionKey' && keys !== undefined && !keys.includes(part.name)) {
      throw invalidArgument(`Prefix contains the key ${part.name}, which MetadataExtractionQuery lacks.`);
    }
  }
}

function readProcessors({
  DynamicPartitioningConfiguration: partitioning,
  ProcessingConfiguration: processing,
}: DestinationProperties): Pick<StreamSettings, 'deaggregation' | 'partitionQuery' | 'delimiter'> {
  const partitioned = partitioning?.Enabled === true;
  const processors = processing?.Enabled === true ? processing.Processors : [];
  const find = (type: string): Map<string, string> | undefined => {
    const found = processors.filter(({ Type }) => Type === type);
    if (found.length > 1) throw invalidArgument(`There must be one processor ${type} at most.`);
    return found[0] && new Map(found[0].Parameters.map((each) => [each.ParameterName, each.ParameterValue]));
  };
  const deaggregation = find('RecordDeAggregation');
  const extraction = find('MetadataExtraction');
  const append = find('AppendDelimiterToRecord');
  if (partitioned && extraction === undefined) {
    throw invalidArgument('Dynamic partitioning needs the processor MetadataExtraction.');
  }
  if (!partitioned && (extraction !== undefined || deaggregation !== undefined)) {
    throw invalidArgument(
      'MetadataExtraction and RecordDeAggregation are for streams with dynamic partitioning only.',
    );
  }
  return {
    deaggregation: deaggregation && readDeaggregation(deaggregation),
    partitionQuery: extraction && readPartitionQuery(readQuery(extraction)),
    delimiter: append === undefined ? '' : (append.get('Delimiter') ?? '\\n').replaceAll('\\n', '\n'),
  };
}

function readDeaggregation(parameters: ReadonlyMap<string, string>): Deaggregation {
  const type = parameters.get('SubRecordType');
  if (type === 'JSON') return { type };
  if (type !== 'DELIMITED') throw invalidArgument('SubRecordType must be JSON or DELIMITED.');
  const delimiter = Buffer.from(parameters.get('Delimiter') ?? '', 'base64');
  if (delimiter.length === 0) throw invalidArgument('SubRecordType DELIMITED needs a Delimiter in base64.');
  return { type, delimiter };
}

function readQuery(parameters: ReadonlyMap<string, string>): string {
  const query = parameters.get('MetadataExtractionQuery');
  if (query === undefined) throw invalidArgument('MetadataExtraction needs a MetadataExtractionQuery.');
  if (parameters.get('JsonParsingEngine') !== 'JQ-1.6') {
    throw invalidArgument('MetadataExtraction needs the JsonParsingEngine JQ-1.6.');
  }
  return query;
}

function readBuffering(
  { BufferingHints: hints }: DestinationProperties,
  converted: boolean,
  partitioned: boolean,
): StreamSettings['buffering'] {
  const { bufferMebibytes, bufferSeconds } = limits;
  const large = converted || partitioned;
  const mebibytes = hints.SizeInMBs ?? (large ? bufferMebibytes.defaultWhenLarge : bufferMebibytes.default);
  if (large && mebibytes < bufferMebibytes.leastWhenLarge) {
    throw invalidArgument(
      `BufferingHints.SizeInMBs must be at least ${bufferMebibytes.leastWhenLarge} when ${converted ? 'data format conversion' : 'dynamic partitioning'} is enabled.`,
    );
  }
  return { seconds: hints.IntervalInSeconds ?? bufferSeconds.default, bytes: mebibytes * MEBIBYTE };
}

function readConversion(destination: DestinationProperties): Conversion | undefined {
  const configuration = destination.DataFormatConversionConfiguration;
  if (configuration === undefined || !configuration.Enabled) return undefined;
  const openX = configuration.InputFormatConfiguration?.Deserializer.OpenXJsonSerDe;
  const parquet = configuration.OutputFormatConfiguration?.Serializer.ParquetSerDe;
  const schema = configuration.SchemaConfiguration;
  if (openX === undefined || parquet === undefined || schema === undefined) {
    throw invalidArgument(
      'Data format conversion needs an input format (OpenXJsonSerDe), an output format (ParquetSerDe) and a schema.',
    );
  }
  if (destination.CompressionFormat !== 'UNCOMPRESSED') {
    throw invalidArgument('CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.');
  }
  return {
    database: schema.DatabaseName,
    table: schema.TableName,
    catalogId: schema.CatalogId,
    region: schema.Region,
    versionId: schema.VersionId,
    roleArn: schema.RoleARN,
    compression: parquet.Compression,
    writerVersion: parquet.WriterVersion,
    dictionary: parquet.EnableDictionaryCompression,
    caseInsensitive: openX.CaseInsensitive,
    dotsToUnderscores: openX.ConvertDotsInJsonKeysToUnderscores,
    keyOfColumn: new Map(Object.entries(openX.ColumnToJsonKeyMappings)),
  };
}

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
  // They affect only the layout of the file: the rows are the same for every value.
  BlockSizeBytes: z.int().min(limits.parquet.leastBlockBytes).optional(),
  PageSizeBytes: z.int().min(limits.parquet.leastPageBytes).optional(),
  MaxPaddingBytes: z.int().min(0).optional(),
  // AWS documents no default; every Parquet reader understands files without it.
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
      // Ignored: deliveries are retried until they succeed.
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
 * Returned in descriptions; nothing is encrypted locally.
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamEncryptionConfigurationInput.html
 */
const encryption = z.discriminatedUnion('KeyType', [
  z.strictObject({ KeyType: z.literal('AWS_OWNED_CMK') }),
  z.strictObject({ KeyType: z.literal('CUSTOMER_MANAGED_CMK'), KeyARN: z.string() }),
]);

/**
 * Properties of `AWS::KinesisFirehose::DeliveryStream` that the local Firehose supports: records put directly,
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
type DestinationProperties = StreamProperties['ExtendedS3DestinationConfiguration'];

/** The jq query of a MetadataExtraction processor and what is known about it without running it. */
export interface PartitionQuery {
  readonly text: string;
  /**
   * Keys of the object it creates; undefined when it isn't written as an object and its keys show only when it runs.
   */
  readonly keys: readonly string[] | undefined;
  /**
   * The document's own keys that it reads, when it consists of plain paths (`{ds: .ds, y: .user.year}`).
   * Documents can then be reduced to these before jq sees them, with the same result.
   */
  readonly reads: readonly string[] | undefined;
}

const KEY = /^\s*(?:([A-Za-z_]\w*)|"([^"\\]*)")\s*(?::([\s\S]*))?$/;
const PATH = /^\s*\.([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*\s*$/;

/** Reads a query such as `{ds: .ds}`. Doesn't check its syntax: jq does. */
function readPartitionQuery(text: string): PartitionQuery {
  const body = /^\s*\{([\s\S]*)\}\s*$/.exec(text)?.[1];
  if (body === undefined) return { text, keys: undefined, reads: undefined };
  const entries = splitAtCommas(body).map((entry) => KEY.exec(entry));
  const keys: string[] = [];
  const reads: string[] = [];
  for (const entry of entries) {
    const key = entry?.[1] ?? entry?.[2];
    if (entry === null || key === undefined) return { text, keys: undefined, reads: undefined };
    keys.push(key);
    const read = entry[3] === undefined ? key : PATH.exec(entry[3])?.[1];
    if (read !== undefined) reads.push(read);
  }
  return { text, keys, reads: reads.length === entries.length ? reads : undefined };
}

/** Splits at commas outside brackets and strings. */
function splitAtCommas(body: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < body.length; at += 1) {
    const char = body[at] ?? '';
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(body.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(body.slice(start));
  return parts;
}
