import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import middy from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { noEarlyTimeout, withEndTime } from '../../lib/lambda/endTime.ts';
import { environmentReader, withEnvironment } from '../../lib/lambda/environment.ts';
import { engineShare, makeWorkDirectory } from '../../lib/lambda/machine.ts';
import { withMessages } from '../../lib/lambda/sqsBatch.ts';
import { withStartLine } from '../../lib/lambda/startLine.ts';
import type { Writer } from '../../lib/landing/write/attempts.ts';
import { type LookReport, lookAtLanding } from '../../lib/landing/write/lookAtLanding.ts';
import { WriteError } from '../../lib/landing/write/WriteError.ts';
import { writeStore } from '../../lib/landing/write/WriteStore.ts';
import { writeMessages } from '../../lib/landing/write/writeMessages.ts';

const config: FunctionConfig<'write'> = wholeConfig;

/** Milliseconds before the end at which work stops: the last writes to the bucket, the answer and the log need them. */
const MARGIN_MS = 30_000;
/** A claim outlives the function by this many milliseconds, so that nobody takes over an object that is still being written. */
const CLAIM_SLACK_MS = 60_000;

const schema = z.object({
  /** The landing, and the tables: events of any other bucket are ignored. */
  SLUICE_BUCKET: z.string().min(1),
  /** `maxReceiveCount` of the queue: after that many tries of an object's message only the look goes on with it. */
  SLUICE_TRIES: z.coerce.number().int().min(1),
  /** MiB. Lambda sets it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().min(128),
});

/** Settings of the function, from serverless.yml and Lambda. */
type Environment = Readonly<z.output<typeof schema>>;

/** @throws WriteError SLUICE_WRITE_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new WriteError('SLUICE_WRITE_ENVIRONMENT_INVALID', names),
);

const lookEventSchema = z.strictObject({ sluice: z.literal('look') });

/**
 * The writer makes the Parquet files of all tables of the objects of the landing. Messages of its queue name them ("Object
 * Created" events of the bucket). `{"sluice":"look"}`, which the schedule sends to the queue, finds objects that have no
 * message. You can also invoke the function with it.
 *
 * @throws WriteError SLUICE_WRITE_INVOCATION_UNKNOWN for any other event.
 */
export const handler = middy<unknown, SQSBatchResponse | LookReport | null>(noEarlyTimeout)
  .use(withStartLine())
  .use(withEnvironment(readEnvironment))
  .use(withEndTime())
  .use(withMessages())
  .handler(async (event, { environment, endsAt, messages }) => {
    if (messages === null && !lookEventSchema.safeParse(event).success)
      throw new WriteError('SLUICE_WRITE_INVOCATION_UNKNOWN');
    const deadline = endsAt - MARGIN_MS;
    const signal = AbortSignal.timeout(Math.max(0, deadline - systemClock.now()));
    const time = { deadline, claimUntil: endsAt + CLAIM_SLACK_MS, signal };
    const directory = await makeWorkDirectory(tmpdir());
    try {
      const writer = await makeWriter(environment, directory.path);
      return messages === null
        ? await lookAtLanding(writer, time)
        : await writeMessages(writer, messages, time);
    } finally {
      await directory.remove();
    }
  });

async function makeWriter(environment: Environment, directory: string): Promise<Writer> {
  const { SLUICE_BUCKET: bucket, SLUICE_TRIES: tries } = environment;
  const temporaryDirectory = join(directory, 'spilled');
  await mkdir(temporaryDirectory);
  return {
    ...{ config, bucket, tries, directory },
    store: writeStore(s3ObjectStore(s3Client(), bucket), systemClock),
    clock: systemClock,
    limits: { ...engineShare(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE), temporaryDirectory },
    log: logLine,
  };
}
