import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { readRollbackTemplate, requireStreamsKept } from '../../infra/serverless/deployedStack.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { holdsText, NO_HOLDS } from '../../lib/landing/hold/StreamHolds.ts';
import { writeStore } from '../../lib/landing/write/WriteStore.ts';
import { noteAttempt } from '../../lib/landing/write/writeNotes.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { directRecordKey } from '../../lib/tables/objectKeys.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { lookAtDrain } from '../../operate/drain.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import {
  cloudFormationService,
  type DeployedStack,
} from '../../packages/local-aws/src/cloudformation/index.ts';
import { cloudWatchService, MetricStore } from '../../packages/local-aws/src/cloudwatch/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { Secrets, secretsManagerService } from '../../packages/local-aws/src/secretsmanager/index.ts';
import { Queues, sqsService } from '../../packages/local-aws/src/sqs/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const NOW = Date.now();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BUCKET = 'acme-streams';
const STACK = 'sluice-prod';
const directory = temporaryDirectory();

const withFormer = (formerStreams: boolean) => defineConfig({ bucket: BUCKET, formerStreams });
function templateOf(formerStreams: boolean, used: readonly string[]) {
  const Variables = Object.fromEntries(used.map((Ref) => [`SLUICE_${Ref}`, { Ref }]));
  const writer = { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } };
  const stack = { config: withFormer(formerStreams), service: 'sluice', stage: 'prod' };
  const all: Readonly<Record<string, object>> = JSON.parse(JSON.stringify(resources(stack).Resources));
  const own = Object.entries(all).filter(([id]) => id.endsWith('Stream'));
  return { Resources: Object.fromEntries([...own, ['CollectLambdaFunction', writer]]) };
}
const FORMER = ['ExposuresStream', 'EventsStream', 'QuarantineStream'];
/** As 0.2 is, upgraded from it, and without its streams. */
const former = templateOf(true, FORMER);
const between = templateOf(true, ['LandingStream']);
const one = templateOf(false, ['LandingStream']);

const LANDING = `${STACK}-LandingStream-4mZ1QWl8Gd2K`;
const nameOf = (id: string) => `${STACK}-${id.replace('Stream', '').toLowerCase()}`;
let deployed: DeployedStack;
function deploy(template: object, updatedMs = NOW - HOUR, status = 'UPDATE_COMPLETE') {
  const deployment = { region: 'us-east-1', account: '000000000000', partition: 'aws' };
  const times = { createdMs: NOW - 100 * HOUR, updatedMs };
  const resources = [
    { logicalId: 'LandingStream', physicalId: LANDING, type: 'AWS::KinesisFirehose::DeliveryStream' },
    ...FORMER.map((id) => ({
      logicalId: id,
      physicalId: nameOf(id),
      type: 'AWS::KinesisFirehose::DeliveryStream',
    })),
  ].filter(({ logicalId }) => JSON.stringify(template).includes(logicalId));
  deployed = { ...deployment, ...times, name: STACK, status, resources, outputs: {}, template };
}

let secrets: Secrets;
let objects: ObjectStore;
let metrics: MetricStore;
let queues: Queues;
let services: Awaited<ReturnType<typeof startServices>>;
let deployment: Deployment;
beforeAll(async () => {
  const at = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
  secrets = Secrets.open({ directory: `${directory.path}/secrets`, clock: realClock, ...at });
  secrets.ensure(`${STACK}-holds`, { Name: `${STACK}-holds`, SecretString: holdsText(NO_HOLDS) });
  objects = ObjectStore.open({ directory: `${directory.path}/objects`, clock: realClock });
  objects.ensureBucket(BUCKET, { eventBridge: false });
  metrics = MetricStore.open({ directory: `${directory.path}/metrics`, clock: realClock });
  const { region, account } = at;
  queues = Queues.open({ directory: `${directory.path}/queues`, clock: realClock, region, account });
  services = await startServices([
    cloudFormationService({ stack: () => deployed }),
    cloudWatchService({ metrics, clock: realClock, beforeReading: () => undefined }),
    secretsManagerService({ secrets }),
    s3Service({ store: objects, clock: realClock }),
    sqsService({ queues, clock: realClock, account }),
  ]);
  // The checkout is older than what is deployed.
  const about = { config: withFormer(false), stack: { service: 'sluice', stage: 'prod' }, now: NOW };
  deployment = openDeployment({ ...about, isLocal: false }, services.options);
});
afterAll(async () => {
  deployment.close();
  await services.close();
  objects.close();
  metrics.close();
  queues.close();
  directory.remove();
});

const asked = (template?: object) => requireStreamsKept(services.options, STACK, template, NOW);
const refused = (code: string, detail: string) => ({
  code: `SLUICE_CONFIG_${code}`,
  detail: expect.stringContaining(detail),
});
/** Records that arrived, or were delivered, so many minutes ago. */
const count = (stream: string, name: string, minutesAgo: number) =>
  metrics.add([
    {
      at: NOW - minutesAgo * MINUTE,
      values: [7],
      metric: {
        ...{ namespace: 'AWS/Firehose', name, unit: 'Count' },
        dimensions: [['DeliveryStreamName', stream]],
      },
    },
  ]);
async function setDrain(drained: string | null) {
  const client = new SecretsManagerClient(services.options);
  const drain = { since: new Date(NOW - 2 * HOUR).toISOString(), empty: drained, drained };
  const SecretString = holdsText({ ...NO_HOLDS, drain });
  await client.send(new PutSecretValueCommand({ SecretId: `${STACK}-holds`, SecretString }));
  client.destroy();
}

describe('a deployment', () => {
  beforeEach(async () => {
    await setDrain(null);
  });

  it('adds streams and leaves streams of the landing out at any time: they are retained', async () => {
    deploy(one);
    const { LandingStream } = one.Resources;
    await asked({ Resources: { ...one.Resources, LandingStream2: LandingStream } });
    deploy({ Resources: { ...one.Resources, LandingStream2: LandingStream } });
    await asked(one);
    await asked({ Resources: { CollectLambdaFunction: one.Resources.CollectLambdaFunction } });
  });

  it('keeps the streams of release 0.2 in the upgrade, and removes them when they were empty for long enough', async () => {
    deploy(former);
    await expect(asked(one)).rejects.toMatchObject(refused('FORMER_STREAMS_IN_USE', 'gets rows'));
    await asked(between);
    deploy(between, NOW - 39 * MINUTE);
    await expect(asked(one)).rejects.toMatchObject(
      refused('FORMER_STREAMS_IN_USE', 'until the last deployment'),
    );
    deploy(between, NOW - 41 * MINUTE);
    await asked(one);
    count(`${STACK}-events`, 'IncomingRecords', 120);
    count(`${STACK}-events`, 'DeliveryToS3.Records', 120);
    await expect(asked(one)).rejects.toMatchObject(refused('FORMER_STREAMS_IN_USE', 'nothing after them'));
    count(`${STACK}-events`, 'DeliveryToS3.Records', 118);
    await asked(one);
    for (const status of ['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE']) {
      deploy(former, NOW, status);
      await asked(one);
    }
  });

  it('that removes the stack looks at every stream, though it is marked as drained', async () => {
    deploy(one);
    await expect(asked()).rejects.toMatchObject(refused('NOT_DRAINED', 'LandingStream'));
    await setDrain(new Date(NOW - HOUR).toISOString());
    await asked();
    count(LANDING, 'IncomingRecords', 30);
    await expect(asked()).rejects.toMatchObject(refused('NOT_DRAINED', `${LANDING} has a record`));
  });

  it('that is rolled back is read where Serverless keeps it', async () => {
    const at = new Date(Date.UTC(2026, 10, 20, 12));
    const [folder, file] = ['serverless/sluice/prod', 'compiled-cloudformation-template.json'];
    const s3 = new S3Client({ ...services.options, forcePathStyle: true });
    const Key = `${folder}/${at.getTime()}-${at.toISOString()}/${file}`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: JSON.stringify(one) }));
    s3.destroy();
    const read = (timestamp: string) =>
      readRollbackTemplate(services.options, { bucket: BUCKET, folder, file }, timestamp);
    for (const timestamp of [String(at.getTime()), at.toISOString()]) {
      const template = await read(timestamp);
      expect(template).toEqual(one);
      deploy(former);
      await expect(asked(template ?? {})).rejects.toMatchObject(
        refused('FORMER_STREAMS_IN_USE', 'gets rows'),
      );
      deploy(one);
      await asked(template ?? {});
    }
    expect(await read('1')).toBeNull();
    expect(await read('yesterday')).toBeNull();
  });

  it('that is rolled back is refused by the plugin before Serverless begins, if it would delete streams with rows', async () => {
    const at = new Date(Date.UTC(2026, 10, 20, 13));
    const s3 = new S3Client({ ...services.options, forcePathStyle: true });
    const Key = `serverless/sluice/prod/${at.getTime()}-${at.toISOString()}/compiled.json`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: JSON.stringify(one) }));
    s3.destroy();
    const provider = {
      getAwsSdkV3Config: async () => services.options,
      getServerlessDeploymentBucketName: async () => BUCKET,
      getDeploymentPrefix: () => 'serverless',
      getStage: () => 'prod',
      naming: { getStackName: () => STACK, getCompiledTemplateS3Suffix: () => 'compiled.json' },
    };
    const serverless = {
      getProvider: () => provider,
      service: { service: 'sluice' },
      classes: { Error },
    };
    const Plugin = createRequire(import.meta.url)('../../infra/serverless/plugin.cjs');
    const rollBack = async (timestamp?: string): Promise<void> =>
      new Plugin(serverless, { timestamp }, {}).hooks['before:rollback:initialize']();
    deploy(former);
    await expect(rollBack(String(at.getTime()))).rejects.toThrow(
      /SLUICE_CONFIG_FORMER_STREAMS_IN_USE.*gets rows/,
    );
    // Without a timestamp Serverless lists them.
    await rollBack();
    deploy(one);
    await rollBack(String(at.getTime()));
  });
});

describe('a deployment with another bucket than the stack has', () => {
  const Plugin = createRequire(import.meta.url)('../../infra/serverless/plugin.cjs');
  const provider = {
    getAwsSdkV3Config: async () => services.options,
    getStage: () => 'prod',
    getRegion: () => 'us-east-1',
    naming: { getStackName: () => STACK },
  };
  const serverless = { getProvider: () => provider, serviceDir: directory.path, classes: { Error } };
  /** Runs the plugin's check before it deploys the configuration. */
  const keep = async (input: ConfigInput): Promise<void> => {
    const file = `${directory.path}/${randomUUID()}.config.ts`;
    const { href } = new URL('../../lib/config/defineConfig.ts', import.meta.url);
    const text = `export default defineConfig(${JSON.stringify(input)}, { stages: ['prod'] });\n`;
    writeFileSync(file, `import { defineConfig } from '${href}';\n${text}`);
    process.env['SLUICE_CONFIG'] = file;
    try {
      await new Plugin(serverless, {}, {}).requireKept(one);
    } finally {
      delete process.env['SLUICE_CONFIG'];
    }
  };

  it('is refused unless the configuration names the former one: the stack may be of another project', async () => {
    deploy(one);
    deployed = { ...deployed, outputs: { DataBucketName: BUCKET } };
    await expect(keep({ bucket: 'other-project' })).rejects.toThrow(
      /SLUICE_CONFIG_BUCKET_DIFFERS.*got "other-project", expected "acme-streams", as sluice-prod is deployed/,
    );
    await expect(keep({ bucket: 'other-project', formerBucket: 'a-third' })).rejects.toThrow(
      /SLUICE_CONFIG_BUCKET_DIFFERS/,
    );
    await keep({ bucket: 'other-project', formerBucket: BUCKET });
    await keep({ bucket: BUCKET });
    // A stack whose outputs nobody knows is compared with nothing.
    deployed = { ...deployed, outputs: {} };
    await keep({ bucket: 'other-project' });
  });
});

describe('a drain', () => {
  it('waits for every stream that is deployed, also for those that the checkout does not have', async () => {
    deploy(between);
    await setDrain(null);
    const waits = async () =>
      (await lookAtDrain(deployment))?.waitsFor.map(({ part, why }) => `${part}: ${why}`);
    count(LANDING, 'DeliveryToS3.Records', 28);
    expect(await waits()).toEqual([expect.stringMatching(/^metrics: /)]);
    count(`${STACK}-quarantine`, 'IncomingRecords', 100);
    count(`${STACK}-quarantine`, 'DeliveryToS3.Records', 100);
    expect(await waits()).toEqual([
      expect.stringMatching(/^buffers: The stream sluice-prod-quarantine got records until/),
    ]);
  });

  it('waits until nothing lies in the landing, and says how attempts at it ended', async () => {
    deploy(one);
    await setDrain(null);
    const s3 = new S3Client(services.options);
    const store = writeStore(s3ObjectStore(s3, BUCKET), realClock);
    const landingWaits = async () =>
      (await lookAtDrain(deployment))?.waitsFor.flatMap(({ part, why }) => (part === 'landing' ? [why] : []));
    const keys = ['landing/2026/11/20/10/x', directRecordKey('a'.repeat(64))];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
    expect(await landingWaits()).toEqual(['2 objects wait to become files of tables.']);
    for (const [index, key] of keys.entries()) {
      const code = index === 0 ? 'SLUICE_WRITE_CUT_SHORT' : 'SLUICE_WRITE_FAILED';
      await noteAttempt(store, { key, code, detail: '', at: NOW });
      await store.discard(keys[1] ?? '');
    }
    expect(await landingWaits()).toEqual([
      '1 object waits to become files of tables. Attempts ended: 1 with SLUICE_WRITE_CUT_SHORT.',
    ]);
    await store.discard(keys[0] ?? '');
    expect(await landingWaits()).toEqual([]);
    s3.destroy();
  });

  it('waits for relay that is deployed, also with a checkout that has none', async () => {
    deploy(one);
    await setDrain(null);
    const relayWaits = async () =>
      (await lookAtDrain(deployment))?.waitsFor.flatMap(({ part, why }) => (part === 'relay' ? [why] : []));
    expect(await relayWaits()).toEqual([]);
    const sqs = new SQSClient(services.options);
    for (const QueueName of [`${STACK}-relay`, `${STACK}-relay-dead-letters`]) {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    }
    sqs.destroy();
    expect(await relayWaits()).toEqual([
      expect.stringMatching(/^1 copy waits to be relayed\./),
      expect.stringMatching(/^1 in relay's dead-letter queue/),
    ]);
  });
});
