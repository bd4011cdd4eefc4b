import { notImplemented } from '../../protocol/AwsError.ts';
import { invalidArgument } from '../errors.ts';
import { limits } from '../limits.ts';
import { isTimeZone } from './javaTime.ts';
import { readPartitionQuery } from './partitionQuery.ts';
import { hasExpression, type PrefixTemplate, parsePrefix } from './prefixTemplate.ts';
import type { Conversion, Deaggregation, StreamSettings } from './StreamSettings.ts';
import type { DestinationProperties } from './streamSchema.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * The settings of a stream with the rules that Firehose applies when one is created.
 *
 * @throws AwsError `InvalidArgumentException` for what Firehose refuses, `NotImplemented` for what we don't do.
 */
export function readStreamSettings(destination: DestinationProperties): StreamSettings {
  const prefix = readPrefix(destination.Prefix, 'Prefix');
  const errorPrefix = readPrefix(destination.ErrorOutputPrefix ?? destination.Prefix, 'ErrorOutputPrefix');
  const processors = readProcessors(destination);
  const conversion = readConversion(destination);
  if (!isTimeZone(destination.CustomTimeZone)) {
    throw invalidArgument(`CustomTimeZone ${destination.CustomTimeZone} is no time zone.`);
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
