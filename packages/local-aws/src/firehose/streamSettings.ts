import { z } from 'zod';
import { notImplemented } from '../protocol/AwsError.ts';
import { invalidArgument, limits } from './errors.ts';
import { hasExpression, type PrefixTemplate, parsePrefix } from './prefixTemplate.ts';

/** A delivery stream's validated settings, with defaults. */
export interface StreamSettings {
  readonly bucket: string;
  readonly prefix: PrefixTemplate;
  readonly errorPrefix: PrefixTemplate;
  readonly buffering: { readonly seconds: number; readonly bytes: number };
}

const MEBIBYTE = 1024 * 1024;

/**
 * Reads the settings of a stream and applies the rules that Firehose checks when one is created.
 *
 * @throws AwsError `InvalidArgumentException` for what Firehose refuses, `NotImplemented` for what isn't emulated.
 */
export function readStreamSettings(destination: DestinationProperties): StreamSettings {
  const { Prefix, ErrorOutputPrefix, BufferingHints: hints } = destination;
  const prefix = readPrefix(Prefix, 'Prefix');
  const errorPrefix = readPrefix(ErrorOutputPrefix ?? Prefix, 'ErrorOutputPrefix');
  checkPrefixes(prefix, ErrorOutputPrefix === undefined ? undefined : errorPrefix);
  return {
    bucket: destination.BucketARN.slice(destination.BucketARN.lastIndexOf(':') + 1),
    prefix,
    errorPrefix,
    buffering: {
      seconds: hints.IntervalInSeconds ?? limits.bufferSeconds.default,
      bytes: (hints.SizeInMBs ?? limits.bufferMebibytes.default) * MEBIBYTE,
    },
  };
}

function readPrefix(source: string, member: string): PrefixTemplate {
  const template = parsePrefix(source);
  if ('invalid' in template) throw invalidArgument(`${member}: ${template.invalid}`);
  if ('unsupported' in template) throw notImplemented(`firehose ${member} with ${template.unsupported}`);
  return template;
}

/** https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html, "semantic rules" */
function checkPrefixes(prefix: PrefixTemplate, errorPrefix: PrefixTemplate | undefined): void {
  const hasType = ({ parts }: PrefixTemplate) => parts.some(({ kind }) => kind === 'errorOutputType');
  if (hasType(prefix)) throw invalidArgument('Prefix must not contain !{firehose:error-output-type}.');
  if (errorPrefix === undefined) {
    if (hasExpression(prefix))
      throw invalidArgument('ErrorOutputPrefix must be given when Prefix contains an expression.');
  } else if (hasExpression(errorPrefix) && !hasType(errorPrefix))
    throw invalidArgument(
      'ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains an expression.',
    );
}

const arn = z.string().regex(/^arn:/, 'an ARN');
/** CloudFormation accepts them; nothing here depends on them. */
const inert = z.unknown();

const bufferingHints = z.strictObject({
  IntervalInSeconds: z.int().min(limits.bufferSeconds.least).max(limits.bufferSeconds.most).optional(),
  SizeInMBs: z.int().min(limits.bufferMebibytes.least).max(limits.bufferMebibytes.most).optional(),
});

/** Records are delivered as they came: there is no conversion, partitioning, processing or compression. */
const extendedS3 = z.strictObject({
  BucketARN: arn,
  RoleARN: arn,
  Prefix: z.string().default(''),
  ErrorOutputPrefix: z.string().optional(),
  BufferingHints: bufferingHints.default({}),
  CompressionFormat: z.literal('UNCOMPRESSED').default('UNCOMPRESSED'),
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
