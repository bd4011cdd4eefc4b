import { getAtt, ref } from './intrinsics.ts';
import { onlyFor } from './policies.ts';
import type { Resource, Resources, Value } from './Resource.ts';
import { logicalIds, partName, type Stack } from './Stack.ts';

/**
 * Seconds: six times the registrar's timeout in serverless.yml, as AWS asks, so that no message comes twice
 * while an invocation still works on it. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const VISIBILITY_SECONDS = 360;
/** Seconds: four days, SQS's default. The daily run registers whatever went missing long before. */
const RETENTION_SECONDS = 345_600;
/** Seconds: fourteen days, SQS's longest, to look at what could not be registered. */
const DEAD_LETTER_RETENTION_SECONDS = 1_209_600;
/** Receives before a message is set aside. At least five, or throttling alone would set messages aside (same page). */
const MAX_RECEIVES = 5;

/** The registrar's queue and the queue of what it could not register. */
export function queues(stack: Stack): Resources {
  return {
    [logicalIds.queue]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: partName(stack, 'register'),
        SqsManagedSseEnabled: true,
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageRetentionPeriod: RETENTION_SECONDS,
        RedrivePolicy: {
          deadLetterTargetArn: getAtt(logicalIds.deadLetters),
          maxReceiveCount: MAX_RECEIVES,
        },
      },
    },
    [logicalIds.deadLetters]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: partName(stack, 'register-dead-letters'),
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: DEAD_LETTER_RETENTION_SECONDS,
      },
    },
    RegisterQueuePolicy: queuePolicy(logicalIds.queue, getAtt(logicalIds.objectCreatedRule)),
    RegisterDeadLetterQueuePolicy: queuePolicy(logicalIds.deadLetters, getAtt(logicalIds.objectCreatedRule)),
  };
}

/** Lets one rule, and nobody else's, send to a queue. */
function queuePolicy(queue: string, ruleArn: Value): Resource {
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [ref(queue)],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: getAtt(queue),
            Condition: onlyFor(ruleArn),
          },
        ],
      },
    },
  };
}
