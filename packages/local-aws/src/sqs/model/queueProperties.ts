import { z } from 'zod';
import { readProperties } from '../../protocol/readProperties.ts';
import { type QueueSettings, queueNameSchema, queueSettingsSchema } from './queueSettings.ts';

const schema = queueSettingsSchema.extend({
  QueueName: queueNameSchema.optional(),
  /** Without effect here: tags, and who may use this queue as a dead-letter queue. */
  Tags: z.array(z.unknown()).optional(),
  RedriveAllowPolicy: z.unknown().optional(),
});

/**
 * Reads the properties of a template's `AWS::SQS::Queue`. FIFO queues and what goes with them are refused by
 * name. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
 *
 * @returns `name` is undefined when the template leaves it to CloudFormation.
 */
export function queueProperties(properties: unknown): {
  readonly name: string | undefined;
  readonly settings: QueueSettings;
} {
  const { QueueName, Tags, RedriveAllowPolicy, ...settings } = readProperties(
    schema,
    properties,
    'AWS::SQS::Queue',
  );
  return { name: QueueName, settings };
}
