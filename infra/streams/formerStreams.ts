import type { TableKind } from '../../lib/schema/kinds.ts';
import { deliveryPrefix, errorPrefix, partitionQuery } from '../../lib/tables/objectKeys.ts';
import { formerStreams } from '../../lib/tables/streams.ts';
import { bucketArn } from '../data/bucket.ts';
import { databaseName } from '../data/catalog.ts';
import { getAtt, type Resource, type Resources, ref } from '../template/Resource.ts';
import { kindId, type Stack } from '../template/Stack.ts';
import { DELIVERY_RETRY_SECONDS, deliveryLogGroup, streamName } from './streams.ts';

/** The defaults of release 0.2. */
const BUFFERING = { IntervalInSeconds: 300, SizeInMBs: 128 } as const;

/**
 * The streams of release 0.2: rows in, Parquet files by day out. Nothing is put into them any more; they stay in the stack until
 * they have delivered what they took.
 */
export function formerStreamResources(stack: Stack): Resources {
  return Object.assign({}, ...formerStreams(stack.config).map((kind) => kindStream(stack, kind)));
}

function kindStream(stack: Stack, kind: TableKind): Resources {
  const logGroup = kindId(kind, 'DeliveryLogGroup');
  const logStream = kindId(kind, 'DeliveryLogStream');
  return {
    [logGroup]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        LogGroupName: deliveryLogGroup(stack, kind),
        RetentionInDays: stack.config.logs.retentionDays,
      },
    },
    [logStream]: {
      Type: 'AWS::Logs::LogStream',
      Properties: { LogGroupName: ref(logGroup), LogStreamName: 'DestinationDelivery' },
    },
    [kindId(kind, 'Stream')]: deliveryStream(stack, kind),
  };
}

/**
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
 *
 * Firehose reads the table and tests the role while the stream is created, so `DependsOn` is needed besides the
 * references. `CompressionFormat` must stay UNCOMPRESSED: Parquet compresses its pages itself.
 */
function deliveryStream(stack: Stack, kind: TableKind): Resource {
  const roleArn = getAtt(kindId(kind, 'DeliveryRole'));
  return {
    Type: 'AWS::KinesisFirehose::DeliveryStream',
    DependsOn: [kindId(kind, 'Table'), kindId(kind, 'DeliveryRole')],
    Properties: {
      DeliveryStreamName: streamName(stack, kind),
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
        BufferingHints: BUFFERING,
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
