// The load of a day by S3, in a separate process.

import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { customerBucketFrom } from '../../lib/aws/customerBucket.ts';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { landingBucket } from '../../lib/aws/landingBucket.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { duckDbEngine } from '../../lib/drops/engine/duckDbEngine.ts';
import { PIECE_SHARE } from '../../lib/drops/limits.ts';
import type { Loader } from '../../lib/drops/load/Loader.ts';
import { loadTask } from '../../lib/drops/load/loadTask.ts';
import { type IngestTask, ingestTaskSchema } from '../../lib/drops/plan/messageBodies.ts';
import type { Attempt } from '../../lib/lambda/machine.ts';
import { Ledger } from '../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import type { ClientOptions } from '../../packages/local-aws/src/testing/index.ts';
import { measureWork, readRequest } from '../measure.ts';
import { benchConfig, DAY } from './ingestData.ts';

/** One load. */
export interface PiecesRequest {
  /** Options of the clients of the local S3 and Glue. */
  readonly options: ClientOptions;
  readonly directory: string;
  readonly pieceBytes: number;
  readonly threads: number;
  readonly memoryMegabytes: number;
}

/** The time of one invocation: the function's 900 s less what ends it. */
const INVOCATION_MS = 855_000;

const { options, directory, pieceBytes, threads, memoryMegabytes } = await readRequest<PiecesRequest>();
const config = benchConfig();
const s3 = new S3Client({ ...options, forcePathStyle: true });
const own = mkdtempSync(join(directory, 'load-'));
const limits = { memoryMegabytes, threads, temporaryDirectory: join(own, 'spilled') };
mkdirSync(limits.temporaryDirectory);
const tasks: string[] = [];
const clock = { now: () => Date.now() };
const timing = { clock, wait: (ms: number) => wait(ms), random: Math.random };
const loader: Loader = {
  config,
  bucket: config.bucket,
  landing: landingBucket(s3, config.bucket),
  customerBucket: (source) => customerBucketFrom(s3, source),
  ledger: new Ledger({
    ...timing,
    store: ledgerStore(s3ObjectStore(s3, config.bucket)),
    newToken: randomUUID,
  }),
  catalog: gluePartitionCatalog(new GlueClient(options)),
  engine: duckDbEngine(limits),
  limits,
  directory: own,
  freeBytes: async () => {
    const { bavail, bsize } = await statfs(own);
    return bavail * bsize;
  },
  diskBytes: pieceBytes / PIECE_SHARE,
  tasks: { send: async (bodies) => void tasks.push(...bodies) },
  log: () => {},
  ...timing,
};

/** @throws Error if the day is not loaded. */
async function load(): Promise<{ rows: number }> {
  let task: IngestTask = {
    source: 'acme',
    dataset: 'events',
    day: DAY,
    fingerprint: 'as planned',
    reason: 'backfill',
  };
  for (;;) {
    const now = clock.now();
    const run: Attempt = {
      owner: randomUUID(),
      leaseUntil: now + INVOCATION_MS,
      deadline: now + INVOCATION_MS,
      signal: AbortSignal.timeout(INVOCATION_MS),
      isLastAttempt: false,
      tries: 10,
    };
    const outcome = await loadTask(loader, run, task);
    const next = tasks.shift();
    if (next === undefined) {
      if (outcome.outcome !== 'succeeded') throw new Error(JSON.stringify(outcome));
      return { rows: outcome.rows?.out ?? 0 };
    }
    task = ingestTaskSchema.parse(JSON.parse(next));
  }
}

await measureWork(load);
rmSync(own, { recursive: true });
process.exit();
