import { FirehoseClient } from '@aws-sdk/client-firehose';
import { S3Client } from '@aws-sdk/client-s3';
import { firehosePutRecordBatch } from '../../lib/aws/firehosePutRecordBatch.ts';
import { s3RedriveStore } from '../../lib/aws/s3RedriveStore.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { StreamBreaker } from '../../lib/landing/delivery/StreamBreaker.ts';
import { NO_HOLDS } from '../../lib/landing/hold/StreamHolds.ts';
import { Pace } from '../../lib/landing/redrive/Pace.ts';
import type { RedriveStream } from '../../lib/landing/redrive/Redrive.ts';
import { redriveStragglers } from '../../lib/landing/redrive/redriveMessages.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import type { Cloud } from '../../local/startCloud.ts';

/** So that objects which were just written are old enough for the run for stragglers, milliseconds. */
const LATER_MS = 20 * 60_000;
/** The time of an invocation, milliseconds. */
const TIME_MS = 285_000;

/** What a run of redrive has done. */
export interface Drained {
  readonly objects: number;
  readonly rows: number;
  /** Calls of S3 and Firehose, and of Firehose alone. */
  readonly calls: number;
  readonly firehoseCalls: number;
  readonly ms: number;
}

/** Redrives all overflow of a local cloud with one run, and counts its calls. */
export async function drain(cloud: Cloud): Promise<Drained> {
  const options = {
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  };
  const s3 = new S3Client(options);
  const firehose = new FirehoseClient({ ...options, maxAttempts: 1 });
  let [calls, firehoseCalls] = [0, 0];
  s3.middlewareStack.add(
    (next) => (input) => {
      calls += 1;
      return next(input);
    },
    {},
  );
  const clock = { now: () => Date.now() + LATER_MS };
  const timing = { ...systemTiming, clock };
  const stream = (kind: TableKind) => {
    const put = firehosePutRecordBatch(firehose, `sluice-local-${kind}`);
    const only: RedriveStream = {
      stream: kind,
      putRecordBatch: (records: readonly Uint8Array[], timeoutMs: number) => {
        calls += 1;
        firehoseCalls += 1;
        return put(records, timeoutMs);
      },
      breaker: new StreamBreaker(kind, { ...timing, log: () => undefined }),
      pace: new Pace(timing),
    };
    return [only];
  };
  const before = performance.now();
  try {
    const report = await redriveStragglers({
      ...timing,
      store: s3RedriveStore(s3, cloud.bucket, clock),
      streams: { exposures: stream('exposures'), events: stream('events'), quarantine: stream('quarantine') },
      quarantine: async () => true,
      holds: async () => NO_HOLDS,
      bucket: cloud.bucket,
      tries: 20,
      log: () => undefined,
      deadline: clock.now() + TIME_MS,
      claimUntil: clock.now() + 2 * TIME_MS,
    });
    // The cloud's own redrive may have delivered some meanwhile.
    const { delivered = 0, gone: _gone, ...others } = Object(report['objects']);
    if (Object.keys(others).length > 0) throw new Error(`Not drained: ${JSON.stringify(report)}.`);
    const rows = Number(report['documents']);
    return { objects: Number(delivered), rows, calls, firehoseCalls, ms: performance.now() - before };
  } finally {
    s3.destroy();
    firehose.destroy();
  }
}
