import { createRequire } from 'node:module';
import { PutBucketEncryptionCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { cloudFormationService } from '../../packages/local-aws/src/cloudformation/index.ts';
import { startAws } from '../harness/startAws.ts';
import { writeConfig } from '../harness/temporaryDirectory.ts';

/** What Serverless calls before it does something. */
interface Hooks {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;
}
type PluginClass = new (serverless: object, options: object, tools: object) => Hooks;
const Plugin: PluginClass = createRequire(import.meta.url)('../../infra/serverless/plugin.cjs');

const KEY_ARN = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const DEPLOYED: Record<string, string> = { DataBucketName: 'acme', KeyArn: KEY_ARN };
const aws = await startAws({
  more: [
    cloudFormationService({
      stack: () => ({
        name: 'acme-prod',
        region: 'us-east-1',
        account: '000000000000',
        partition: 'aws',
        createdMs: 0,
        resources: [
          { type: 'AWS::KMS::Key', logicalId: 'DataKey', physicalId: KEY_ARN.slice(-36) },
          { type: 'AWS::IAM::User', logicalId: 'ReaderOldUser', physicalId: 'OWOX' },
        ],
        outputs: DEPLOYED,
      }),
    }),
  ],
});
afterAll(() => aws.close());
afterEach(() => {
  delete process.env['SLUICE_CONFIG'];
});

class ServerlessError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** What a deployment is made with, besides a configuration that fits. */
interface Deploying {
  /** Fields of the configuration. */
  readonly fields?: object;
  /** The stage that is named. */
  readonly stage?: string;
  /** Name of the stack. */
  readonly stackName?: string;
  /** The region that was packaged for. */
  readonly region?: string;
  /** Options of the command line. */
  readonly options?: object;
}
const KEYS = [{ label: 'web', sha256: '0'.repeat(64) }];

/** Has the plugin look before something is deployed. @returns The code of its refusal, and what it says. */
async function lookBefore(
  hook: string,
  { fields, stage = 'prod', stackName = 'acme-prod', region, options = {} }: Deploying,
) {
  const text = JSON.stringify({ bucket: 'acme', service: 'acme', keys: KEYS, ...fields });
  const file = writeConfig(
    aws.directory,
    `${text}, { stages: ['prod'] }`,
    `${crypto.randomUUID()}.config.ts`,
  );
  process.env['SLUICE_CONFIG'] = file;
  const said: string[] = [];
  const say = (words: string) => void said.push(words);
  const serverless = {
    serviceDir: aws.directory,
    service: { service: 'acme', provider: { stage, region: region ?? 'us-east-1' } },
    classes: { Error: ServerlessError },
    getProvider: () => ({
      getStage: () => stage,
      getRegion: () => 'us-east-1',
      getAccountId: async () => '000000000000',
      getAwsSdkV3Config: async () => aws.options,
      naming: { getStackName: () => stackName },
    }),
  };
  const { hooks } = new Plugin(serverless, options, { log: { warning: say, notice: say } });
  const code = await hooks[hook]?.().then(
    () => null,
    (error) => error.code ?? error,
  );
  return { code, said };
}

const HOOKS = ['before:deploy:deploy', 'before:deploy:function:deploy'];

it.each<Deploying & { readonly what: string; readonly code: string }>([
  { what: 'of the local stage', stage: 'local', code: 'SLUICE_CONFIG_STAGE_UNKNOWN' },
  { what: 'of a package for another region', region: 'eu-west-1', code: 'SLUICE_CONFIG_PACKAGE_DIFFERS' },
  { what: 'without keys', fields: { keys: [] }, code: 'SLUICE_CONFIG_NO_KEYS' },
  {
    what: 'to another account',
    fields: { account: '111122223333' },
    code: 'SLUICE_CONFIG_ACCOUNT_DIFFERS',
  },
  { what: 'with another encryption', fields: { encryption: 's3' }, code: 'SLUICE_CONFIG_ENCRYPTION_DIFFERS' },
  {
    what: 'with a name that another user has',
    fields: { readers: [{ kind: 'owox', name: 'owox', iamName: 'OWOX', resultsBucket: 'acme-owox' }] },
    code: 'SLUICE_CONFIG_INVALID',
  },
])('a deployment $what, of a stack as of one function, is refused: $code', async ({ code, ...row }) => {
  for (const hook of HOOKS) expect({ hook, ...(await lookBefore(hook, row)) }).toMatchObject({ hook, code });
});

it('a deployment that fits is not refused', async () => {
  for (const hook of HOOKS)
    expect({ hook, ...(await lookBefore(hook, {})) }).toMatchObject({ hook, code: null });
});

it('a deployment of a package repeats its warnings, and that of a new stack says so', async () => {
  const [hook = ''] = HOOKS;
  expect((await lookBefore(hook, {})).said).toEqual([]);
  const packaged = await lookBefore(hook, { options: { package: 'packaged' } });
  expect(packaged.said).toEqual([expect.stringContaining('alarms.topicArn')]);
  const fresh = await lookBefore(hook, { stackName: 'acme-new' });
  expect(fresh).toEqual({ code: null, said: [expect.stringContaining('The stack acme-new is new.')] });
});

it('a deployment that takes a column away warns of it', async () => {
  const [hook = ''] = HOOKS;
  DEPLOYED['SluiceConfiguration'] = '{"unitIds.companyID":"company_id"}';
  expect((await lookBefore(hook, {})).said).toEqual([
    expect.stringMatching(/^unitIds\.companyID: .* the column company_id leaves the tables/),
  ]);
  delete DEPLOYED['SluiceConfiguration'];
});

it('a deployment to an existing bucket that may not be looked at is warned of', async () => {
  const [hook = ''] = HOOKS;
  const fields = { bucket: 'not-there', existing: { bucket: true, keyArn: KEY_ARN } };
  const { code, said } = await lookBefore(hook, { stackName: 'acme-new', fields });
  expect(code).toBeNull();
  expect(said[0]).toMatch(/^S3 does not say how not-there is encrypted, .* NoSuchBucket: /);
});

it('a deployment to an existing bucket with another key is refused', async () => {
  const [hook = ''] = HOOKS;
  const fields = { existing: { bucket: true, keyArn: KEY_ARN.replace('1234abcd', 'abcd1234') } };
  aws.store.createBucket('acme');
  const ServerSideEncryptionConfiguration = {
    Rules: [
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: KEY_ARN } },
    ],
  };
  await aws.s3.send(new PutBucketEncryptionCommand({ Bucket: 'acme', ServerSideEncryptionConfiguration }));
  expect((await lookBefore(hook, { stackName: 'acme-new', fields })).code).toBe(
    'SLUICE_CONFIG_ENCRYPTION_DIFFERS',
  );
});
