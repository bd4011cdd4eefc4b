import type { Config } from '../../lib/schema/config.ts';
import { LANDED_EXTENSION, LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { bucketArn } from '../data/bucket.ts';
import { getAtt, type Resources, ref } from '../template/Resource.ts';
import { ALWAYS_RETAINED, logicalIds, partName, type Stack } from '../template/Stack.ts';

/** How long Firehose keeps trying to write a file, seconds. This is its default. */
const DELIVERY_RETRY_SECONDS = 300;

/**
 * The age of the stream's oldest record, seconds, from which the stream is late. Firehose may have had to try again.
 */
export function lateSeconds({ buffering }: Pick<Config, 'buffering'>): number {
  return 2 * buffering.seconds + DELIVERY_RETRY_SECONDS;
}

/**
 * Seconds that the writer and the registrar add: their batches take 20 and 10 seconds (functionWork.ts),
 * and then they do their work.
 */
const WRITTEN_WITHIN_SECONDS = 90;

/** Seconds within which a request is in queries while nothing fails. */
export function queryableSeconds({ buffering }: Pick<Config, 'buffering'>): number {
  return buffering.seconds + WRITTEN_WITHIN_SECONDS;
}

/**
 * The stream of the landing. It delivers the bytes that it gets: Firehose joins records to objects and adds nothing
 * between them. Below the prefix it makes folders of the UTC hour in which the oldest record came:
 * `landing/YYYY/MM/DD/HH/`.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 *
 * The stream has no name, so that a change that replaces it finds no name taken. It stays, with its role, when a
 * template without it is deployed or the stack is deleted, and goes on delivering the records that it has.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
 */
export function streamResources(stack: Stack): Resources {
  const { seconds, megabytes } = stack.config.buffering;
  return {
    [logicalIds.landingLogGroup]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        LogGroupName: deliveryLogGroup(stack),
        RetentionInDays: stack.config.logs.retentionDays,
      },
    },
    [logicalIds.landingLogStream]: {
      Type: 'AWS::Logs::LogStream',
      Properties: { LogGroupName: ref(logicalIds.landingLogGroup), LogStreamName: 'DestinationDelivery' },
    },
    [logicalIds.stream]: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      // Firehose tests the role while the stream is created.
      DependsOn: [logicalIds.landingRole],
      ...ALWAYS_RETAINED,
      Properties: {
        DeliveryStreamType: 'DirectPut',
        // Buffered records are encrypted, too. A key owned by Firehose costs nothing and needs no permission.
        DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
        ExtendedS3DestinationConfiguration: {
          BucketARN: bucketArn(stack),
          RoleARN: getAtt(logicalIds.landingRole),
          Prefix: LANDING_FOLDER,
          // Whoever puts a record compresses it: gzip members, one after the other, are a gzip file.
          FileExtension: LANDED_EXTENSION,
          CompressionFormat: 'UNCOMPRESSED',
          BufferingHints: { IntervalInSeconds: seconds, SizeInMBs: megabytes },
          CloudWatchLoggingOptions: {
            Enabled: true,
            LogGroupName: ref(logicalIds.landingLogGroup),
            LogStreamName: ref(logicalIds.landingLogStream),
          },
        },
      },
    },
  };
}

/** Name of the log group of the stream. */
export function deliveryLogGroup(stack: Pick<Stack, 'service' | 'stage'>): string {
  return `/aws/kinesisfirehose/${partName(stack, 'landing')}`;
}
