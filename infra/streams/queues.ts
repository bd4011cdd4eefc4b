import { MAX_RECEIVES } from '../../lib/relay/limits.ts';
import { onBehalfOf } from '../roles/policies.ts';
import { getAtt, type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/** How a function works off its queue. */
interface Work {
  /** The function's timeout, seconds. */
  readonly timeout: number;
  /** Seconds for which messages are gathered. Default none. */
  readonly window?: number;
  /** Receives before a message moves to the dead-letter queue. At least five, or throttling alone would move it ({@link HIDDEN_TIMES}). */
  readonly receives: number;
  /** Seconds for which a message is hidden once it is received. Default six times the timeout, and the window. */
  readonly hidden?: number;
}

/** The longest that Lambda runs a function, seconds: of those that put files together, whose unfinished work goes on at once. */
export const LONGEST = 900;

/** The functions that have a queue, by their names in infra/serverless/service.ts. */
export const functionWork = {
  // The hourly run registers what is missed.
  register: { timeout: 60, window: 10, receives: 5 },
  // Ten attempts are two and a half hours. Hidden no longer than a killed run could last: a message that lives is hidden for all of it,
  // and another try comes soon.
  write: { timeout: LONGEST, window: 20, receives: 10, hidden: 960 },
  // The next scheduled run finds what this one misses.
  'ingest-plan': { timeout: 300, receives: 5 },
  // A task is received again while another load has its day, and after an interrupted load.
  'ingest-load': { timeout: LONGEST, receives: 10 },
  // As of `ingest-plan`.
  export: { timeout: LONGEST, receives: 5 },
  'curate-plan': { timeout: 300, window: 60, receives: 5 },
  // As of `ingest-load`.
  curate: { timeout: LONGEST, receives: 10 },
  relay: { timeout: 120, receives: MAX_RECEIVES },
} as const satisfies Readonly<Record<string, Work>>;

/** The queues of the registrar and of the writer, each with a dead-letter queue. */
export function queues(stack: Stack): Resources {
  return {
    ...workQueue(stack, {
      part: 'register',
      queue: logicalIds.queue,
      deadLetters: logicalIds.deadLetters,
      rules: [logicalIds.objectCreatedRule],
    }),
    ...workQueue(stack, {
      part: 'write',
      queue: logicalIds.writeQueue,
      deadLetters: logicalIds.writeDeadLetters,
      rules: [logicalIds.landingRule],
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
const HIDDEN_TIMES = 6;

/** Seconds for which a message is hidden once a function has received it, and after which it comes again unless that succeeds. */
export function hiddenSeconds(part: keyof typeof functionWork): number {
  const { timeout, window = 0, hidden = timeout * HIDDEN_TIMES + window }: Work = functionWork[part];
  return hidden;
}

/** Seconds for which SQS uses a data key before it asks KMS for another: five minutes to a day. */
const DATA_KEY_SECONDS = 3_600;

/** A queue that a rule, a schedule or a function sends to and one function consumes. */
export interface WorkQueue {
  /** The function. The queues are named after it. */
  readonly part: keyof typeof functionWork;
  /** Logical IDs. */
  readonly queue: string;
  readonly deadLetters: string;
  /** The rules that send to the queue. Default none: other senders have a role that allows it. */
  readonly rules?: readonly string[];
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
  const { part, queue, deadLetters, rules = [], retentionSeconds, key, messageBytes } = work;
  const { receives } = functionWork[part];
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
        VisibilityTimeout: hiddenSeconds(part),
        MessageRetentionPeriod: retentionSeconds ?? RETENTION_SECONDS,
        RedrivePolicy: { deadLetterTargetArn: getAtt(deadLetters), maxReceiveCount: receives },
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
