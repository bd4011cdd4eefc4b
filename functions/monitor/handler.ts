import middy from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { athenaClient } from '../../lib/aws/athenaLoads.ts';
import { athenaQueries } from '../../lib/aws/athenaStatements.ts';
import { cloudWatchClient, metricSums } from '../../lib/aws/metricSums.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { snsClient, snsTopic } from '../../lib/aws/snsTopic.ts';
import { logLine } from '../../lib/base/log.ts';
import { batchFailures, isRunMessage } from '../../lib/base/queue.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { noEarlyTimeout, withEndTime } from '../../lib/lambda/endTime.ts';
import { environmentReader, withEnvironment } from '../../lib/lambda/environment.ts';
import { withMessages } from '../../lib/lambda/sqsBatch.ts';
import { withStartLine } from '../../lib/lambda/startLine.ts';
import { look } from '../../lib/monitors/look.ts';
import { MonitorError } from '../../lib/monitors/MonitorError.ts';
import { runMonitors } from '../../lib/monitors/runMonitors.ts';
import { tellText } from '../../lib/monitors/tellText.ts';

const config: FunctionConfig<'monitor'> = wholeConfig;

/** No query goes on for these last milliseconds: what was found is kept and told in them. */
const MARGIN_MS = 60_000;

const schema = z.object({
  /** Where the rows and the state are. */
  SLUICE_BUCKET: z.string().min(1),
  /** Workgroup of the queries. */
  SLUICE_WORKGROUP: z.string().min(1),
  /** ARN of the topic of the alarms. Without it nothing is told. */
  SLUICE_TOPIC: z.string().min(1).optional(),
  /** `--stage` of the deployment, which commands in messages name. */
  SLUICE_STAGE: z.string().min(1),
  /** Lambda's own. */
  AWS_REGION: z.string().min(1),
});

/** The variables that serverless.yml gives the monitors. */
type Environment = Readonly<z.output<typeof schema>>;

/** @throws MonitorError SLUICE_MONITOR_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new MonitorError('SLUICE_MONITOR_ENVIRONMENT_INVALID', names),
);

/**
 * A run of the monitors. The schedule sends `{"sluice":"monitor"}` to its queue every hour. Several messages are one run; if
 * it fails, they return.
 *
 * @throws MonitorError SLUICE_MONITOR_INVOCATION_UNKNOWN for anything but messages of its queue; what a run throws.
 */
export const handler = middy<unknown, SQSBatchResponse>(noEarlyTimeout)
  .use(withStartLine())
  .use(withEnvironment(readEnvironment))
  .use(withEndTime())
  .use(withMessages())
  .handler(async (_, { environment, endsAt, messages }) => {
    if (messages === null) throw new MonitorError('SLUICE_MONITOR_INVOCATION_UNKNOWN');
    const unknown = messages.filter(({ body }) => !isRunMessage(body, 'monitor'));
    if (unknown.length < messages.length) await run(environment, endsAt);
    return batchFailures(unknown.map(({ messageId }) => messageId));
  });

async function run(from: Environment, endsAt: number): Promise<void> {
  const { SLUICE_BUCKET, SLUICE_WORKGROUP, SLUICE_TOPIC, SLUICE_STAGE: stage, AWS_REGION: region } = from;
  const { monitors } = config;
  if (monitors === null) return;
  const now = systemClock.now();
  const store = s3ObjectStore(s3Client(), SLUICE_BUCKET);
  const ask = athenaQueries(athenaClient(), {
    ...{ workGroup: SLUICE_WORKGROUP, database: config.database },
    deadline: endsAt - MARGIN_MS,
  });
  const publish = SLUICE_TOPIC === undefined ? null : snsTopic(snsClient(), SLUICE_TOPIC);
  const told = await runMonitors({
    ...{ monitors, store, endsAt, clock: systemClock, log: logLine },
    look: (monitor, isOpen) =>
      look(
        {
          ...{ config: { ...config, monitors }, store, now, ask },
          count: metricSums(cloudWatchClient(), { function: 'collect', stage }, now),
        },
        monitor,
        isOpen,
      ),
    tell: publish && ((events) => publish(tellText(events, { stage, region }))),
  });
  logLine({ level: 'info', event: 'monitor', told });
}
