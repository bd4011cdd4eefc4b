import { z } from 'zod';
import { inert, readProperties } from '../protocol/readProperties.ts';
import { SQS_DEFAULTS, SQS_LIMITS, twoEncryptions } from './errors.ts';

/** A number of seconds within bounds. */
const seconds = (least: number, most: number) => z.int().min(least).max(most);

/** The queue to which messages go that were received too often. */
const redriveSchema = z.strictObject({
  deadLetterTargetArn: z.string().min(1),
  // The console and templates sometimes send it as text.
  maxReceiveCount: z
    .union([z.int(), z.string().regex(/^\d+$/).transform(Number)])
    .pipe(z.int().min(1).max(SQS_LIMITS.mostReceives)),
});

/** How a queue behaves, under SQS's names. Times are seconds. */
export const queueSettingsSchema = z.strictObject({
  VisibilityTimeout: seconds(0, SQS_LIMITS.visibilityTimeout).default(SQS_DEFAULTS.visibilityTimeout),
  MessageRetentionPeriod: seconds(SQS_LIMITS.leastRetention, SQS_LIMITS.mostRetention).default(
    SQS_DEFAULTS.retention,
  ),
  MaximumMessageSize: z
    .int()
    .min(SQS_LIMITS.leastMessageBytes)
    .max(SQS_LIMITS.messageBytes)
    .default(SQS_LIMITS.messageBytes),
  RedrivePolicy: redriveSchema.optional(),
  /** Encryption at rest: stored and returned, without another effect. */
  SqsManagedSseEnabled: z.boolean().default(true),
  KmsMasterKeyId: z.string().optional(),
  KmsDataKeyReusePeriodSeconds: seconds(SQS_LIMITS.leastKeyReuse, SQS_LIMITS.mostKeyReuse).optional(),
});

/** A queue's settings, with all defaults. */
export type QueueSettings = z.output<typeof queueSettingsSchema>;

/** The name of a standard queue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
export const queueNameSchema = z
  .string()
  .regex(
    /^[\w-]{1,80}$/,
    'can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
  );

/** Properties of a queue in a template. */
const propertiesSchema = queueSettingsSchema.extend({
  QueueName: queueNameSchema.optional(),
  SqsManagedSseEnabled: z.boolean().optional(),
  Tags: inert,
  /** Names the queues that may use this one as their dead-letter queue. It has no effect here: all may. */
  RedriveAllowPolicy: inert,
});

/**
 * Reads the properties of a template's `AWS::SQS::Queue`. FIFO queues and their properties are refused by name.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
 *
 * @returns `name` is undefined when CloudFormation generates it.
 * @throws AwsError InvalidAttributeName for both kinds of encryption.
 */
export function queueProperties(properties: unknown): {
  /** The name; undefined if CloudFormation is to make one. */
  readonly name: string | undefined;
  /** The settings of the queue. */
  readonly settings: QueueSettings;
} {
  const {
    QueueName,
    Tags: _,
    RedriveAllowPolicy: __,
    ...given
  } = readProperties(propertiesSchema, properties, 'AWS::SQS::Queue');
  const hasKey = given.KmsMasterKeyId !== undefined;
  if (hasKey && given.SqsManagedSseEnabled === true) throw twoEncryptions();
  // A key turns SQS's own encryption off.
  const { SqsManagedSseEnabled = !hasKey } = given;
  return { name: QueueName, settings: { ...given, SqsManagedSseEnabled } };
}
