import middy from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { glueClient, gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3SingleTryClient } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { noEarlyTimeout, withEndTime } from '../../lib/lambda/endTime.ts';
import { environmentReader, withEnvironment } from '../../lib/lambda/environment.ts';
import { withMessages } from '../../lib/lambda/sqsBatch.ts';
import { withStartLine } from '../../lib/lambda/startLine.ts';
import { CatalogError } from '../../lib/landing/catalog/CatalogError.ts';
import { KnownPartitions } from '../../lib/landing/catalog/planPartitions.ts';
import {
  type DailyReport,
  dailyRun,
  type Registrar,
  registerMessages,
} from '../../lib/landing/catalog/registerMessages.ts';

const config: FunctionConfig<'register'> = wholeConfig;

/**
 * No call begins this many milliseconds before the end: a call may take 10 s (lib/aws/gluePartitionCatalog.ts,
 * s3Client.ts), and the rest is for the answer and the log.
 */
const MARGIN_MS = 12_000;

const known = new KnownPartitions();

const dailyEventSchema = z.strictObject({ sluice: z.literal('daily') });

const schema = z.object({
  /** The bucket that is watched: events of any other are ignored. */
  SLUICE_BUCKET: z.string().min(1),
});

/** Settings of the registrar, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/** @throws CatalogError SLUICE_CATALOG_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new CatalogError('SLUICE_CATALOG_ENVIRONMENT_INVALID', names),
);

/**
 * The registrar. Messages of the queue ("Object Created" events of the bucket) become partitions of the day
 * they name. `{"sluice":"daily"}`, which the schedule sends to the queue, repairs what was missed and prepares
 * tomorrow. You can also invoke the function with it.
 *
 * @throws CatalogError SLUICE_CATALOG_INVOCATION_UNKNOWN for any other event.
 */
export const handler = middy<unknown, SQSBatchResponse | readonly DailyReport[]>(noEarlyTimeout)
  .use(withStartLine())
  .use(withEnvironment(readEnvironment))
  .use(withEndTime())
  .use(withMessages())
  .handler(async (event, { environment, endsAt, messages }) => {
    const registrar = makeRegistrar(environment, endsAt);
    if (messages !== null) return registerMessages(registrar, messages);
    if (dailyEventSchema.safeParse(event).success) return dailyRun(registrar);
    throw new CatalogError('SLUICE_CATALOG_INVOCATION_UNKNOWN');
  });

function makeRegistrar(environment: Environment, endsAt: number): Registrar {
  return {
    config,
    bucket: environment.SLUICE_BUCKET,
    catalog: gluePartitionCatalog(glueClient()),
    objects: s3ObjectStore(s3SingleTryClient(), environment.SLUICE_BUCKET),
    known,
    log: logLine,
    attempts: {
      ...systemTiming,
      deadline: endsAt - MARGIN_MS,
    },
  };
}
