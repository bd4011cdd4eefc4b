import * as z from 'zod';
import wholeConfig from '#config';
import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { glueClient } from '../../lib/aws/gluePartitionCatalog.ts';
import { glueViews } from '../../lib/aws/glueViews.ts';
import { landingBucket } from '../../lib/aws/landingBucket.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { listedDays } from '../../lib/curate/ListedDays.ts';
import { planMessages } from '../../lib/curate/planMessages.ts';
import type { CuratePlanFunction } from '../../lib/curate/planSteps.ts';
import { rawDays } from '../../lib/curate/RawDays.ts';
import { endOf } from '../../lib/lambda/middlewares.ts';
import { queueHandler } from '../../lib/lambda/queueHandler.ts';

const config: FunctionConfig<'curate-plan'> = wholeConfig;

/** No call begins this many milliseconds before the end: a call may take 10 s and may be retried. */
const MARGIN_MS = 45_000;

/** The function's environment, from serverless.yml. */
const schema = z.object({
  /** Name of the bucket with the raw files and the ledger. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the queue of `curate`. */
  SLUICE_TASK_QUEUE: z.string().min(1),
  /** The stage of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/** Settings of the plan, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * The plan of curated days: it finds days to curate and sends a task for each, takes days out of the list that views read
 * when raw files arrive, and writes the list into the views.
 */
export const handler = queueHandler(schema, (messages, context) =>
  planMessages(makePlanner(context.environment, endOf(context) - MARGIN_MS), messages),
);

/** Makes the ports of one invocation. */
function makePlanner(from: Environment, deadline: number): CuratePlanFunction {
  const { SLUICE_BUCKET: bucket, SLUICE_TASK_QUEUE, SLUICE_STAGE: stage } = from;
  const s3 = s3Client();
  return {
    config,
    bucket,
    stage,
    raw: rawDays(s3ObjectStore(s3, bucket), config, { ...systemTiming, deadline }),
    landing: landingBucket(s3, bucket),
    ledger: bucketLedger(s3, bucket),
    views: glueViews(glueClient(), config.database),
    listed: listedDays(s3ObjectStore(s3, bucket)),
    tasks: taskQueue(sqsClient(), SLUICE_TASK_QUEUE, systemTiming),
    ...systemTiming,
    deadline,
    log: logLine,
  };
}
