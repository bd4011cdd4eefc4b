import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import wholeConfig from '#config';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { countMessages, sqsClient, taskQueue } from '../../lib/aws/taskQueue.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { engineShare, makeWorkDirectory } from '../../lib/lambda/machine.ts';
import { endOf } from '../../lib/lambda/middlewares.ts';
import { queueHandler } from '../../lib/lambda/queueHandler.ts';
import type { LandingQueue } from '../../lib/landing/write/lookAtLanding.ts';
import { writeMessages } from '../../lib/landing/write/writeMessages.ts';
import type { Writer } from '../../lib/landing/write/writeObjects.ts';

const config: FunctionConfig<'write'> = wholeConfig;

/** Milliseconds before the end at which work stops: the last calls of the bucket, the answer and the log need them. */
const MARGIN_MS = 30_000;

/** The function's environment, from serverless.yml and Lambda. */
const schema = z.object({
  /** URL of the function's queue. */
  SLUICE_WRITE_QUEUE: z.string().min(1),
  /** The stage of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
  /** MiB. Lambda sets it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().min(128),
});

/** Settings of the function, from serverless.yml and Lambda. */
type Environment = Readonly<z.output<typeof schema>>;

/**
 * The writer makes the Parquet files of all tables from objects of the landing. Messages of its queue name the objects
 * ("Object Created" events of the bucket). `{"sluice":"look"}`, which the schedule sends to the queue, makes it find
 * objects that have no message.
 */
export const handler = queueHandler(schema, async (messages, context) => {
  const deadline = endOf(context) - MARGIN_MS;
  const signal = AbortSignal.timeout(Math.max(0, deadline - systemClock.now()));
  const directory = await makeWorkDirectory(tmpdir());
  try {
    const writer = await makeWriter(context.environment, directory.path);
    const queue = queueOf(context.environment);
    return await writeMessages(messages, writer, queue, { deadline, signal });
  } finally {
    await directory.remove();
  }
});

/** Makes the ports of one invocation, and the folder for what DuckDB spills. */
async function makeWriter(environment: Environment, directory: string): Promise<Writer> {
  const temporaryDirectory = join(directory, 'spilled');
  await mkdir(temporaryDirectory);
  return {
    config,
    stage: environment.SLUICE_STAGE,
    directory,
    store: s3ObjectStore(s3Client(), config.bucket),
    ...systemTiming,
    limits: { ...engineShare(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE), temporaryDirectory },
    log: logLine,
  };
}

/** The function's own queue, to which a look at the landing sends what it finds. */
function queueOf({ SLUICE_WRITE_QUEUE }: Environment): LandingQueue {
  const { send } = taskQueue(sqsClient(), SLUICE_WRITE_QUEUE, systemTiming);
  return { send, waiting: () => countMessages(sqsClient(), SLUICE_WRITE_QUEUE) };
}
