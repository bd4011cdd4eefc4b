import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { glueClient, gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { s3SingleTryClient } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { endOf, environment, middy, startLine } from '../../lib/lambda/middlewares.ts';
import { queueMessages } from '../../lib/lambda/queueMessages.ts';
import { KnownPartitions } from '../../lib/landing/catalog/planPartitions.ts';
import { type Registrar, registerMessages } from '../../lib/landing/catalog/registerMessages.ts';

const config: FunctionConfig<'register'> = wholeConfig;

/**
 * No call begins this many milliseconds before the end: a call may take 10 s (lib/aws/gluePartitionCatalog.ts,
 * s3Client.ts), and the rest is for the answer and the log.
 */
const MARGIN_MS = 12_000;

const known = new KnownPartitions();

const schema = z.object({
  /** The bucket that is watched: events of any other are ignored. */
  SLUICE_BUCKET: z.string().min(1),
});

/**
 * The registrar. Messages of the queue ("Object Created" events of the bucket) become partitions of the day
 * they name. `{"sluice":"daily"}`, which the schedule sends to the queue, repairs what was missed and prepares
 * tomorrow.
 */
export const handler = middy<unknown, SQSBatchResponse>()
  .use(startLine())
  .use(environment(schema))
  .use(queueMessages())
  .handler((messages, context) =>
    registerMessages(makeRegistrar(context.environment.SLUICE_BUCKET, endOf(context)), messages),
  );

function makeRegistrar(bucket: string, endsAt: number): Registrar {
  return {
    config,
    bucket,
    catalog: gluePartitionCatalog(glueClient()),
    objects: s3ObjectStore(s3SingleTryClient(), bucket),
    known,
    log: logLine,
    attempts: {
      ...systemTiming,
      deadline: endsAt - MARGIN_MS,
    },
  };
}
