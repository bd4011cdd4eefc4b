import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { customerBucketFrom } from '../../lib/aws/customerBucket.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { taskQueue } from '../../lib/aws/taskQueue.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { planRequestSchema } from '../../lib/drops/plan/messageBodies.ts';
import { lastListings, type PlanSourcesPorts, planSources } from '../../lib/drops/plan/planSources.ts';
import { Ledger } from '../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../lib/ledger/ledgerStore.ts';
import type { Config } from '../../lib/schema/config.ts';
import { MovableClock } from '../../packages/local-aws/src/base/index.ts';
import { startEdge } from '../../packages/local-aws/src/edge/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { Queues, sqsService } from '../../packages/local-aws/src/sqs/index.ts';

const ACCOUNT = '000000000000';
/** Days of each dataset. */
const DAYS = 10;
const OBJECTS_A_DAY = 50;
export const OBJECTS_A_DATASET = DAYS * OBJECTS_A_DAY;
const PUTS_AT_ONCE = 32;

const configOf = (datasets: number) =>
  defineConfig({
    bucket: 'bench-own',
    sources: [
      {
        name: 'acme',
        bucket: 'bench-drops',
        owner: ACCOUNT,
        datasets: Array.from({ length: datasets }, (_, i) => ({
          name: `d${i}`,
          kind: 'events' as const,
          lookbackDays: DAYS - 1,
        })),
      },
    ],
  });

/** The result of planning all days once. */
export interface PlannedOnce {
  readonly listCalls: number;
  readonly wallSeconds: number;
}

/**
 * Plans the objects of so many datasets twice, with real clients and the local S3: first all objects are new, then none
 * is.
 *
 * @throws Error when a dataset cannot be planned, or some of its days are not.
 */
export async function planDrops(
  datasets: number,
): Promise<{ readonly first: PlannedOnce; readonly again: PlannedOnce }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const clock = new MovableClock();
  const store = ObjectStore.open({ directory: join(folder, 's3'), clock });
  const queues = Queues.open({
    directory: join(folder, 'sqs'),
    clock,
    region: 'us-east-1',
    account: ACCOUNT,
  });
  const edge = await startEdge({
    services: [s3Service({ store, clock }), sqsService({ queues, clock, account: ACCOUNT })],
    clock,
  });
  const options = {
    endpoint: edge.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client(options);
  const sqs = new SQSClient(options);
  try {
    for (const Bucket of ['bench-own', 'bench-drops']) await s3.send(new CreateBucketCommand({ Bucket }));
    for (const QueueName of ['load', 'plan']) await sqs.send(new CreateQueueCommand({ QueueName }));
    await fill(s3, datasets, clock.now());
    await clock.advance(3_600_000);
    const timing = { wait: async () => undefined, random: Math.random };
    const queue = (name: string) => taskQueue(sqs, queues.urlOf(name, edge.url), timing);
    let tokens = 0;
    const newToken = () => {
      tokens += 1;
      return String(tokens);
    };
    const ports = {
      clock,
      ledger: new Ledger({ store: ledgerStore(s3ObjectStore(s3, 'bench-own')), clock, newToken, ...timing }),
      looks: lastListings(s3ObjectStore(s3, 'bench-own')),
      bucketOf: () => customerBucketFrom(s3, { name: 'acme', bucket: 'bench-drops', owner: ACCOUNT }),
      tasks: queue('load'),
      requests: queue('plan'),
      deadline: Number.POSITIVE_INFINITY,
    };
    const { sources } = configOf(datasets);
    const plan = () => planOnce(ports, sources);
    return { first: await plan(), again: await plan() };
  } finally {
    s3.destroy();
    sqs.destroy();
    await edge.close();
    queues.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function planOnce(ports: PlanSourcesPorts, sources: Config['sources']): Promise<PlannedOnce> {
  const began = performance.now();
  const { planned, failed } = await planSources(ports, sources, planRequestSchema.parse({ sluice: 'plan' }));
  const wallSeconds = (performance.now() - began) / 1000;
  const days = planned.flatMap((plan) => plan.days);
  const expected = sources.reduce((sum, { datasets }) => sum + datasets.length * DAYS, 0);
  if (failed.length > 0 || days.length !== expected) {
    throw new Error(`Planned ${days.length} days. ${failed[0]?.message ?? ''}`);
  }
  return {
    listCalls: planned.reduce((sum, { listCalls }) => sum + listCalls, 0),
    wallSeconds,
  };
}

async function fill(s3: S3Client, datasets: number, now: number): Promise<void> {
  const keys = Array.from({ length: datasets * OBJECTS_A_DATASET }, (_, i) => {
    const day = addDays(utcDay(now), -(Math.floor(i / OBJECTS_A_DAY) % DAYS));
    return `d${Math.floor(i / OBJECTS_A_DAY / DAYS)}/${day}/part-${i % OBJECTS_A_DAY}.parquet`;
  });
  const waiting = keys.values();
  const worker = async () => {
    for (const Key of waiting)
      await s3.send(new PutObjectCommand({ Bucket: 'bench-drops', Key, Body: Buffer.from('PAR1') }));
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, worker));
}
