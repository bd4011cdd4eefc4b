import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { ingestSourcePolicies } from '../../../../lib/access/buckets/customerBucketPolicies.ts';
import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import { taskQueue } from '../../../../lib/aws/taskQueue.ts';
import { addDays, HOUR_MS, MINUTE_MS, utcDay } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { lastListings } from '../../../../lib/drops/plan/lastListings.ts';
import { lateNotes } from '../../../../lib/drops/plan/late/lateNotes.ts';
import type { Planner } from '../../../../lib/drops/plan/planMessages.ts';
import { Ledger, type Settlement } from '../../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../../lib/ledger/ledgerStore.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { configuredDatasets, readDatasets } from '../../../../observe/facts/days/datasets.ts';
import { MovableClock } from '../../../../packages/local-aws/src/base/index.ts';
import { emulatedBucket } from '../../../harness/emulatedBucket.ts';
import { settlement } from '../../../harness/ledgerEntry.ts';
import { startAws } from '../../../harness/startAws.ts';

const OURS = '000000000000';
const CUSTOMER = '111122223333';
const DROPS = 'acme-drops';
const NOBODY = { Effect: 'Deny', Principal: '*', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${DROPS}` };
/** Another bucket of the same customer's that lets us in. */
export const OTHER_DROPS = 'acme-other-drops';
const OWN = 'acme-experiments';

type SourceInput = NonNullable<ConfigInput['sources']>[number];

/**
 * The plan's adapters with real clients before the local S3 and SQS: our bucket in one account, the customer's with the
 * documented policy in another, and a clock that is moved.
 */
export async function startIngest(inputs: readonly Partial<SourceInput>[] = [{}]) {
  const clock = new MovableClock();
  // Noon of tomorrow: a test moves the clock by hours, and the days that it names must stay the same.
  await clock.set(Date.parse(`${addDays(utcDay(clock.now()), 1)}T12:00:00Z`));
  const aws = await startAws({ clock });
  const { s3, sqs, store, faults } = aws;
  const credentials = { accessKeyId: CUSTOMER, secretAccessKey: 'test' };
  const customer = new S3Client({ ...aws.options, credentials });
  store.createBucket(OWN);
  const own = emulatedBucket(store, OWN, faults);
  const principal = `arn:aws:iam::${OURS}:root`;
  const policyOf = (bucket: string) =>
    ingestSourcePolicies({ partition: 'aws', bucket, principal }).bucketPolicy;
  const letIn = (policy: object = policyOf(DROPS), Bucket = DROPS) =>
    customer.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
  for (const Bucket of [DROPS, OTHER_DROPS]) {
    await customer.send(new CreateBucketCommand({ Bucket }));
    await letIn(policyOf(Bucket), Bucket);
  }
  const urls = { plan: aws.addQueue('plan'), load: aws.addQueue('load') };
  const urlOf = (name: 'plan' | 'load') => urls[name];

  const configOf = (dataset: object) =>
    defineConfig({
      bucket: OWN,
      sources: inputs.map((input, i) => ({
        name: `acme${i === 0 ? '' : i}`,
        // Two sources have no folder in common: a second one like the first has a bucket that is not there.
        bucket:
          i > 0 && input.datasets === undefined && inputs[0]?.bucket === undefined ? `${DROPS}-${i}` : DROPS,
        owner: CUSTOMER,
        datasets: [{ name: 'events', kind: 'events' as const, ...dataset }],
        ...input,
      })),
    });
  let config = configOf({});
  const lines: Record<string, unknown>[] = [];
  let tokens = 0;
  const timing = { wait: async () => undefined, random: () => 0.5 };
  const ledger = new Ledger({
    store: ledgerStore(own),
    clock,
    newToken: () => {
      tokens += 1;
      return `t${tokens}`;
    },
    ...timing,
  });
  const planner = (): Planner => ({
    sources: config.sources,
    stage: 'test',
    clock,
    ledger,
    bucketOf: (source) => customerBucketFrom(s3, source),
    looks: lastListings(own),
    lateNotes: lateNotes(own),
    tasks: taskQueue(sqs, urlOf('load'), timing),
    requests: taskQueue(sqs, urlOf('plan'), timing),
    log: (fields) => lines.push(fields),
    deadline: clock.now() + MINUTE_MS,
  });
  return {
    clock,
    faults,
    s3,
    sqs,
    planner,
    ledger,
    sources: config.sources,
    config,
    lines,
    /** Changes the dataset of sources that have no other. */
    look: async (dataset: object) => {
      config = configOf(dataset);
    },
    letIn,
    letNobodyIn: () => letIn({ Version: '2012-10-17', Statement: [NOBODY] }),
    ownBucket: OWN,
    urlOf,
    put: (key: string, body = 'PAR1') =>
      customer.send(new PutObjectCommand({ Bucket: DROPS, Key: key, Body: Buffer.from(body) })),
    remove: (key: string) => customer.send(new DeleteObjectCommand({ Bucket: DROPS, Key: key })),
    write: (key: string, body: string) => own.write(key, body),
    async readJson(key: string): Promise<unknown> {
      return JSON.parse((await own.read(key))?.text ?? '');
    },
    /** Settles a day as a load does. */
    async settle(day: string, settled: Partial<Settlement> = {}): Promise<void> {
      const place = { source: 'acme', dataset: 'events', day, table: 'acme_events' };
      const fingerprint = (await ledger.read(place))?.queued?.fingerprint ?? '';
      const outcome = await ledger.claim(place, 'loader', clock.now() + HOUR_MS, fingerprint);
      if (!('claim' in outcome)) throw new Error('busy');
      await ledger.settle(outcome.claim, settlement({ fingerprint, ...settled }));
    },
    /** Drops a file into each of these days, which settle. */
    async dropInto(...days: readonly string[]): Promise<void> {
      for (const day of days) await this.put(`events/${day}/a.parquet`);
      await clock.advance(HOUR_MS);
    },
    /** What status says of the first dataset. @param count Files that a day has. */
    async status(count = 4) {
      const open = { s3, config, now: clock.now() };
      return (await readDatasets(open, configuredDatasets(config), { count: () => count }))[0];
    },
    /** Takes what is visible off a queue. */
    async received(name: 'plan' | 'load'): Promise<unknown[]> {
      const bodies: unknown[] = [];
      for (;;) {
        const QueueUrl = urlOf(name);
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) return bodies;
        for (const { Body = '', ReceiptHandle } of Messages) {
          bodies.push(JSON.parse(Body));
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
    async close() {
      customer.destroy();
      await aws.close();
    },
  };
}
