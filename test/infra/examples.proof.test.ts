import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { projectFiles } from '../../cli/project/projectFiles.ts';
import { printedPolicies } from '../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { projectRoot } from '../../local/roots.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';
import { instantiate, type WrittenTemplate } from './instantiate.ts';

const examples = join(projectRoot, 'examples');
const textOf = (path: string) => readFileSync(join(examples, path), 'utf8');
/** Serverless reads serverless.yml with it. */
const yaml: { load(text: string): unknown } = createRequire(
  createRequire(import.meta.url).resolve('serverless/package.json'),
)('js-yaml');

const templateSchema = z.looseObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09'),
  Resources: z.record(z.string(), z.looseObject({ Type: z.string() })),
});

function readTemplate(path: string): WrittenTemplate {
  const text = textOf(path);
  // CloudFormation reads no anchors: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
  expect(text).not.toMatch(/: [&*]\w/);
  return templateSchema.parse(yaml.load(text)) as WrittenTemplate;
}

describe('examples/waf', () => {
  const template = readTemplate('waf/template.yaml');
  const CollectorHost = 'a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com';
  const block = { RateRule: 'Block', ManagedRules: 'Block' };
  const made = (more: object = {}) => instantiate(template, { CollectorHost, ...more });
  const rulesOf = (more: object = {}) =>
    z
      .array(
        z.looseObject({
          Name: z.string(),
          Priority: z.number(),
          Action: z.record(z.string(), z.unknown()).optional(),
          OverrideAction: z.record(z.string(), z.unknown()).optional(),
          Statement: z.record(z.string(), z.unknown()),
        }),
      )
      .parse(made(more)['WebAcl']?.Properties?.['Rules']);

  it('answers 503 with a CORS header wherever it blocks, on which SDKs send again, and never 403', () => {
    const blocking = rulesOf(block).filter(({ Action }) => Action !== undefined);
    expect(blocking.map(({ Name }) => Name)).toEqual(['rate', 'managed']);
    for (const { Action } of blocking)
      expect(Action).toMatchObject({
        Block: {
          CustomResponse: {
            ResponseCode: 503,
            ResponseHeaders: expect.arrayContaining([{ Name: 'access-control-allow-origin', Value: '*' }]),
          },
        },
      });
    // A group blocks with 403: each only labels, whatever the parameters say.
    const groups = rulesOf(block).filter(({ Statement }) => 'ManagedRuleGroupStatement' in Statement);
    expect(groups.map(({ OverrideAction }) => OverrideAction)).toEqual([{ Count: {} }, { Count: {} }]);
    expect(rulesOf().map(({ Priority }) => Priority)).toEqual([0, 10, 20, 30]);
    // By default every rule counts.
    expect(
      rulesOf().flatMap(({ Action, OverrideAction }) => Object.keys(Action ?? OverrideAction ?? {})),
    ).toEqual(Array(4).fill('Count'));
  });

  it('blocks by no label of a body, a query or a header, which hold events and keys', () => {
    const keys = [...JSON.stringify(rulesOf()).matchAll(/"Key":"([^"]+)"/g)].map(([, key = '']) => key);
    expect(keys.length).toBe(4);
    for (const key of keys) expect(key).toMatch(/^awswaf:managed:aws:(amazon-ip-list:$|.*_URIPath$)/);
  });

  it('caches nothing and forwards everything but the host and cookies', () => {
    const config = Object(made()['Distribution']?.Properties?.['DistributionConfig']);
    // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html, CachingDisabled;
    expect(config.DefaultCacheBehavior).toMatchObject({
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      OriginRequestPolicyId: { Ref: 'WithoutCookies' },
      AllowedMethods: expect.arrayContaining(['GET', 'POST', 'OPTIONS']),
    });
    // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-request-create-origin-request-policy.html
    expect(made()['WithoutCookies']?.Properties?.['OriginRequestPolicyConfig']).toMatchObject({
      CookiesConfig: { CookieBehavior: 'none' },
      HeadersConfig: { HeaderBehavior: 'allExcept', Headers: ['host'] },
      QueryStringsConfig: { QueryStringBehavior: 'all' },
    });
    expect(config.CacheBehaviors).toBeUndefined();
    for (const answer of config.CustomErrorResponses) expect(answer.ErrorCachingMinTTL).toBe(0);
  });
});

describe('examples/github-actions', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-actions-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  const folder = 'github-actions/workflows';
  const workflowSchema = z.looseObject({
    name: z.string(),
    permissions: z.record(z.string(), z.string()),
    jobs: z.record(
      z.string(),
      z.looseObject({
        environment: z.string().optional(),
        permissions: z.record(z.string(), z.string()).optional(),
        steps: z.array(
          z.looseObject({
            uses: z.string().optional(),
            run: z.string().optional(),
            with: z.record(z.string(), z.unknown()).optional(),
          }),
        ),
      }),
    ),
  });
  const workflows = new Map(
    readdirSync(join(examples, folder)).map((name) => [
      name,
      workflowSchema.parse(yaml.load(textOf(`${folder}/${name}`))),
    ]),
  );
  const jobs = [...workflows].flatMap(([file, { jobs: of }]) =>
    Object.entries(of).map(([job, members]) => ({ file, job, ...members })),
  );
  const commands = jobs.flatMap(({ steps }) => steps.flatMap(({ run }) => run?.split('\n') ?? []));

  it('pins every action by the digest of a commit, and gives the token of the repository nothing but reading', () => {
    for (const { job, steps, permissions = {} } of jobs) {
      const uses = steps.flatMap((step) => step.uses ?? []);
      expect({ job, unpinned: uses.filter((use) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(use)) }).toEqual({
        job,
        unpinned: [],
      });
      expect(permissions['contents'] ?? 'read').toBe('read');
    }
    for (const { permissions } of workflows.values()) expect(permissions).toEqual({ contents: 'read' });
  });

  it('asks for credentials only in a job of the environment that the role trusts', () => {
    for (const { file, job, environment, permissions, steps } of jobs) {
      const takes = steps.some(({ uses }) => uses?.startsWith('aws-actions/') === true);
      const isDeployed = file !== 'check.yml' && !job.startsWith('package-');
      expect({ job, takes, idToken: permissions?.['id-token'], environment }).toEqual({
        job,
        takes: isDeployed,
        idToken: isDeployed ? 'write' : undefined,
        environment: job === 'check' ? undefined : job.replace('package-dev', 'dev'),
      });
    }
    expect(textOf(`${folder}/check.yml`)).not.toMatch(/\{\{ *secrets|AWS_/);
  });

  it('runs no script of a package where a token of the deployment can be had, and deploys what another job packaged', () => {
    const project = workflowSchema.parse(
      yaml.load(
        projectFiles({ name: 'acme', service: 'sluice', from: '1.0.0' })['.github/workflows/sluice.yml'] ??
          '',
      ),
    );
    const all = [
      ...jobs,
      ...Object.entries(project.jobs).map(([job, members]) => ({ file: 'init', job, ...members })),
    ];
    for (const { file, job, steps, permissions, ...members } of all) {
      const runs = steps.map(({ run }) => run ?? '');
      const installs = runs.filter((run) => /\bnpm (ci|install|i|rebuild)\b/.test(run));
      const hasToken = permissions?.['id-token'] === 'write';
      expect({ job, installs }).toEqual({ job, installs: [hasToken ? 'npm ci --ignore-scripts' : 'npm ci'] });
      const deploys = runs.filter((run) => /\bdeploy\b.*--stage/.test(run));
      // A trial deploys by itself.
      expect({ job, length: deploys.length }).toEqual({
        job,
        length: hasToken && file !== 'trial.yml' ? 1 : 0,
      });
      for (const run of deploys) expect(run).toContain('--package .serverless');
      // No secret is there while packages are installed.
      expect(JSON.stringify(members)).not.toContain('secrets.');
      for (const step of steps)
        if (/npm ci|uses/.test(JSON.stringify(step))) expect(JSON.stringify(step)).not.toContain('secrets.');
      for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/);
    }
  });

  it('seals the package on its way with a key of the environment', () => {
    const made = join(scratch, 'sealed');
    const folder = join(made, '.serverless');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'collect.zip'), 'the salt');
    const sealing = commands.filter((line) => line.includes('openssl'));
    const [seal = '', open = ''] = sealing;
    expect(sealing).toEqual([seal, open, seal, open]);
    // As GitHub runs a step; a secret that is not set is empty.
    const run = (line: string, SLUICE_PACKAGE_KEY: string) =>
      spawnSync('bash', ['-e', '-c', line], {
        cwd: made,
        timeout: COMMAND_MS,
        env: { PATH: process.env['PATH'], SLUICE_PACKAGE_KEY },
      }).status;
    expect(run(seal, '')).not.toBe(0);
    expect(run(seal, 'k1')).toBe(0);
    expect(readFileSync(join(made, 'package.enc')).includes('the salt')).toBe(false);
    rmSync(folder, { recursive: true });
    expect(run(open, 'k2')).not.toBe(0);
    expect(run(open, 'k1')).toBe(0);
    expect(readFileSync(join(folder, 'collect.zip'), 'utf8')).toBe('the salt');
  });

  const template = readTemplate('github-actions/access.yaml');
  const parameters = {
    Repository: 'acme/sluice',
    Environment: 'prod',
    PolicyArns: ['arn:aws:iam::111122223333:policy/sluice-deploy-prod-stackPermissions'],
  };
  const ProviderArn = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';

  it('trusts one environment of one repository, and nobody else', () => {
    const Resources = instantiate(template, { ...parameters, ProviderArn });
    expect(Object.keys(Resources)).toEqual(['DeployRole']);
    expect(Resources['DeployRole']?.Properties?.['AssumeRolePolicyDocument']).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: ProviderArn },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
              'token.actions.githubusercontent.com:sub': { 'Fn::Sub': 'repo:acme/sluice:environment:prod' },
            },
          },
        },
      ],
    });
  });

  it('has no name that the policies which it carries could change: it cannot widen itself', () => {
    const Resources = instantiate(template, parameters);
    const name = Resources['DeployRole']?.Properties?.['RoleName'];
    expect(name).toEqual({ 'Fn::Sub': 'github-sluice-prod' });
    const [policy] = printedPolicies('deploy', defineConfig({ bucket: 'acme' }), {
      region: 'eu-west-1',
      stack: 'sluice-prod',
      account: '111122223333',
    });
    const roles = policy?.document.Statement.find(({ Sid }) => Sid === 'Identities');
    expect(roles?.Resource).toContain('arn:aws:iam::111122223333:role/sluice-prod-*');
    expect(JSON.stringify(roles?.Resource)).not.toContain('github');
  });
});
