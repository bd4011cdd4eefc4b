import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { isLandingStream, landingStreams, parseStreamId, type StreamId } from '../../lib/tables/streams.ts';
import { bucketArn } from '../data/bucket.ts';
import { getAtt, type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { logicalIds, partName, type Stack, streamPartId } from '../template/Stack.ts';

/** How long Firehose retries at first to write a file. Its default. */
export const DELIVERY_RETRY_SECONDS = 300;

/** Age of a stream's oldest record, seconds, from which it is late: Firehose may have had to try again. */
export function lateSeconds({ buffering }: Pick<Config, 'buffering'>): number {
  return 2 * buffering.seconds + DELIVERY_RETRY_SECONDS;
}

/**
 * Seconds that the writer and the registrar add: batches of 20 and 10 seconds (infra/serverless/service.ts), and their
 * work.
 */
export const WRITTEN_WITHIN_SECONDS = 90;

/** Seconds within which a request is in queries while nothing fails. */
export function queryableSeconds({ buffering }: Pick<Config, 'buffering'>): number {
  return buffering.seconds + WRITTEN_WITHIN_SECONDS;
}

/**
 * The streams of the landing: bytes in, the same bytes out. Firehose joins records to objects and adds nothing between them.
 * Below the prefix it makes folders of the hour of UTC in which the oldest record came: `landing/YYYY/MM/DD/HH/`.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 *
 * They have no names, so that a change that builds another one finds the name free; and they stay, with their role, when a
 * template without them is deployed, the stack is deleted, or the deployment that made one is rolled back: they go on
 * delivering what they took.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
 */
export function streamResources(stack: Stack): Resources {
  const { seconds, megabytes } = stack.config.buffering;
  const stream: Resource = {
    Type: 'AWS::KinesisFirehose::DeliveryStream',
    // Firehose tests the role while the stream is created.
    DependsOn: [logicalIds.landingRole],
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      DeliveryStreamType: 'DirectPut',
      // Buffered records are encrypted too. A key owned by Firehose costs nothing and needs no permission.
      DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
      ExtendedS3DestinationConfiguration: {
        BucketARN: bucketArn(stack),
        RoleARN: getAtt(logicalIds.landingRole),
        Prefix: LANDING_FOLDER,
        // Records are compressed by whoever puts them.
        CompressionFormat: 'UNCOMPRESSED',
        BufferingHints: { IntervalInSeconds: seconds, SizeInMBs: megabytes },
        CloudWatchLoggingOptions: {
          Enabled: true,
          LogGroupName: ref(logicalIds.landingLogGroup),
          LogStreamName: ref(logicalIds.landingLogStream),
        },
      },
    },
  };
  return {
    [logicalIds.landingLogGroup]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        LogGroupName: `/aws/kinesisfirehose/${partName(stack, 'landing')}`,
        RetentionInDays: stack.config.logs.retentionDays,
      },
    },
    [logicalIds.landingLogStream]: {
      Type: 'AWS::Logs::LogStream',
      Properties: { LogGroupName: ref(logicalIds.landingLogGroup), LogStreamName: 'DestinationDelivery' },
    },
    ...Object.fromEntries(landingStreams(stack.config).map((id) => [streamPartId(id, 'Stream'), stream])),
  };
}

/** Value of an environment variable that names streams, in their order, with commas between them. */
export function streamsVariable(streams: readonly StreamId[]): Value {
  const references = streams.map((stream) => ref(streamPartId(stream, 'Stream')));
  const [only] = references.length === 1 ? references : [];
  return only ?? { 'Fn::Join': [',', references] };
}

/**
 * Name of a stream of release 0.2, and what a stream of the landing is called in texts: its name in AWS is CloudFormation's.
 * Functions read names from their environment.
 */
export function streamName(stack: Pick<Stack, 'service' | 'stage'>, stream: StreamId): string {
  return partName(stack, stream);
}

/** The stream by its name in AWS; null for one of another stack. @param stackName `<service>-<stage>` */
export function streamNamed(stackName: string, name: string): StreamId | null {
  const prefix = `${stackName}-`;
  if (!name.startsWith(prefix)) return null;
  const [logicalId = ''] = name.slice(prefix.length).split('-');
  return streamOf(logicalId) ?? parseStreamId(name.slice(prefix.length));
}

/** The stream with a logical ID; null if the ID is not a stream's. */
export function streamOf(logicalId: string): StreamId | null {
  const [, number] = /^LandingStream([1-9]\d*)?$/.exec(logicalId) ?? [];
  const landing = parseStreamId(number === undefined ? 'landing' : `landing-${number}`);
  return (
    [landing, ...tableKinds].find(
      (stream) => stream !== null && streamPartId(stream, 'Stream') === logicalId,
    ) ?? null
  );
}

/** Name of the log group of a stream: streams that take the same have one. */
export function deliveryLogGroup(stack: Pick<Stack, 'service' | 'stage'>, stream: StreamId): string {
  return `/aws/kinesisfirehose/${streamName(stack, isLandingStream(stream) ? 'landing' : stream)}`;
}
