import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { secretsManagerClient, secretText } from '../../lib/aws/secrets.ts';
import { sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemAlarm, systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { markReady, type ReadyHttpRequest, type Trigger } from '../../lib/drops/plan/markReady.ts';
import { turns } from '../../lib/drops/plan/trigger.ts';
import { environment, middy, startLine } from '../../lib/lambda/middlewares.ts';
import { KeyCache } from '../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../lib/wire/keys/KeyGate.ts';

const config: FunctionConfig<'ingest-trigger'> = wholeConfig;

/** What all calls of this execution environment share; undefined before the first. */
let trigger: Trigger | undefined;

/** Makes what all calls of this execution environment share. */
function makeTrigger(settings: Environment): Trigger {
  return {
    sources: config.sources,
    keys: new KeyGate({
      configured: config.keys,
      cache: new KeyCache({
        read: secretText(secretsManagerClient, settings.SLUICE_KEYS_SECRET),
        clock: systemClock,
        random: Math.random,
        alarm: systemAlarm,
        log: logLine,
      }),
      allowAnyKey: config.allowAnyKey || settings.SLUICE_ALLOW_ANY_KEY,
    }),
    anyKeyStartsAll: settings.SLUICE_ALLOW_ANY_KEY,
    takeTurn: turns(s3ObjectStore(s3Client(), settings.SLUICE_BUCKET), systemClock),
    requests: taskQueue(sqsClient(), settings.SLUICE_PLAN_QUEUE, systemTiming),
    clock: systemClock,
    log: logLine,
  };
}

/** A flag: `true`, or `false` if the variable is not set. */
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');

/** The function's environment, from serverless.yml. */
const schema = z.object({
  /** The bucket that records when each source was last started. */
  SLUICE_BUCKET: z.string().min(1),
  /** ARN of the secret with the keys that may post. */
  SLUICE_KEYS_SECRET: z.string().min(1),
  /** URL of the plan's queue. */
  SLUICE_PLAN_QUEUE: z.string().min(1),
  /** Set by the local cloud only: any secret-… key may post. */
  SLUICE_ALLOW_ANY_KEY: flag,
});

/** Settings of the trigger, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * `POST /v1/mark_data_ready_dwh`: a customer announces that days are ready, and the plan checks them now instead of at the
 * next scheduled run. The function sets no CORS headers: the gateway does, and its Function URL has
 * none, as no browser starts an ingest.
 */
export const handler = middy<ReadyHttpRequest, APIGatewayProxyStructuredResultV2>()
  .use(startLine())
  .use(environment(schema))
  .handler((event, context) => {
    trigger ??= makeTrigger(context.environment);
    return markReady(event, trigger);
  });
