import { randomBytes } from 'node:crypto';
import middy from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { firehoseClient, firehosePutRecord } from '../../lib/aws/firehosePutRecord.ts';
import { secretsManagerClient, versionedSecret } from '../../lib/aws/secrets.ts';
import { cloudWatchClient, streamReadings } from '../../lib/aws/streamReadings.ts';
import { logLine } from '../../lib/base/log.ts';
import { batchFailures, isRunMessage } from '../../lib/base/queue.ts';
import { systemClock } from '../../lib/base/time.ts';
import { noEarlyTimeout } from '../../lib/lambda/endTime.ts';
import { environmentReader, withEnvironment } from '../../lib/lambda/environment.ts';
import { withMessages } from '../../lib/lambda/sqsBatch.ts';
import { withStartLine } from '../../lib/lambda/startLine.ts';
import { encodeRecord } from '../../lib/landing/frames/encodeRecord.ts';
import { checkStreams, type HoldReport, type StreamCheck } from '../../lib/landing/hold/checkStreams.ts';
import { HoldError } from '../../lib/landing/hold/StreamHolds.ts';
import {
  formerStreamsOfVariable,
  landingStreamsOfVariable,
  type StreamId,
} from '../../lib/tables/streams.ts';

const schema = z.object({
  /** Streams of the landing, with commas between them. */
  SLUICE_STREAMS: z.string().min(1),
  /** Names of the streams of release 0.2, in the order of their tables, with commas between them. */
  SLUICE_FORMER_STREAMS: z.string().min(1).optional(),
  /** ARN of the secret that says which streams are held. */
  SLUICE_HOLDS_SECRET: z.string().min(1),
  /** `--stage` of the deployment: a dimension of its metric. */
  SLUICE_STAGE: z.string().min(1),
  /** Age of a record in seconds from which its stream is late (infra/alarms/holdAlarms.ts). */
  SLUICE_LATE_SECONDS: z.coerce.number().int().positive(),
});

/** Settings of the check, from serverless.yml. */
type Environment = Readonly<z.output<typeof schema>>;

/** @throws HoldError SLUICE_HOLD_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new HoldError('SLUICE_HOLD_ENVIRONMENT_INVALID', names),
);

const checkEventSchema = z.strictObject({ sluice: z.literal('check') });

/**
 * The check of the streams: it holds those that are late and releases those that deliver again. The schedule sends
 * `{"sluice":"check"}` to its queue every five minutes. You can also invoke the function with it. Several messages are one
 * check; if it fails, they return.
 *
 * @throws HoldError SLUICE_HOLD_INVOCATION_UNKNOWN for any other event.
 */
export const handler = middy<unknown, SQSBatchResponse | HoldReport>(noEarlyTimeout)
  .use(withStartLine())
  .use(withEnvironment(readEnvironment))
  .use(withMessages())
  .handler(async (event, { environment, messages }) => {
    const unknown = messages?.filter(({ body }) => !isRunMessage(body, 'check')) ?? [];
    if (messages === null && !checkEventSchema.safeParse(event).success)
      throw new HoldError('SLUICE_HOLD_INVOCATION_UNKNOWN');
    const report = await checkStreams(makeCheck(environment));
    logLine({ level: 'info', ...report });
    return messages === null ? report : batchFailures(unknown.map(({ messageId }) => messageId));
  });

/** Milliseconds that a probe may take. */
const PROBE_MS = 5_000;

async function putProbe(name: string): Promise<void> {
  const id = randomBytes(16).toString('hex');
  const probe = encodeRecord({ id, request: null, receivedAt: systemClock.now(), rows: {} });
  await firehosePutRecord(firehoseClient(), name)(probe.bytes, PROBE_MS);
}

function makeCheck(environment: Environment): StreamCheck {
  const streams = new Map<StreamId, string>([
    ...landingStreamsOfVariable(environment.SLUICE_STREAMS),
    ...formerStreamsOfVariable(environment.SLUICE_FORMER_STREAMS),
  ]);
  return {
    store: versionedSecret(secretsManagerClient(), environment.SLUICE_HOLDS_SECRET),
    readStreams: streamReadings(cloudWatchClient(), streams, systemClock),
    putProbe: (stream) => putProbe(streams.get(stream) ?? ''),
    clock: systemClock,
    log: logLine,
    stage: environment.SLUICE_STAGE,
    lateSeconds: environment.SLUICE_LATE_SECONDS,
  };
}
