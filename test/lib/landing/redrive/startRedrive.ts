import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { s3Overflow } from '../../../../lib/aws/s3Overflow.ts';
import { s3RedriveStore } from '../../../../lib/aws/s3RedriveStore.ts';
import type { PutOutcome, PutRecordBatch } from '../../../../lib/landing/delivery/putRecords.ts';
import { StreamBreaker } from '../../../../lib/landing/delivery/StreamBreaker.ts';
import { NO_HOLDS } from '../../../../lib/landing/hold/StreamHolds.ts';
import { Pace } from '../../../../lib/landing/redrive/Pace.ts';
import {
  bucketFailure,
  type Redrive,
  type RedriveOutcome,
  type RedriveStream,
} from '../../../../lib/landing/redrive/Redrive.ts';
import type { RedriveAttempt } from '../../../../lib/landing/redrive/redriveErrors.ts';
import { laneOf, redriveLane } from '../../../../lib/landing/redrive/redriveOverflow.ts';
import { parseOverflowKey } from '../../../../lib/tables/objectKeys.ts';
import type { StreamId } from '../../../../lib/tables/streams.ts';
import { Faults } from '../../../../packages/local-aws/src/faults/index.ts';
import { ObjectStore, s3Service } from '../../../../packages/local-aws/src/s3/index.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';
import { startServices } from '../../../../packages/local-aws/test/harness/startServices.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

export const BUCKET = 'data-bucket';
export const START = Date.UTC(2026, 10, 20, 7, 32);
/** How long a claim lasts. */
export const CLAIM_MS = 120_000;

/** What a stream answers to each of a call's records, in the order in which they come; undefined: it takes them all. */
export type Stream = (documents: readonly string[][]) => PutOutcome;

/** The local S3 behind the product's own adapters, and streams that answer as the test says. */
export async function startRedrive() {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const objects = ObjectStore.open({ directory: directory.path, clock });
  objects.ensureBucket(BUCKET, { eventBridge: true });
  const faults = new Faults();
  const { options, close } = await startServices([s3Service({ store: objects, clock })], faults);
  const client = new S3Client(options);

  /** Documents that streams have acknowledged, or taken and lost the answer. */
  const landed: string[] = [];
  let answer: Stream | undefined;
  const putRecordBatch = async (records: readonly Uint8Array[]): Promise<PutOutcome> => {
    const documents = records.map((record) => Buffer.from(record).toString('utf8').split('\n'));
    const outcome = answer?.(documents) ?? { kind: 'answered', errorCodes: documents.map(() => null) };
    if (outcome.kind === 'answered') {
      landed.push(...documents.filter((_, i) => outcome.errorCodes[i] === null).flat());
    }
    return outcome;
  };
  const timing = {
    clock,
    wait: async (ms: number) => clock.advance(Math.ceil(ms)),
    random: () => 0.5,
  };
  const store = s3RedriveStore(client, BUCKET, clock);
  /** A stream of which nothing is known yet. */
  const streamOf = (stream: StreamId, put: PutRecordBatch = putRecordBatch): RedriveStream => ({
    stream,
    putRecordBatch: put,
    breaker: new StreamBreaker(stream, { ...timing, log: () => undefined }),
    pace: new Pace(timing),
  });
  const redrive = (): Redrive => ({
    ...timing,
    store,
    streams: {
      exposures: [streamOf('exposures')],
      events: [streamOf('events')],
      quarantine: [streamOf('quarantine')],
    },
    quarantine: async () => true,
    holds: async () => NO_HOLDS,
  });
  return {
    clock,
    faults,
    options,
    store,
    landed,
    redrive,
    streamOf,
    timing: { ...timing, putRecordBatch },
    putOverflow: s3Overflow(client, BUCKET),
    answerWith(next: Stream | undefined) {
      answer = next;
    },
    /** A try with a minute to go. */
    tried: (last = false): RedriveAttempt => ({
      deadline: clock.now() + 60_000,
      claimUntil: clock.now() + CLAIM_MS,
      last,
    }),
    /** Redrives overflow objects, as one invocation does. @returns The outcome of each key; undefined for one that was not tried. */
    async redriveAll(
      keys: readonly string[],
      {
        isLast = false,
        using = redrive(),
        withinMs = 60_000,
      }: { readonly isLast?: boolean; readonly using?: Redrive; readonly withinMs?: number } = {},
    ): Promise<(RedriveOutcome | undefined)[]> {
      const outcomes = new Map<string, RedriveOutcome>();
      const time = { deadline: clock.now() + withinMs, claimUntil: clock.now() + CLAIM_MS };
      for (const prefix of new Set(keys.flatMap((key) => laneOf(key) ?? []))) {
        const tasks = keys.filter((key) => key.startsWith(prefix)).map((key) => ({ key, isLast }));
        const folder = parseOverflowKey(tasks[0]?.key ?? '') ?? 'requests';
        const settle = (key: string, outcome: RedriveOutcome) => outcomes.set(key, outcome);
        try {
          const isFree = await redriveLane({ folder, prefix }, tasks, using, time, settle);
          if (!isFree) for (const { key } of tasks) outcomes.set(key, { outcome: 'busy' });
        } catch (thrown) {
          for (const { key } of tasks)
            if (!outcomes.has(key)) outcomes.set(key, { outcome: 'kept', ...bucketFailure(thrown) });
        }
      }
      return keys.map((key) => outcomes.get(key));
    },
    async keys(prefix: string): Promise<string[]> {
      const found: string[] = [];
      for await (const { key } of store.list(prefix)) found.push(key);
      return found;
    },
    remove: (key: string) => store.remove([key]),
    /** Everything away, for the next example. */
    async empty() {
      faults.clear();
      for (const folder of ['overflow/', 'parked/', 'ledger/', 'errors/']) {
        for await (const { key } of store.list(folder)) await store.remove([key]);
      }
      landed.length = 0;
      answer = undefined;
    },
    async close() {
      client.destroy();
      await close();
      objects.close();
      directory.remove();
    },
  };
}

/** Rows by their number, each with an ID of its own. */
export const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `{"event_id":"e${from + i}","n":${from + i}}`);

/** The body of an overflow object of one stream. */
export const overflowBody = (documents: readonly string[]) => gzipSync(`${documents.join('\n')}\n`);
