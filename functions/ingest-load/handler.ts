import { randomUUID } from 'node:crypto';
import { mkdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import wholeConfig from '#config';
import { customerBucket } from '../../lib/aws/customerBucket.ts';
import { glueClient } from '../../lib/aws/glueClient.ts';
import { gluePartitionCatalog } from '../../lib/aws/gluePartitionCatalog.ts';
import { landingBucket } from '../../lib/aws/landingBucket.ts';
import { s3Client } from '../../lib/aws/s3Client.ts';
import { s3Ledger } from '../../lib/aws/s3Ledger.ts';
import type { FunctionConfig } from '../../lib/config/functionConfig.ts';
import { duckDbEngine } from '../../lib/engine/duckDbEngine.ts';
import { IngestError } from '../../lib/ingest/IngestError.ts';
import { Ledger } from '../../lib/ingest/ledger/Ledger.ts';
import { logLine } from '../../lib/log/logLine.ts';
import { queueMessages } from '../../lib/queue/queueMessages.ts';
import { systemClock } from '../../lib/time/Clock.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { loadMessages } from './loadMessages.ts';
import { machineOf } from './machineOf.ts';
import { ownDirectory } from './ownDirectory.ts';

const config: FunctionConfig<'ingest-load'> = wholeConfig;

/** Left to hand a day back, for the answer and the log, in milliseconds: a call of S3 may take 10 s, and be tried again. */
const MARGIN_MS = 45_000;
/** A claim outlives the function by so many milliseconds (decision 10 of the design). */
const LEASE_SLACK_MS = 60_000;

let environment: Environment | undefined;

/**
 * The load: takes the days of customers' drops that the plan has queued into their tables. It runs DuckDB on the files,
 * which it fetches to `/tmp`.
 *
 * @throws IngestError SLUICE_INGEST_INVOCATION_UNKNOWN for anything but messages of its queue.
 */
export async function handler(
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse> {
  environment ??= readEnvironment(process.env);
  const messages = queueMessages(event);
  if (messages === null) throw new IngestError('SLUICE_INGEST_INVOCATION_UNKNOWN');
  const remainingMs = context.getRemainingTimeInMillis();
  const now = systemClock.now();
  const directory = await ownDirectory(tmpdir());
  const { SLUICE_BUCKET: bucket, SLUICE_TRIES: tries, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory } = environment;
  const timing = { wait: (ms: number) => wait(ms), random: Math.random };
  try {
    const limits = { ...machineOf(memory), temporaryDirectory: join(directory.path, 'spilled') };
    await mkdir(limits.temporaryDirectory);
    return await loadMessages(
      {
        config,
        bucket,
        landing: landingBucket(s3Client(), bucket),
        customerBucket,
        ledger: new Ledger({
          store: s3Ledger(s3Client(), bucket),
          clock: systemClock,
          newToken: randomUUID,
          ...timing,
        }),
        catalog: gluePartitionCatalog(glueClient()),
        engine: duckDbEngine(limits),
        limits,
        directory: directory.path,
        freeBytes: async () => {
          const { bavail, bsize } = await statfs(directory.path);
          return bavail * bsize;
        },
        clock: systemClock,
        ...timing,
        log: logLine,
      },
      {
        owner: randomUUID(),
        leaseUntil: now + remainingMs + LEASE_SLACK_MS,
        deadline: now + remainingMs - MARGIN_MS,
        signal: AbortSignal.timeout(Math.max(0, remainingMs - MARGIN_MS)),
      },
      messages,
      tries,
    );
  } finally {
    await directory.remove();
  }
}
