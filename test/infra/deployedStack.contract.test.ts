import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readRollbackTemplate } from '../../infra/serverless/deployedStack.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import {
  cloudFormationService,
  type DeployedStack,
} from '../../packages/local-aws/src/cloudformation/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const NOW = Date.now();
const BUCKET = 'acme-streams';
const STACK = 'sluice-prod';
const directory = temporaryDirectory();
const template = {
  Resources: { LandingStream: { Type: 'AWS::KinesisFirehose::DeliveryStream', Properties: {} } },
};
const deployed: DeployedStack = {
  ...{
    region: 'us-east-1',
    account: '000000000000',
    partition: 'aws',
    name: STACK,
    status: 'UPDATE_COMPLETE',
  },
  ...{ createdMs: NOW, updatedMs: NOW, resources: [], outputs: {}, template },
};
let outputs: Readonly<Record<string, string>> = {};

let objects: ObjectStore;
let services: Awaited<ReturnType<typeof startServices>>;
beforeAll(async () => {
  objects = ObjectStore.open({ directory: `${directory.path}/objects`, clock: realClock });
  objects.ensureBucket(BUCKET, { eventBridge: false });
  services = await startServices([
    cloudFormationService({ stack: () => ({ ...deployed, outputs }) }),
    s3Service({ store: objects, clock: realClock }),
  ]);
});
afterAll(async () => {
  await services.close();
  objects.close();
  directory.remove();
});

describe('a deployment that is rolled back', () => {
  it('is read where Serverless keeps it', async () => {
    const at = new Date(Date.UTC(2026, 10, 20, 12));
    const [folder, file] = ['serverless/sluice/prod', 'compiled-cloudformation-template.json'];
    const s3 = new S3Client({ ...services.options, forcePathStyle: true });
    const Key = `${folder}/${at.getTime()}-${at.toISOString()}/${file}`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: JSON.stringify(template) }));
    s3.destroy();
    const read = (timestamp: string) =>
      readRollbackTemplate(services.options, { bucket: BUCKET, folder, file }, timestamp);
    for (const timestamp of [String(at.getTime()), at.toISOString()])
      expect(await read(timestamp)).toEqual(template);
    expect(await read('1')).toBeNull();
    expect(await read('yesterday')).toBeNull();
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
      await new Plugin(serverless, {}, {}).requireKept(template);
    } finally {
      delete process.env['SLUICE_CONFIG'];
    }
  };

  it('is refused unless the configuration names the former one: the stack may be of another project', async () => {
    outputs = { DataBucketName: BUCKET };
    await expect(keep({ bucket: 'other-project' })).rejects.toThrow(
      /SLUICE_CONFIG_BUCKET_DIFFERS.*got "other-project", expected "acme-streams", as sluice-prod is deployed/,
    );
    await expect(keep({ bucket: 'other-project', formerBucket: 'a-third' })).rejects.toThrow(
      /SLUICE_CONFIG_BUCKET_DIFFERS/,
    );
    await keep({ bucket: 'other-project', formerBucket: BUCKET });
    await keep({ bucket: BUCKET });
    // A stack whose outputs nobody knows is compared with nothing.
    outputs = {};
    await keep({ bucket: 'other-project' });
  });
});
