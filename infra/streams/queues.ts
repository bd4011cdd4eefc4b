import { onBehalfOf } from '../roles/policies.ts';
import { getAtt, type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/** Attempts of a message. The hourly run then registers missed partitions. */
const REGISTER_RECEIVES = 5;
/** Attempts of a message: two and a half hours. */
const WRITE_RECEIVES = 10;
/** Timeouts of the functions and their batching windows, in infra/serverless/service.ts. */
const REGISTER_SECONDS = 60;
const REGISTER_BATCHING_SECONDS = 10;
const WRITE_SECONDS = 900;
const WRITE_HIDDEN_SECONDS = 960;

/** The queues of the registrar and of the writer, each with a dead-letter queue. */
export function queues(stack: Stack): Resources {
  return {
    ...workQueue(stack, {
      part: 'register',
      queue: logicalIds.queue,
      deadLetters: logicalIds.deadLetters,
      rules: [logicalIds.objectCreatedRule],
      timeoutSeconds: REGISTER_SECONDS,
      batchingSeconds: REGISTER_BATCHING_SECONDS,
      maxReceives: REGISTER_RECEIVES,
    }),
    ...workQueue(stack, {
      part: 'write',
      queue: logicalIds.writeQueue,
      deadLetters: logicalIds.writeDeadLetters,
      rules: [logicalIds.landingRule],
      timeoutSeconds: WRITE_SECONDS,
      // No longer than a killed run could last: a message that lives is hidden for all of it, and another try comes soon.
      hiddenSeconds: WRITE_HIDDEN_SECONDS,
      maxReceives: WRITE_RECEIVES,
    }),
  };
}

/** Seconds: four days, SQS's default. */
const RETENTION_SECONDS = 345_600;
/** Seconds: fourteen days, the maximum of SQS. */
const DEAD_LETTER_RETENTION_SECONDS = 1_209_600;
/**
 * AWS recommends six times the function's timeout plus the batching window, so that a message is not delivered again while
 * an invocation still works on it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const TIMEOUTS_HIDDEN = 6;

/** Seconds for which SQS uses a data key before it asks KMS for another: five minutes to a day. */
const DATA_KEY_SECONDS = 3_600;

/** A queue that a rule, a schedule or a function sends to and one function consumes. */
export interface WorkQueue {
  /** The function's name in infra/serverless/service.ts. The queues are named after it. */
  readonly part: string;
  /** Logical IDs. */
  readonly queue: string;
  readonly deadLetters: string;
  /** The rules that send to the queue. Default none: other senders have a role that allows it. */
  readonly rules?: readonly string[];
  /** The function's timeout in infra/serverless/service.ts, seconds. */
  readonly timeoutSeconds: number;
  /** Seconds for which a message is hidden once it is received. Default six times the timeout, and the window. */
  readonly hiddenSeconds?: number;
  /** `maximumBatchingWindow` in infra/serverless/service.ts, seconds. Default 0. */
  readonly batchingSeconds?: number;
  /** Receives before a message moves to the dead-letter queue. At least five, or throttling alone would move it (same page). */
  readonly maxReceives: number;
  /** Seconds for which both queues keep a message. Default four days, and fourteen for dead letters. */
  readonly retentionSeconds?: number;
  /**
   * The key that encrypts both queues, by its ARN. Its senders and its consumer need permissions for the key, services a
   * statement in its policy. Default SQS's own keys. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
   */
  readonly key?: Value;
  /** Largest message, bytes. Default SQS's. */
  readonly messageBytes?: number;
}

/**
 * The queue, its dead-letter queue, and the policies that allow the rules, and no other rule, to send. A schedule or
 * function sends with its role.
 */
export function workQueue(stack: Stack, work: WorkQueue): Resources {
  const { part, queue, deadLetters, rules = [], timeoutSeconds, batchingSeconds = 0, maxReceives } = work;
  const { retentionSeconds, key, messageBytes, hiddenSeconds } = work;
  const both = {
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
        ...both,
        VisibilityTimeout: hiddenSeconds ?? timeoutSeconds * TIMEOUTS_HIDDEN + batchingSeconds,
        MessageRetentionPeriod: retentionSeconds ?? RETENTION_SECONDS,
        RedrivePolicy: { deadLetterTargetArn: getAtt(deadLetters), maxReceiveCount: maxReceives },
      },
    },
    [deadLetters]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: partName(stack, `${part}-dead-letters`),
        ...both,
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
