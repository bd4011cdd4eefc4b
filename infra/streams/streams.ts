import type { Config } from '../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { deliveryPrefix, errorPrefix, partitionQuery } from '../../lib/tables/objectKeys.ts';
import { bucketArn } from '../data/bucket.ts';
import { databaseName } from '../data/catalog.ts';
import { getAtt, type Resource, type Resources, ref } from '../template/Resource.ts';
import { kindId, partName, type Stack } from '../template/Stack.ts';

/** How long Firehose retries to write a file before it uses the error prefix. Firehose's default. */
export const DELIVERY_RETRY_SECONDS = 300;
const LOG_RETENTION_DAYS = 30;

/**
 * Age of a stream's oldest record, seconds, from which it is late. A file arrives up to one and a half buffer intervals after
 * its oldest record (https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html), and Firehose may retry for
 * some time.
 */
export function lateSeconds({ buffering }: Pick<Config, 'buffering'>): number {
  return 2 * buffering.seconds + DELIVERY_RETRY_SECONDS;
}

/** A delivery stream for each kind: JSON in, a Parquet file for each day out. */
export function streams(stack: Stack): Resources {
  return Object.assign({}, ...tableKinds.map((kind) => streamOf(stack, kind)));
}

/** Name of a kind's stream. The collector reads it from its environment. */
export function streamName(stack: Pick<Stack, 'service' | 'stage'>, kind: TableKind): string {
  return partName(stack, kind);
}

function streamOf(stack: Stack, kind: TableKind): Resources {
  const name = streamName(stack, kind);
  const logGroup = kindId(kind, 'DeliveryLogGroup');
  const logStream = kindId(kind, 'DeliveryLogStream');
  return {
    [logGroup]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/kinesisfirehose/${name}`, RetentionInDays: LOG_RETENTION_DAYS },
    },
    [logStream]: {
      Type: 'AWS::Logs::LogStream',
      Properties: { LogGroupName: ref(logGroup), LogStreamName: 'DestinationDelivery' },
    },
    [kindId(kind, 'Stream')]: deliveryStream(stack, kind, name),
  };
}

/**
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
 *
 * Firehose reads the table and tests the role while the stream is created, so `DependsOn` is needed besides the
 * references. `CompressionFormat` must stay UNCOMPRESSED: Parquet compresses its pages itself.
 */
function deliveryStream(stack: Stack, kind: TableKind, name: string): Resource {
  const roleArn = getAtt(kindId(kind, 'DeliveryRole'));
  return {
    Type: 'AWS::KinesisFirehose::DeliveryStream',
    DependsOn: [kindId(kind, 'Table'), kindId(kind, 'DeliveryRole')],
    Properties: {
      DeliveryStreamName: name,
      DeliveryStreamType: 'DirectPut',
      // Buffered records are encrypted too. A key owned by Firehose costs nothing and needs no permission.
      DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
      ExtendedS3DestinationConfiguration: {
        BucketARN: bucketArn(stack),
        RoleARN: roleArn,
        Prefix: deliveryPrefix(stack.config, kind),
        ErrorOutputPrefix: errorPrefix(kind),
        FileExtension: '.parquet',
        CompressionFormat: 'UNCOMPRESSED',
        BufferingHints: {
          IntervalInSeconds: stack.config.buffering.seconds,
          SizeInMBs: stack.config.buffering.megabytes,
        },
        DynamicPartitioningConfiguration: {
          Enabled: true,
          RetryOptions: { DurationInSeconds: DELIVERY_RETRY_SECONDS },
        },
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [
            {
              Type: 'RecordDeAggregation',
              Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }],
            },
            {
              Type: 'MetadataExtraction',
              Parameters: [
                { ParameterName: 'MetadataExtractionQuery', ParameterValue: partitionQuery },
                { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
              ],
            },
          ],
        },
        DataFormatConversionConfiguration: {
          Enabled: true,
          // Columns are in lower case already. Folding would only merge keys that differ in case.
          InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: { CaseInsensitive: false } } },
          OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'SNAPPY' } } },
          SchemaConfiguration: {
            CatalogId: ref('AWS::AccountId'),
            DatabaseName: databaseName(stack),
            TableName: ref(kindId(kind, 'Table')),
            Region: ref('AWS::Region'),
            RoleARN: roleArn,
            VersionId: 'LATEST',
          },
        },
        CloudWatchLoggingOptions: {
          Enabled: true,
          LogGroupName: ref(kindId(kind, 'DeliveryLogGroup')),
          LogStreamName: ref(kindId(kind, 'DeliveryLogStream')),
        },
      },
    },
  };
}
