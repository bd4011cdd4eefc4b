import { onBehalfOf } from '../roles/policies.ts';
import { type FunctionPart, functionWork, hiddenSeconds } from '../template/functionWork.ts';
import { getAtt, type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { idOf, logicalIds, partName, type Stack } from '../template/Stack.ts';

/** The queues of the registrar and of the writer, each with a dead-letter queue. */
export function queues(stack: Stack): Resources {
  return {
    ...workQueue(stack, 'register', { rules: [logicalIds.objectCreatedRule] }),
    ...workQueue(stack, 'write', { rules: [logicalIds.landingRule] }),
  };
}

/** How long a queue keeps a message, seconds: four days, the default of SQS. */
const RETENTION_SECONDS = 345_600;
/** How long a dead-letter queue keeps a message, seconds: fourteen days, the maximum of SQS. */
const DEAD_LETTER_RETENTION_SECONDS = 1_209_600;
/** Seconds for which SQS uses a data key before it asks KMS for another: five minutes to a day. */
const DATA_KEY_SECONDS = 3_600;

/** Settings of a queue that a rule, a schedule or a function sends to and one function consumes. */
interface WorkQueue {
  /** The rules that send to the queue. Default none: other senders have a role that allows it. */
  readonly rules?: readonly string[];
  /** Seconds for which both queues keep a message. Default four days, and fourteen for dead letters. */
  readonly retentionSeconds?: number;
  /**
   * ARN of the key that encrypts both queues. Senders and the consumer need permissions for the key, and services need
   * a statement in its policy. Default: keys of SQS.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
   */
  readonly key?: Value | undefined;
  /** Size of the largest message, bytes. Default: that of SQS. */
  readonly messageBytes?: number;
}

/**
 * The queue, its dead-letter queue, and the policies that allow the rules, and no other rule, to send. A schedule or a
 * function sends with its role.
 *
 * @param part The function. The queues are named after it.
 */
export function workQueue(stack: Stack, part: FunctionPart, work: WorkQueue = {}): Resources {
  const { rules = [], retentionSeconds, key, messageBytes } = work;
  const queue = idOf(part, 'Queue');
  const deadLetters = idOf(part, 'DeadLetterQueue');
  const { receives } = functionWork[part];
  const shared = {
    ...(key === undefined
      ? { SqsManagedSseEnabled: true }
      : { KmsMasterKeyId: key, KmsDataKeyReusePeriodSeconds: DATA_KEY_SECONDS }),
    ...(messageBytes === undefined ? {} : { MaximumMessageSize: messageBytes }),
  };
  return {
    [queue]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: partName(stack, part),
        ...shared,
        VisibilityTimeout: hiddenSeconds(part),
        MessageRetentionPeriod: retentionSeconds ?? RETENTION_SECONDS,
        RedrivePolicy: { deadLetterTargetArn: getAtt(deadLetters), maxReceiveCount: receives },
      },
    },
    [deadLetters]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: partName(stack, `${part}-dead-letters`),
        ...shared,
        MessageRetentionPeriod: retentionSeconds ?? DEAD_LETTER_RETENTION_SECONDS,
      },
    },
    ...(rules.length === 0
      ? {}
      : {
          [`${queue}Policy`]: queuePolicy(queue, rules),
          [`${deadLetters}Policy`]: queuePolicy(deadLetters, rules),
        }),
  };
}

/** The policy of a queue that lets rules send to it. */
function queuePolicy(queue: string, rules: readonly string[]): Resource {
  const ruleArns = rules.map((rule) => getAtt(rule));
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
            Condition: onBehalfOf(...ruleArns),
          },
        ],
      },
    },
  };
}
