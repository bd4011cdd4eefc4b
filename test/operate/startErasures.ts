import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { EraseFaultPoint } from '../../lib/erase/ObjectEraser.ts';
import { parseUnit } from '../../lib/erase/units/Unit.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';
import { LOADS_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { openDeployment } from '../../observe/deployment.ts';
import { erase } from '../../operate/erase/erase.ts';
import { LANDING_STREAM, landingStack } from '../harness/landingStack.ts';
import { metricClient } from '../harness/metricClient.ts';
import { startAws } from '../harness/startAws.ts';

/** How a run is made. */
interface RunOptions {
  /** When it begins, epoch milliseconds. Default: now. */
  readonly now?: number;
  /** Whether nothing is changed. Default false. */
  readonly dryRun?: boolean;
  /** What happens at its steps. */
  readonly faultPoint?: (step: EraseFaultPoint) => unknown;
}

/** Kills a run when it comes to a step. */
export const killAt = (killed: EraseFaultPoint) => (step: EraseFaultPoint) => {
  if (step === killed) throw new Error('killed');
};

/** The local services that deployments are on. */
interface Services {
  /** S3, SQS, Glue and Firehose, with their clients. */
  readonly aws: Awaited<ReturnType<typeof startAws>>;
  /** The age of the oldest record of the landing's stream a minute ago, seconds; null without a metric. */
  streamAge: number | null;
}

/** Starts the local cloud. */
export async function startErasures() {
  const aws = await startAws({ more: [landingStack()] });
  const services: Services = { aws, streamAge: null };
  let buckets = 0;
  return {
    aws,
    /** Makes a deployment with a bucket of its own, which keeps versions. */
    deployment(input: Omit<ConfigInput, 'bucket'> = {}) {
      buckets += 1;
      const config = defineConfig({ curate: false, ...input, bucket: `sluice-erase-${buckets}` });
      return makeDeployment(services, config);
    },
    /** Makes a queue of the deployment. @returns Its URL. */
    async queue(part: string): Promise<string> {
      const QueueName = `sluice-prod-${part}`;
      await aws.sqs.send(new CreateQueueCommand({ QueueName }));
      const { QueueUrl = '' } = await aws.sqs.send(new GetQueueUrlCommand({ QueueName }));
      return QueueUrl;
    },
    /** Takes up to ten messages out of a queue. @returns Their bodies. */
    take(part: string): readonly string[] {
      const messages = aws.queues.byName(`sluice-prod-${part}`);
      return messages.receive(10, 900_000).map(({ body, receipt }) => {
        messages.delete(receipt);
        return body;
      });
    },
    /** Sets the age of the stream's oldest record, seconds; null: without a metric. */
    setStreamAge(seconds: number | null): void {
      services.streamAge = seconds;
    },
    close: () => aws.close(),
  };
}

/** Makes the bucket of a deployment, which keeps versions, and what a test does with it. */
async function makeDeployment(services: Services, config: Config) {
  const { s3, store } = services.aws;
  const Bucket = config.bucket;
  store.createBucket(Bucket);
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  return {
    config,
    put: async (Key: string, Body: Uint8Array | string) => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    read: async (Key: string) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    /** Keys that readers get, without the records. */
    keys: async () => {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
      const keys = Versions.flatMap(({ Key = '', IsLatest }) => (IsLatest === true ? [Key] : []));
      return keys.filter((key) => key.startsWith(LOADS_FOLDER) || !key.startsWith('ledger/'));
    },
    /** Makes one run of the erasure of these units. */
    run: (units: readonly string[], runOptions: RunOptions = {}) => run(services, config, units, runOptions),
  };
}

/** Makes one run of an erasure. */
async function run(
  { aws: { options }, streamAge }: Services,
  config: Config,
  units: readonly string[],
  { now = Date.now(), dryRun = false, faultPoint }: RunOptions,
) {
  const { endpoint, region, credentials } = options;
  const about = { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now };
  const deployment = openDeployment(about, { endpoint, region, credentials });
  const freshness = `DeliveryToS3.DataFreshness Maximum ${LANDING_STREAM}`;
  const cloudwatch = metricClient(streamAge === null ? {} : { [freshness]: [[now - 60_000, streamAge]] });
  try {
    return await erase(
      { ...deployment, cloudwatch },
      {
        units: units.map((unit) => parseUnit(unit, config)),
        dryRun,
        faultPoint: async (step) => void (await faultPoint?.(step)),
      },
    );
  } finally {
    deployment.close();
  }
}
