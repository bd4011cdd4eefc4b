import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { valueAt } from '../../lib/base/json.ts';
import { packageService } from '../../local/packageService.ts';
import { projectRoot } from '../../local/roots.ts';
import {
  cloudFormationService,
  type DeployedStack,
} from '../../packages/local-aws/src/cloudformation/index.ts';
import type { AwsService } from '../../packages/local-aws/src/protocol/index.ts';
import { stsService } from '../../packages/local-aws/src/sts/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { runServerless } from './runServerless.ts';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const defineConfig = JSON.stringify(join(projectRoot, 'lib', 'config', 'defineConfig.ts'));

let configurations = 0;

function configFile(name: string, text: string): string {
  const file = join(directory.path, `${name}.config.ts`);
  writeFileSync(file, `import { defineConfig } from ${defineConfig};\n${text}\n`);
  return file;
}

/** Two stages, with a word of their own in every value. */
const WORDS = { dev: 'heron', prod: 'kestrel' } as const;
const apart = configFile(
  'apart',
  `const words = ${JSON.stringify(WORDS)};
const accounts = { dev: '111111111111', prod: '222222222222' };
export default defineConfig(
  ({ stage }) => {
    const word = words[stage] ?? stage.replace('personal-', '');
    const owner = accounts[stage] ?? '333333333333';
    const role = { arn: 'arn:aws:iam::' + owner + ':role/' + word, externalId: word + '-external' };
    return {
      bucket: 'acme-' + word,
      database: word + '_tables',
      athena: { workgroup: word + '-analysts', stagingDatabase: word + '_staging' },
      keys: [{ label: word + '-web', sha256: '0'.repeat(64), sources: [word + '-customer'] }],
      experiments: [word + ' experiment'],
      holdouts: [word + ' holdout'],
      privacy: { redact: { 'user.email': 'hash' }, salt: 'the salt of stage ' + word },
      readers: [
        { kind: 'statsig', name: 'statsig', principal: owner, externalId: word + '-project' },
        { kind: 'owox', name: 'owox', resultsBucket: word + '-owox', ownDatabase: word + '_owox' },
        { kind: 'metabase', name: 'metabase', ownDatabase: word + '_metabase' },
      ],
      alarms: { topicArn: 'arn:aws:sns:us-east-1:' + owner + ':' + word },
      sources: [
        { name: word + '-customer', bucket: word + '-drops', owner, role, datasets: [{ name: 'events', kind: 'events' }] },
      ],
      exports: [
        { name: word, table: 'statsig_forwarded_events', target: { bucket: word + '-warehouse', owner, role } },
      ],
    };
  },
  { stages: ['dev', 'prod'] },
);`,
);

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

/** Names of something below what has a name of its own. */
const NOT_OF_RESOURCES = /^(Metric|Stage|LogStream)Name$/;

/** Literal names that a template gives to its resources, each with the resource's type. */
function namesOf(template: string): readonly string[] {
  const { Resources } = templateSchema.parse(JSON.parse(template));
  return Object.values(Resources).flatMap(({ Type, Properties }) =>
    Object.entries({ ...Properties, InputName: valueAt(Properties, ['DatabaseInput', 'Name']) })
      .filter(([property]) => /Name$/.test(property) && !NOT_OF_RESOURCES.test(property))
      .flatMap(([, name]) => (typeof name === 'string' ? [`${Type} ${name}`] : [])),
  );
}

const packages = new Map<string, Promise<ReadonlyMap<string, string>>>();
/** All that a package holds: the template, and each module and source map of the functions. Each stage is packaged once. */
function packaged(stage: string): Promise<ReadonlyMap<string, string>> {
  const made = packages.get(stage) ?? packageStage(stage);
  packages.set(stage, made);
  return made;
}

async function packageStage(stage: string): Promise<ReadonlyMap<string, string>> {
  const workspace = join(directory.path, `workspace-${stage}`);
  const { stackName, template } = await packageService({
    root: projectRoot,
    workspace,
    configFile: apart,
    stage,
    region: 'us-east-1',
  });
  expect(stackName).toBe(`sluice-${stage}`);
  const build = join(workspace, 'build');
  const modules = readdirSync(build, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[\w-]+\/[\w-]+\.mjs(\.map)?$/.test(path))
    .map((path) => [path, readFileSync(join(build, path), 'utf8')] as const);
  return new Map([['the template', JSON.stringify(template)], ...modules]);
}

describe('serverless package of one of two stages', () => {
  it.each([
    { stage: 'dev', word: 'heron', others: /kestrel|222222222222/ },
    { stage: 'prod', word: 'kestrel', others: /heron|111111111111/ },
    { stage: 'personal-ada', word: 'ada', others: /heron|kestrel|111111111111|222222222222/ },
  ])(
    '$stage has its own values in template and bundles, and no other values',
    async ({ stage, word, others }) => {
      const texts = await packaged(stage);
      expect(texts.get('the template')).toContain(`"acme-${word}"`);
      expect(texts.get('collect/handler.mjs')).toContain(`the salt of stage ${word}`);
      for (const name of ['ingest-plan', 'ingest-load'])
        expect(texts.get(`${name}/handler.mjs`)).toContain(`${word}-drops`);
      expect(texts.get('export/handler.mjs')).toContain(`${word}-warehouse`);
      for (const [path, text] of texts)
        expect({ path, foreign: others.exec(text)?.[0] }).toEqual({ path, foreign: undefined });
    },
  );

  it('gives no resource a name that the other stage has, too', async () => {
    const [dev = [], prod = []] = [await packaged('dev'), await packaged('prod')].map((texts) =>
      namesOf(texts.get('the template') ?? ''),
    );
    expect(dev.length).toBeGreaterThan(50);
    expect(dev.filter((name) => prod.includes(name))).toEqual([]);
  });
});

describe('serverless deploy', () => {
  const key = "keys: [{ label: 'web', sha256: '0'.repeat(64) }]";

  it('refuses a package of another stage or region, and repeats the warnings of the right one', async () => {
    const { root, remove } = scratchRoot(smallFunctions);
    const file = configFile(
      'two',
      `export default defineConfig(
  ({ stage }) => ({
    bucket: 'acme-' + stage,
    database: 'tables_' + stage,
    athena: { workgroup: stage, stagingDatabase: 'staging_' + stage },
    ${key},
  }),
  { stages: ['dev', 'prod'] },
);`,
    );
    try {
      const deploy = async (...args: string[]) => {
        const { status, said } = await runServerless(file, ['deploy', '--package', 'packaged', ...args], {
          cwd: root,
          env: {
            AWS_ACCESS_KEY_ID: 'test',
            AWS_SECRET_ACCESS_KEY: 'test',
            HTTPS_PROXY: 'http://127.0.0.1:9',
            AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
          },
        });
        return [status, /SLUICE_\w+: .*/.exec(said)?.[0] ?? said];
      };
      const made = await runServerless(file, ['package', '--stage', 'dev', '--package', 'packaged'], {
        cwd: root,
      });
      expect(made).toMatchObject({
        status: 0,
        said: expect.stringContaining('Warning: The alarms notify nobody'),
      });
      // It may be deployed from another folder.
      const state = readFileSync(join(root, 'packaged', 'serverless-state.json'), 'utf8');
      expect(state).toContain('"artifact": ".serverless/collect.zip"');
      expect(state).not.toContain(root);
      const cause =
        'SLUICE_CONFIG_PACKAGE_DIFFERS: The package was made for another stage or region than it is deployed to.';
      expect(await deploy('--stage', 'prod')).toEqual([
        1,
        `${cause} stage: got a package of dev, expected one of prod.`,
      ]);
      expect(await deploy('--stage', 'dev', '--region', 'eu-west-1')).toEqual([
        1,
        `${cause} region: got a package of us-east-1, expected one of eu-west-1.`,
      ]);
      // It then asks AWS for the stack, which nobody answers.
      expect(await deploy('--stage', 'dev')).toEqual([
        1,
        expect.stringMatching(/ECONNREFUSED.*Warning: The alarms notify nobody/s),
      ]);
    } finally {
      remove();
    }
  });

  /** Serverless's own first call, once all comparisons are made: the emulator does not answer it. */
  const COMPARED = /(DescribeStackResource|CreateChangeSet) is not emulated/;

  /** Deploys to an account in which the stack has this. It goes no further than to {@link COMPARED}. */
  async function deployOnto(
    options: string,
    stack: Partial<DeployedStack> = {},
    services: readonly AwsService[] = [],
  ) {
    const { root, remove } = scratchRoot(smallFunctions);
    const account = '000000000000';
    const place = { name: 'sluice-dev', region: 'us-east-1', account, partition: 'aws', createdMs: 0 };
    const deployed = { ...place, resources: [], outputs: {}, ...stack };
    const served = await startServices([
      stsService({ account }),
      cloudFormationService({ stack: () => deployed }),
      ...services,
    ]);
    try {
      const text = `export default defineConfig({ bucket: 'acme', ${options}, ${key} });`;
      return await runServerless(configFile(`deployed-${configurations++}`, text), ['deploy'], {
        cwd: root,
        env: {
          AWS_ENDPOINT_URL: served.options.endpoint,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
        },
      });
    } finally {
      await served.close();
      remove();
    }
  }

  const refused = 'SLUICE_CONFIG_ENCRYPTION_DIFFERS';
  const s3 = "encryption: 's3'";
  it('takes the encryption that the stack has', async () => {
    const { said } = await deployOnto(s3, { outputs: { SluiceVersion: '1' } });
    expect(said).toMatch(COMPARED);
    expect(said).not.toContain(refused);
  });

  /** What is said of an existing bucket if S3 answers so. */
  const saidOfBucket = async (status: number, answer: string) => {
    const service: AwsService = {
      signingName: 's3',
      operations: [],
      async handle({ body }) {
        body.resume();
        return { status, headers: { 'content-type': 'application/xml' }, body: answer };
      },
    };
    return (await deployOnto(`${s3}, existing: { bucket: true }`, {}, [service])).said;
  };

  it.each([
    { status: 301, code: 'PermanentRedirect' },
    { status: 400, code: 'AuthorizationHeaderMalformed' },
  ])(
    'refuses an existing bucket in another region, of which S3 answers $status $code',
    async ({ status, code }) => {
      const said = await saidOfBucket(status, `<Error><Code>${code}</Code><Message>No</Message></Error>`);
      expect(said).toContain('SLUICE_CONFIG_INVALID');
      expect(said).toContain('existing.bucket: acme is in another region than the stack');
      expect(said).not.toMatch(COMPARED);
    },
  );

  it.each([
    { code: 'AccessDenied', cure: 'allows s3:GetEncryptionConfiguration' },
    { code: 'NoSuchBucket', cure: undefined },
  ])('warns of an existing bucket whose encryption S3 does not tell: $code', async ({ code, cure }) => {
    const said = await saidOfBucket(403, `<Error><Code>${code}</Code><Message>No</Message></Error>`);
    expect(said).toMatch(new RegExp(`S3 does not say .*${code}: No\\.`));
    expect(/allows s3:GetEncryptionConfiguration/.exec(said)?.[0]).toBe(cure);
    expect(said).toMatch(COMPARED);
  });

  const reader = "readers: [{ kind: 'metabase', name: 'bi', iamName: 'BI' }]";
  const user = { logicalId: 'ReaderBiUser', physicalId: 'BI', type: 'AWS::IAM::User' };

  it.each([
    {
      what: 'says that a reader is made anew, before it is',
      physicalId: 'sluice-dev-ReaderBiUser-1',
      isReplaced: true,
    },
    { what: 'says nothing of a reader that stays', physicalId: 'BI', isReplaced: false },
  ])('$what', async ({ physicalId, isReplaced }) => {
    const { said } = await deployOnto(reader, { resources: [{ ...user, physicalId }] });
    expect(said.includes('The new ARN is arn:aws:iam::000000000000:user/BI.')).toBe(isReplaced);
    expect(said).toMatch(COMPARED);
  });
});
