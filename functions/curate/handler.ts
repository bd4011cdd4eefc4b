import * as z from 'zod';
import wholeConfig from '#config';
import { bucketLedger } from '../../lib/aws/bucketLedger.ts';
import { glueClient, gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { landingBucket } from '../../lib/aws/landingBucket.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import type { Curator } from '../../lib/curate/Curator.ts';
import { curateMessages } from '../../lib/curate/curateMessages.ts';
import { curateFiles } from '../../lib/curate/engine/curateFiles.ts';
import { listedDays } from '../../lib/curate/ListedDays.ts';
import { rawDays } from '../../lib/curate/RawDays.ts';
import type { Machine } from '../../lib/lambda/machine.ts';
import { machineHandler, machineSettings } from '../../lib/lambda/machineHandler.ts';

const config: FunctionConfig<'curate'> = wholeConfig;

/** The function's environment, from serverless.yml and Lambda. */
const schema = z.object({
  /** Name of the bucket with the raw files, the curated files and the ledger. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the plan's queue, which writes the list of curated days into the views. */
  SLUICE_PLAN_QUEUE: z.string().min(1),
  /** URL of this function's own queue, for the next slice of a day. */
  SLUICE_TASK_QUEUE: z.string().min(1),
  ...machineSettings,
});

/** Settings of the function, from serverless.yml and Lambda. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * Curates the days that the plan has queued: it fetches their raw files to `/tmp`, runs DuckDB on them, and writes one
 * row an event, sorted, to a new version of the day in the curated table.
 */
export const handler = machineHandler(schema, (machine, messages, settings) =>
  curateMessages(makeCurator(settings, machine), machine.invocation, messages, settings.SLUICE_TRIES),
);

/** Makes the ports of one invocation. */
function makeCurator(
  { SLUICE_BUCKET: bucket, SLUICE_PLAN_QUEUE, SLUICE_TASK_QUEUE }: Environment,
  { directory, limits, freeBytes, invocation }: Machine,
): Curator {
  const { deadline } = invocation;
  const store = s3ObjectStore(s3Client(), bucket);
  return {
    config,
    bucket,
    raw: rawDays(store, config, { ...systemTiming, deadline }),
    landing: landingBucket(s3Client(), bucket),
    ledger: bucketLedger(s3Client(), bucket),
    catalog: gluePartitionCatalog(glueClient()),
    listed: listedDays(store),
    tasks: taskQueue(sqsClient(), SLUICE_TASK_QUEUE, systemTiming),
    requests: taskQueue(sqsClient(), SLUICE_PLAN_QUEUE, systemTiming),
    curate: curateFiles,
    limits,
    directory,
    freeBytes,
    machine: { ...limits, milliseconds: Math.max(0, deadline - systemTiming.clock.now()) },
    ...systemTiming,
    log: logLine,
  };
}
