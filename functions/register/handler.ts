import { setTimeout as wait } from 'node:timers/promises';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { glueClient, gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3SingleTryClient } from '../../lib/aws/s3Client.ts';
import { s3DayFolders } from '../../lib/aws/s3DayFolders.ts';
import { logLine } from '../../lib/base/log.ts';
import { queueMessages } from '../../lib/base/queue.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { environmentReader } from '../../lib/lambda/environment.ts';
import { CatalogError } from '../../lib/landing/catalog/CatalogError.ts';
import { KnownPartitions } from '../../lib/landing/catalog/planPartitions.ts';
import { type DailyReport, dailyRun, registerMessages } from '../../lib/landing/catalog/registerMessages.ts';

const config: FunctionConfig<'register'> = wholeConfig;

/**
 * No call begins in the last so many milliseconds: one may take 10 s (lib/aws/gluePartitionCatalog.ts, s3SingleTryClient.ts),
 * and the rest is for the answer and the log.
 */
const MARGIN_MS = 12_000;

const known = new KnownPartitions();
let environment: Environment | undefined;

const dailyEventSchema = z.strictObject({ sluice: z.literal('daily') });

/**
 * The registrar. Messages of the queue ("Object Created" events of the bucket) become partitions of the day
 * they name; `{"sluice":"daily"}`, which the schedule sends to the queue, repairs what was missed and prepares
 * tomorrow. By hand the function is invoked with the same.
 *
 * @throws CatalogError SLUICE_CATALOG_INVOCATION_UNKNOWN for any other event.
 */
export async function handler(
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse | readonly DailyReport[]> {
  environment ??= readEnvironment(process.env);
  const registrar = {
    config,
    bucket: environment.SLUICE_BUCKET,
    catalog: gluePartitionCatalog(glueClient()),
    folders: s3DayFolders(s3SingleTryClient()),
    known,
    log: logLine,
    attempts: {
      clock: systemClock,
      wait: (ms: number) => wait(ms),
      random: Math.random,
      deadline: systemClock.now() + context.getRemainingTimeInMillis() - MARGIN_MS,
    },
  };
  const messages = queueMessages(event);
  if (messages !== null) return registerMessages(registrar, messages);
  if (dailyEventSchema.safeParse(event).success) return dailyRun(registrar);
  throw new CatalogError('SLUICE_CATALOG_INVOCATION_UNKNOWN');
}

const schema = z.object({
  /** The bucket that is watched: events of any other are ignored. */
  SLUICE_BUCKET: z.string().min(1),
});

/** What serverless.yml gives the registrar. */
type Environment = Readonly<z.output<typeof schema>>;

/** @throws CatalogError SLUICE_CATALOG_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new CatalogError('SLUICE_CATALOG_ENVIRONMENT_INVALID', names),
);
