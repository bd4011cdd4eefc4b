import type { Config } from '../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { deliveryPrefix, errorPrefix, partitionQuery } from '../../lib/tables/objectKeys.ts';
import {
  parseStreamId,
  type StreamId,
  type StreamsConfig,
  streamsInRotation,
  streamsOf,
  tableOf,
} from '../../lib/tables/streams.ts';
import { bucketArn } from '../data/bucket.ts';
import { databaseName } from '../data/catalog.ts';
import { getAtt, type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { kindId, partName, type Stack, shardId } from '../template/Stack.ts';

/** How long Firehose retries to write a file before it uses the error prefix. Firehose's default. */
const DELIVERY_RETRY_SECONDS = 300;

/**
 * Age of a stream's oldest record, seconds, from which it is late. A file arrives up to one and a half buffer intervals after
 * its oldest record (https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html), and Firehose may retry for
 * some time.
 */
export function lateSeconds({ buffering }: Pick<Config, 'buffering'>): number {
  return 2 * buffering.seconds + DELIVERY_RETRY_SECONDS;
}

/** The delivery streams of each kind: JSON in, a Parquet file for each day out. Those of one kind write to the same place. */
export function streams(stack: Stack): Resources {
  return Object.assign({}, ...tableKinds.map((kind) => kindStreams(stack, kind)));
}

/** Name of a stream. Functions read it from their environment. */
export function streamName(stack: Pick<Stack, 'service' | 'stage'>, stream: StreamId): string {
  return partName(stack, stream);
}

/** The stream by its name in AWS; null for one of another stack. @param stackName `<service>-<stage>` */
export function streamNamed(stackName: string, name: string): StreamId | null {
  const prefix = `${stackName}-`;
  return name.startsWith(prefix) ? parseStreamId(name.slice(prefix.length)) : null;
}

/** Name of the log group of a kind's streams. */
export function deliveryLogGroup(stack: Pick<Stack, 'service' | 'stage'>, kind: TableKind): string {
  return `/aws/kinesisfirehose/${streamName(stack, kind)}`;
}

/**
 * Values of the environment variables that name streams, in the order of their numbers, with commas between them.
 *
 * @returns `rotation`: for functions that put rows. `all`: for those that look after streams.
 */
export function streamVariables(config: StreamsConfig) {
  const of = (list: (config: StreamsConfig, kind: TableKind) => readonly StreamId[]) => ({
    exposures: joined(list(config, 'exposures')),
    events: joined(list(config, 'events')),
  });
  return { rotation: of(streamsInRotation), all: of(streamsOf) };
}

function joined(ids: readonly StreamId[]): Value {
  const references = ids.map((stream) => ref(shardId(stream, 'Stream')));
  const [only] = references.length === 1 ? references : [];
  return only ?? { 'Fn::Join': [',', references] };
}

function kindStreams(stack: Stack, kind: TableKind): Resources {
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
    ...Object.fromEntries(
      streamsOf(stack.config, kind).map((stream) => [
        shardId(stream, 'Stream'),
        deliveryStream(stack, stream),
      ]),
    ),
  };
}

/**
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
 *
 * Firehose reads the table and tests the role while the stream is created, so `DependsOn` is needed besides the
 * references. `CompressionFormat` must stay UNCOMPRESSED: Parquet compresses its pages itself.
 */
function deliveryStream(stack: Stack, stream: StreamId): Resource {
  const kind = tableOf(stream);
  const roleArn = getAtt(kindId(kind, 'DeliveryRole'));
  return {
    Type: 'AWS::KinesisFirehose::DeliveryStream',
    DependsOn: [kindId(kind, 'Table'), kindId(kind, 'DeliveryRole')],
    Properties: {
      DeliveryStreamName: streamName(stack, stream),
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
