import * as z from 'zod';
import wholeConfig from '#config';
import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { customerBucket } from '../../lib/aws/customerBucket.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { lastListings } from '../../lib/drops/plan/lastListings.ts';
import { lateNotes } from '../../lib/drops/plan/late/lateNotes.ts';
import { type Planner, planMessages } from '../../lib/drops/plan/planMessages.ts';
import { endOf } from '../../lib/lambda/middlewares.ts';
import { queueHandler } from '../../lib/lambda/queueHandler.ts';

const config: FunctionConfig<'ingest-plan'> = wholeConfig;

/** Nothing begins this many milliseconds before the end: a list call may take 30 s and may be retried. */
const MARGIN_MS = 60_000;

/** The function's environment, from serverless.yml. */
const schema = z.object({
  /** Name of the bucket that has the ledger. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of this function's own queue, by which it checks waiting days again. */
  SLUICE_PLAN_QUEUE: z.string().min(1),
  /** URL of the load's queue. */
  SLUICE_TASK_QUEUE: z.string().min(1),
  /** The stage of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/** Settings of the plan, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * The plan finds the days of customers' drops that are new or changed and sends a task for each to the load's queue.
 * Messages of its queue are requests (lib/drops/plan/messageBodies.ts): schedules, the trigger and
 * `sluice ingest` send them.
 */
export const handler = queueHandler(schema, (messages, context) =>
  planMessages(makePlanner(context.environment, endOf(context)), messages),
);

/** Makes the ports of one invocation. */
function makePlanner(from: Environment, endsAt: number): Planner {
  const { SLUICE_BUCKET: bucket, SLUICE_PLAN_QUEUE, SLUICE_TASK_QUEUE, SLUICE_STAGE: stage } = from;
  return {
    sources: config.sources,
    stage,
    clock: systemClock,
    bucketOf: (source, dataset) => customerBucket(source, dataset, 'list'),
    ledger: bucketLedger(s3Client(), bucket),
    looks: lastListings(s3ObjectStore(s3Client(), bucket)),
    lateNotes: lateNotes(s3ObjectStore(s3Client(), bucket)),
    tasks: taskQueue(sqsClient(), SLUICE_TASK_QUEUE, systemTiming),
    requests: taskQueue(sqsClient(), SLUICE_PLAN_QUEUE, systemTiming),
    log: logLine,
    deadline: endsAt - MARGIN_MS,
  };
}
