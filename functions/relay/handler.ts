import * as z from 'zod';
import wholeConfig from '#config';
import { relayQueues } from '../../lib/aws/relayQueue.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { sqsClient } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { endOf, LambdaError } from '../../lib/lambda/middlewares.ts';
import { queueHandler } from '../../lib/lambda/queueHandler.ts';
import { TARGET_CALL_MS } from '../../lib/relay/limits.ts';
import type { Relayer, RelayMessage } from '../../lib/relay/Relayer.ts';
import { relayMessages } from '../../lib/relay/relayMessages.ts';
import { httpSender } from '../../lib/relay/sendRequest.ts';
import { Target } from '../../lib/relay/Target.ts';

const config: FunctionConfig<'relay'> = wholeConfig;

/**
 * Milliseconds before the end from which on no copy is begun: the longest call, and what is written after it, take as
 * long.
 */
const MARGIN_MS = TARGET_CALL_MS + 15_000;

/** The function's environment, from serverless.yml. */
const schema = z.object({
  /** Name of the bucket with copies that are larger than a message, and refused copies. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the queue of copies. */
  SLUICE_RELAY_QUEUE: z.string().min(1),
  /** URL of its dead-letter queue. */
  SLUICE_RELAY_DEAD_LETTERS: z.string().min(1),
  /** The stage of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/** Settings of relay, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/** Only members that are read are required: AWS may add members to its events. */
const eventSchema = z.object({
  Records: z.array(
    z
      .object({
        eventSource: z.literal('aws:sqs'),
        messageId: z.string().min(1),
        receiptHandle: z.string().min(1),
        body: z.string(),
        attributes: z.object({
          ApproximateReceiveCount: z.coerce.number().int().min(1),
          SentTimestamp: z.coerce.number().int(),
        }),
      })
      .transform(
        ({ messageId, receiptHandle, body, attributes }): RelayMessage => ({
          messageId,
          body,
          receipt: receiptHandle,
          receives: attributes.ApproximateReceiveCount,
          sentAt: attributes.SentTimestamp,
        }),
      ),
  ),
});

/**
 * Relay delivers copies of requests to the configured target: those in messages of its queue, and those in objects that
 * messages name.
 */
export const handler = queueHandler(
  schema,
  (messages, context) => relayMessages(makeRelayer(context.environment, endOf(context)), messages),
  (event: unknown) => eventSchema.safeParse(event).data?.Records ?? null,
);

/** State of the target, kept between the invocations of this execution environment. */
let target: Target | undefined;

/** Makes the ports of one invocation. The target is kept, as it remembers whether it answers. */
function makeRelayer(environment: Environment, endsAt: number): Relayer {
  const { SLUICE_BUCKET: bucket, SLUICE_STAGE: stage, SLUICE_RELAY_QUEUE: queue } = environment;
  // No deployment without relay has this function.
  if (config.relay === undefined) throw new LambdaError('SLUICE_LAMBDA_ENVIRONMENT_INVALID', 'relay');
  target ??= new Target({
    target: config.relay,
    send: httpSender(),
    ...systemTiming,
    log: logLine,
  });
  return {
    target,
    queues: relayQueues(sqsClient(), queue, environment.SLUICE_RELAY_DEAD_LETTERS),
    store: s3ObjectStore(s3Client(), bucket),
    ...systemTiming,
    log: logLine,
    stage,
    deadline: endsAt - MARGIN_MS,
  };
}
