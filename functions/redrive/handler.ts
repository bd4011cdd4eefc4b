import middy from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import wholeConfig from '#config';
import { firehoseClient, firehosePutRecordBatch } from '../../lib/aws/firehosePutRecordBatch.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3Overflow, s3QuarantineLarge } from '../../lib/aws/s3Overflow.ts';
import { s3RedriveStore } from '../../lib/aws/s3RedriveStore.ts';
import { secretsManagerClient, secretText } from '../../lib/aws/secrets.ts';
import { logLine } from '../../lib/base/log.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { systemClock } from '../../lib/base/time.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { noEarlyTimeout, withEndTime } from '../../lib/lambda/endTime.ts';
import { environmentReader, withEnvironment } from '../../lib/lambda/environment.ts';
import { withMessages } from '../../lib/lambda/sqsBatch.ts';
import { withStartLine } from '../../lib/lambda/startLine.ts';
import { StreamBreaker } from '../../lib/landing/delivery/StreamBreaker.ts';
import { HoldsCache } from '../../lib/landing/hold/HoldsCache.ts';
import { quarantineWriter } from '../../lib/landing/quarantineWriter.ts';
import { Pace } from '../../lib/landing/redrive/Pace.ts';
import { quarantineRecords } from '../../lib/landing/redrive/quarantineRecords.ts';
import type { RedriveStream } from '../../lib/landing/redrive/Redrive.ts';
import { RedriveError } from '../../lib/landing/redrive/RedriveError.ts';
import {
  type Redriver,
  redriveMessages,
  redriveStragglers,
  type StragglersReport,
} from '../../lib/landing/redrive/redriveMessages.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import { streamsOfVariable } from '../../lib/tables/streams.ts';

const config: FunctionConfig<'redrive'> = wholeConfig;

/** Milliseconds before the end at which work stops: the last write to the bucket, the answer and the log need them. */
const MARGIN_MS = 15_000;
/** A claim outlives the function by this many milliseconds, so that nobody takes over an object that is still being written. */
const CLAIM_SLACK_MS = 60_000;
/** A group of objects reads anew which streams are held unless it is known of so many milliseconds ago. */
const HOLDS_FRESH_MS = 60_000;

const stragglersEventSchema = z.strictObject({ sluice: z.literal('stragglers') });

const schema = z.object({
  /** Of a table with several streams, with commas between them. */
  SLUICE_EXPOSURES_STREAM: z.string().min(1),
  SLUICE_EVENTS_STREAM: z.string().min(1),
  SLUICE_QUARANTINE_STREAM: z.string().min(1),
  /** Where overflow and errors are: events of any other bucket are ignored. */
  SLUICE_BUCKET: z.string().min(1),
  /** ARN of the secret that says which streams are held. */
  SLUICE_HOLDS_SECRET: z.string().min(1),
  /** `maxReceiveCount` of the queue: the try after which an object is parked. */
  SLUICE_TRIES: z.coerce.number().int().min(1),
});

/** What serverless.yml gives redrive. */
type Environment = Readonly<z.output<typeof schema>>;

/** @throws RedriveError SLUICE_REDRIVE_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new RedriveError('SLUICE_REDRIVE_ENVIRONMENT_INVALID', names),
);

/**
 * Redrive sends overflow to its streams, and what Firehose could not deliver to quarantine. Messages of the queue name the
 * objects ("Object Created" events of the bucket). `{"sluice":"stragglers"}`, which the schedule sends to the queue, finds
 * objects whose message was lost. You can also invoke the function with it.
 *
 * @throws RedriveError SLUICE_REDRIVE_INVOCATION_UNKNOWN for any other event.
 */
export const handler = middy<unknown, SQSBatchResponse | StragglersReport>(noEarlyTimeout)
  .use(withStartLine())
  .use(withEnvironment(readEnvironment))
  .use(withEndTime())
  .use(withMessages())
  .handler(async (event, { environment, endsAt, messages }) => {
    const redriver = makeRedriver(environment, endsAt);
    if (messages !== null) return redriveMessages(redriver, messages);
    if (stragglersEventSchema.safeParse(event).success) return redriveStragglers(redriver);
    throw new RedriveError('SLUICE_REDRIVE_INVOCATION_UNKNOWN');
  });

/** What this execution environment knows of a table's streams, over invocations. */
function streamsNamed(kind: TableKind, names: string): readonly RedriveStream[] {
  return streamsOfVariable(kind, names).map(([stream, name]) => ({
    stream,
    putRecordBatch: firehosePutRecordBatch(firehoseClient(), name),
    breaker: new StreamBreaker(stream, { ...systemTiming, log: logLine }),
    pace: new Pace(systemTiming),
  }));
}

let streams: Redriver['streams'] | undefined;
let holds: HoldsCache | undefined;

function makeRedriver(environment: Environment, endsAt: number): Redriver {
  const { SLUICE_BUCKET: bucket, SLUICE_TRIES: tries } = environment;
  streams ??= {
    exposures: streamsNamed('exposures', environment.SLUICE_EXPOSURES_STREAM),
    events: streamsNamed('events', environment.SLUICE_EVENTS_STREAM),
    quarantine: streamsNamed('quarantine', environment.SLUICE_QUARANTINE_STREAM),
  };
  holds ??= new HoldsCache({
    read: secretText(secretsManagerClient, environment.SLUICE_HOLDS_SECRET),
    ...systemTiming,
    log: logLine,
    freshMs: HOLDS_FRESH_MS,
  });
  const cache = holds;
  return {
    ...systemTiming,
    bucket,
    tries,
    streams,
    holds: async () => {
      cache.refresh(endsAt);
      await cache.settled();
      return cache.known;
    },
    store: s3RedriveStore(s3Client(), bucket, systemClock),
    quarantine: quarantineRecords({
      ...systemTiming,
      write: quarantineWriter(config),
      putLarge: s3QuarantineLarge(s3Client(), bucket),
      putOverflow: s3Overflow(s3Client(), bucket),
      putRecordBatch: firehosePutRecordBatch(firehoseClient(), environment.SLUICE_QUARANTINE_STREAM),
    }),
    log: logLine,
    deadline: endsAt - MARGIN_MS,
    claimUntil: endsAt + CLAIM_SLACK_MS,
  };
}
