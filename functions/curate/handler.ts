import { randomUUID } from 'node:crypto';
import { mkdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import wholeConfig from '#config';
import { glueClient, gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { glueViews } from '../../lib/aws/glueViews.ts';
import { landingBucket } from '../../lib/aws/landingBucket.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import type { Curator } from '../../lib/curate/Curator.ts';
import { curateFiles } from '../../lib/curate/engine/curateFiles.ts';
import { listedDays } from '../../lib/curate/ListedDays.ts';
import { rawDays } from '../../lib/curate/RawDays.ts';
import { engineShare, makeWorkDirectory } from '../../lib/lambda/machine.ts';
import { queueHandler } from '../../lib/lambda/queueHandler.ts';
import { Ledger } from '../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import { curateMessages } from './curateMessages.ts';

const config: FunctionConfig<'curate'> = wholeConfig;

/** Milliseconds before the end at which a task stops, to hand its day back and to log: a call to S3 may take 10 s and may be retried. */
const MARGIN_MS = 45_000;
/** A claim outlives the function by this many milliseconds, so that nobody takes over a day that is still being written. */
const LEASE_SLACK_MS = 60_000;

const schema = z.object({
  /** Raw files, curated files and the ledger. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the plan's queue, which writes the list of curated days into the views. */
  SLUICE_PLAN_QUEUE: z.string().min(1),
  /** URL of this function's own queue, for the slices of a day. */
  SLUICE_TASK_QUEUE: z.string().min(1),
  /** `maxReceiveCount` of the queue: the try after which a day fails. */
  SLUICE_TRIES: z.coerce.number().int().min(1),
  /** MiB. Lambda sets it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().min(128),
});

/** Settings of the function, from serverless.yml and Lambda. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * Curates the days that the plan has queued: it fetches their raw files to `/tmp`, runs DuckDB on them, and writes one row an
 * event, sorted, to a new version of the day in the curated table.
 */
export const handler = queueHandler(schema, async (messages, { environment, endsAt }) => {
  const deadline = endsAt - MARGIN_MS;
  const directory = await makeWorkDirectory(tmpdir());
  try {
    return await curateMessages(
      await makeCurator(environment, directory.path, deadline),
      {
        owner: randomUUID(),
        leaseUntil: endsAt + LEASE_SLACK_MS,
        deadline,
        signal: AbortSignal.timeout(Math.max(0, deadline - systemClock.now())),
      },
      messages,
      environment.SLUICE_TRIES,
    );
  } finally {
    await directory.remove();
  }
});

async function makeCurator(environment: Environment, directory: string, deadline: number): Promise<Curator> {
  const { SLUICE_BUCKET: bucket, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory } = environment;
  const share = engineShare(memory);
  const limits = { ...share, temporaryDirectory: join(directory, 'spilled') };
  await mkdir(limits.temporaryDirectory);
  const s3 = s3Client();
  return {
    config,
    bucket,
    raw: rawDays(s3ObjectStore(s3, bucket), config, { ...systemTiming, deadline }),
    landing: landingBucket(s3, bucket),
    ledger: new Ledger({
      store: ledgerStore(s3ObjectStore(s3, bucket)),
      newToken: randomUUID,
      ...systemTiming,
    }),
    catalog: gluePartitionCatalog(glueClient()),
    listed: listedDays(s3ObjectStore(s3, bucket)),
    views: glueViews(glueClient(), config.database),
    tasks: taskQueue(sqsClient(), environment.SLUICE_TASK_QUEUE, systemTiming),
    requests: taskQueue(sqsClient(), environment.SLUICE_PLAN_QUEUE, systemTiming),
    curate: curateFiles,
    limits,
    machine: { ...share, milliseconds: Math.max(0, deadline - systemClock.now()) },
    directory,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
    ...systemTiming,
    log: logLine,
  };
}
