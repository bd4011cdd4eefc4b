import { onBehalfOf } from '../roles/policies.ts';
import { getAtt, type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/** The daily run registers whatever went missing. */
const REGISTER_RECEIVES = 5;
/**
 * Tries before an object is parked: one each half hour, so Firehose may be away for ten hours. serverless.yml tells the
 * function as `SLUICE_TRIES`.
 */
const REDRIVE_RECEIVES = 20;
/** Timeouts of the functions, and the registrar's batching window, in serverless.yml. */
const REGISTER_SECONDS = 60;
const REGISTER_BATCHING_SECONDS = 10;
const REDRIVE_SECONDS = 300;

/** The queues of the registrar and of redrive, each with a queue of what could not be done. */
export function queues(stack: Stack): Resources {
  return {
    ...workQueue(stack, {
      part: 'register',
      queue: logicalIds.queue,
      deadLetters: logicalIds.deadLetters,
      rule: logicalIds.objectCreatedRule,
      timeoutSeconds: REGISTER_SECONDS,
      batchingSeconds: REGISTER_BATCHING_SECONDS,
      maxReceives: REGISTER_RECEIVES,
    }),
    ...workQueue(stack, {
      part: 'redrive',
      queue: logicalIds.redriveQueue,
      deadLetters: logicalIds.redriveDeadLetters,
      rule: logicalIds.redriveRule,
      timeoutSeconds: REDRIVE_SECONDS,
      maxReceives: REDRIVE_RECEIVES,
    }),
  };
}

/** Seconds: four days, SQS's default. */
const RETENTION_SECONDS = 345_600;
/** Seconds: fourteen days, SQS's longest, to look at what could not be done. */
const DEAD_LETTER_RETENTION_SECONDS = 1_209_600;
/**
 * AWS asks for six times the function's timeout, and the batching window besides, in which Lambda holds a message
 * before it invokes, so that no message comes twice while an invocation still works on it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const TIMEOUTS_HIDDEN = 6;

/** A queue that a rule, a schedule or a function feeds and one function empties. */
export interface WorkQueue {
  /** The function, as serverless.yml calls it; the queues are named after it. */
  readonly part: string;
  /** Logical IDs. */
  readonly queue: string;
  readonly deadLetters: string;
  /** Of the rule that sends to it. Default none: who sends has a role of their own that lets them. */
  readonly rule?: string;
  /** The function's timeout in serverless.yml, seconds. */
  readonly timeoutSeconds: number;
  /** `maximumBatchingWindow` in serverless.yml, seconds. Default 0. */
  readonly batchingSeconds?: number;
  /** Receives before a message is set aside. At least five, or throttling alone would set messages aside (same page). */
  readonly maxReceives: number;
}

/**
 * The queue, the queue of what could not be done, and the policies that let the rule, and nobody else's, send. A
 * schedule or function sends by its role.
 */
export function workQueue(stack: Stack, work: WorkQueue): Resources {
  const { part, queue, deadLetters, rule, timeoutSeconds, batchingSeconds = 0, maxReceives } = work;
  return {
    [queue]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: partName(stack, part),
        SqsManagedSseEnabled: true,
        VisibilityTimeout: timeoutSeconds * TIMEOUTS_HIDDEN + batchingSeconds,
        MessageRetentionPeriod: RETENTION_SECONDS,
        RedrivePolicy: { deadLetterTargetArn: getAtt(deadLetters), maxReceiveCount: maxReceives },
      },
    },
    [deadLetters]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: partName(stack, `${part}-dead-letters`),
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: DEAD_LETTER_RETENTION_SECONDS,
      },
    },
    ...(rule === undefined
      ? {}
      : {
          [`${queue}Policy`]: queuePolicy(queue, getAtt(rule)),
          [`${deadLetters}Policy`]: queuePolicy(deadLetters, getAtt(rule)),
        }),
  };
}

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
            Condition: onBehalfOf(ruleArn),
          },
        ],
      },
    },
  };
}
