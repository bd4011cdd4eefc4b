import { z } from 'zod';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';
import { inert, readProperties } from '../protocol/readProperties.ts';

/** A target of a rule: a queue. */
const targetSchema = z.strictObject({
  Id: z.string().min(1).max(64),
  Arn: z.string().min(1),
  DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
  /** The role has no effect here: the policy of a queue decides who sends to it, and it always accepts. */
  RoleArn: inert,
  /** A delivery that the disk has no room for is tried again for a day, as by default. */
  RetryPolicy: inert,
});

/** The properties of `AWS::Events::Rule`. */
const ruleSchema = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  EventBusName: z.literal('default').optional(),
  EventPattern: z.unknown(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  /** There are at most five. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
  Targets: z.array(targetSchema).max(5).default([]),
  RoleArn: inert,
  Tags: inert,
});

/** A rule as a template's `AWS::Events::Rule` describes it. */
type RuleProperties = z.output<typeof ruleSchema>;

/**
 * Validates a rule of a template. Schedules, inputs that are transformed and targets other than SQS queues are
 * refused by name. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
 *
 * @throws AwsError `NotImplemented`; `ValidationException` without a pattern; `InvalidRequest` for a property out of bounds.
 */
export function ruleProperties(properties: unknown): RuleProperties {
  const rule = readProperties(ruleSchema, properties, 'AWS::Events::Rule');
  if (rule.EventPattern === undefined) throw patternMissing();
  for (const { Arn } of rule.Targets) {
    if (!/^arn:aws[\w-]*:sqs:/.test(Arn)) throw notImplemented(`AWS::Events::Rule target ${Arn}`);
  }
  return rule;
}

/** AWS's answer to a rule with neither a pattern nor a schedule: https://github.com/awsdocs/aws-cloudformation-user-guide/pull/456 */
const patternMissing = () =>
  new AwsError(
    'ValidationException',
    400,
    'Parameter(s) EventPattern or ScheduleExpression must be specified.',
  );
