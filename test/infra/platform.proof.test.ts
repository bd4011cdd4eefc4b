import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  parseTemplate,
  readDeployment,
  resolveTemplate,
  type Template,
} from '../../packages/local-aws/src/template/index.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';
import { packageTemplate } from './packageTemplate.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const account = '111122223333';

describe('a stack with all that a platform team asks for', () => {
  const options = templateConfigurations['what a platform team asks for'];
  let template: Template;
  let plain: Template;
  beforeAll(async () => {
    template = parseTemplate(await packageTemplate(options));
    const { tags: _tags, permissionsBoundary: _boundary, logs: _logs, ...others } = options;
    plain = parseTemplate(await packageTemplate(others));
  });
  const ofType = (searched: Template, ...types: string[]) =>
    Object.entries(searched.Resources).filter(([, { Type }]) => types.includes(Type));

  it('has the boundary on every role and user, whoever assumes it', () => {
    const identities = ofType(template, 'AWS::IAM::Role', 'AWS::IAM::User');
    expect(identities.map(([id]) => id)).toEqual(
      expect.arrayContaining([
        'CollectRole',
        'LandingDeliveryRole',
        'ReaderStatsigRole',
        'ReaderMetabaseRoleRole',
        'ReaderOwoxUser',
        'CurateRole',
        'RelayRole',
      ]),
    );
    for (const [id, { Properties }] of identities)
      expect({ id, boundary: Properties?.['PermissionsBoundary'] }).toEqual({
        id,
        boundary: options.permissionsBoundary,
      });
    // No role is made where nobody sees it: by a nested stack, a macro or a custom resource.
    expect(
      Object.values(template.Resources).filter(({ Type }) => /Stack|Custom|Macro|Serverless/.test(Type)),
    ).toEqual([]);
  });

  it('has the key and a retention on every log group, of functions, streams and the gateway', () => {
    const groups = ofType(template, 'AWS::Logs::LogGroup');
    expect(groups.map(([id]) => id)).toEqual(
      expect.arrayContaining(['AccessLogGroup', 'CollectLogGroup', 'LandingDeliveryLogGroup']),
    );
    for (const [id, { Properties }] of groups)
      expect({
        id,
        kmsKey: Properties?.['KmsKeyId'],
        retentionDays: Properties?.['RetentionInDays'],
      }).toEqual({ id, kmsKey: options.logs?.kmsKeyArn, retentionDays: id === 'AccessLogGroup' ? 90 : 365 });
  });

  it('has a log group of its own for every function, as Lambda would make one without the key', () => {
    expect(ofType(template, 'AWS::Logs::LogGroup').length).toBe(
      ofType(template, 'AWS::Lambda::Function').length + 1 + 1,
    );
  });

  it('has the tags on functions and the API, so that a change of them alone changes the template', () => {
    const functions = ofType(template, 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(5);
    for (const [id, { Properties }] of functions) {
      const tags = Object(Properties)['Tags'];
      expect({ id, tags }).toEqual({
        id,
        tags: expect.arrayContaining([
          { Key: 'team', Value: 'data' },
          { Key: 'cost-center', Value: '47.11 / EU' },
        ]),
      });
    }
    expect(template.Resources['HttpApi']?.Properties?.['Tags']).toEqual(options.tags);
  });

  it('has neither boundary, key nor tags without them', () => {
    expect(JSON.stringify(plain)).not.toMatch(/PermissionsBoundary|KmsKeyId|cost-center/);
    const groups = ofType(plain, 'AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(5);
    for (const [id, { Properties }] of groups)
      expect({ id, retentionDays: Properties?.['RetentionInDays'] }).toEqual({
        id,
        retentionDays: id === 'AccessLogGroup' ? 90 : 30,
      });
    expect(Object.keys(plain.Resources)).toEqual(Object.keys(template.Resources));
  });

  it('is read by the local cloud, which tells the outputs of the domain', () => {
    const resolved = resolveTemplate(template, {
      region: 'eu-west-1',
      account,
      partition: 'aws',
      stackName: 'sluice-prod',
      endpoint: 'http://127.0.0.1:4566',
    });
    expect(readDeployment(resolved).functions.length).toBeGreaterThan(5);
    const outputs = resolved.outputs;
    expect(outputs['DomainUrl']).toBe('https://collect.acme.com');
    expect(outputs['DomainTarget']).toMatch(/^d-[0-9a-f]{10}\.execute-api\.eu-west-1\.amazonaws\.com$/);
    expect(outputs['DomainHostedZoneId']).toMatch(/^Z[0-9A-F]{13}$/);
  });

  it('keeps the address of the collector if it leaves the stack, and nothing else of the gateway', () => {
    const kept = Object.entries(template.Resources)
      .filter(
        ([, { Type, DeletionPolicy }]) =>
          /Gateway|Permission/.test(Type) && DeletionPolicy === 'RetainExceptOnCreate',
      )
      .map(([id]) => id);
    expect(kept).toEqual(
      expect.arrayContaining([
        'HttpApi',
        'HttpApiStage',
        'HttpApiRoutePost',
        'CollectLambdaPermissionHttpApi',
        'Domain',
        'DomainMapping',
      ]),
    );
    expect(kept.filter((id) => /Ingest|Read/.test(id))).toEqual([]);
  });
});

describe('docs/platform.md', () => {
  const page = readFileSync(new URL('../../docs/platform.md', import.meta.url), 'utf8');

  it('makes a template without Serverless’s bucket, which a tool without Serverless deploys at once', async () => {
    const [, script = ''] = /<<'EOF'\n([\s\S]*?)\nEOF\n/.exec(page) ?? [];
    const directory = mkdtempSync(join(tmpdir(), 'sluice-artifacts-'));
    try {
      mkdirSync(join(directory, 'dist'));
      const packaged = await packageTemplate({});
      writeFileSync(
        join(directory, 'dist', 'cloudformation-template-update-stack.json'),
        JSON.stringify(packaged),
      );
      writeFileSync(join(directory, 'artifacts.cjs'), script);
      const folder = execFileSync(process.execPath, ['artifacts.cjs'], {
        cwd: directory,
        encoding: 'utf8',
        timeout: COMMAND_MS,
        env: { ARTIFACTS: 'acme-artifacts' },
      }).trim();
      expect(folder).toMatch(/^serverless\/sluice\/prod\/[^/]+\/$/);
      const made = parseTemplate(JSON.parse(readFileSync(join(directory, 'dist', 'template.json'), 'utf8')));
      expect(JSON.stringify(made)).not.toContain('ServerlessDeploymentBucket');
      const functions = Object.values(made.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
      expect(functions.length).toBe(6);
      for (const { Properties } of functions)
        expect(Object(Properties)['Code']).toEqual({
          S3Bucket: 'acme-artifacts',
          S3Key: expect.stringMatching(new RegExp(`^${folder}[a-z-]+\\.zip$`)),
        });
      // Nothing else is lost on the way.
      const before = Object.keys(parseTemplate(packaged).Resources);
      expect(Object.keys(made.Resources)).toEqual(
        before.filter((id) => !id.startsWith('ServerlessDeploymentBucket')),
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
