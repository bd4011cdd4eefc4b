import * as z from 'zod';
import wholeConfig from '#config';
import { readArchivingRules } from '../../lib/aws/archivingRules.ts';
import { glueClient, gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3SingleTryClient } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { endOf } from '../../lib/lambda/middlewares.ts';
import { queueHandler } from '../../lib/lambda/queueHandler.ts';
import { noteArchivingRules } from '../../lib/landing/catalog/archivingRules.ts';
import { KnownPartitions } from '../../lib/landing/catalog/KnownPartitions.ts';
import { type Registrar, registerMessages } from '../../lib/landing/catalog/registerMessages.ts';
import { nightLine } from '../../lib/reconcile/lastNight.ts';

const config: FunctionConfig<'register'> = wholeConfig;

/**
 * No call begins this many milliseconds before the end: a call may take 10 s (lib/aws/gluePartitionCatalog.ts,
 * s3Client.ts), and the rest is for the answer and the log.
 */
const MARGIN_MS = 12_000;

/** The partitions that earlier invocations of this execution environment found or made. */
const known = new KnownPartitions();

/** The function's environment, from serverless.yml. */
const schema = z.object({
  /** The bucket that is watched: events of any other bucket are ignored. */
  SLUICE_BUCKET: z.string().min(1),
  /** The stage of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/**
 * The registrar. For each message of its queue, an "Object Created" event of the bucket, it makes the partition of the
 * day in the object's key. `{"sluice":"daily"}`, which the schedule sends to the queue, makes it repair what was missed
 * and prepare tomorrow.
 */
export const handler = queueHandler(schema, (messages, context) =>
  registerMessages(makeRegistrar(context.environment, endOf(context)), messages),
);

/** Makes the ports of one invocation. */
function makeRegistrar(
  { SLUICE_BUCKET: bucket, SLUICE_STAGE: stage }: z.output<typeof schema>,
  endsAt: number,
): Registrar {
  const catalog = gluePartitionCatalog(glueClient());
  const s3 = s3SingleTryClient();
  const store = s3ObjectStore(s3, bucket);
  return {
    config,
    bucket,
    catalog,
    objects: store,
    ...(config.reconcile && {
      async logNight() {
        logLine(await nightLine({ store, catalog, config, now: systemClock.now() }, stage));
      },
    }),
    async noteRules() {
      await noteArchivingRules(store, await readArchivingRules(s3, bucket), systemClock.now(), logLine);
    },
    known,
    log: logLine,
    attempts: {
      ...systemTiming,
      deadline: endsAt - MARGIN_MS,
    },
  };
}
