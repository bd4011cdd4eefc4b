import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { policyScope } from '../../lib/access/arns.ts';
import { deployPolicies } from '../../lib/access/deployPolicy.ts';
import { valuesOf } from '../../lib/base/json.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import type { Template } from '../../packages/local-aws/src/template/index.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';
import { policyExceptions } from './policyExceptions.ts';

const configText = `import { defineConfig } from './lib/config/defineConfig.ts';
export default defineConfig({
  bucket: 'acme-experiments',
  readers: [
    { kind: 'statsig', name: 'statsig', principal: '444455556666', externalId: 'statsig-external-id' },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
    { kind: 'metabase', name: 'metabase', ownDatabase: 'metabase' },
    { kind: 'metabase', name: 'metabase-ec', as: 'role', principal: 'ec2' },
    { kind: 'metabase', name: 'metabase-ecs', as: 'role', principal: 'ecs-tasks' },
  ],
});
`;

const { root, remove } = scratchRoot(smallFunctions);
let template: Template;

beforeAll(async () => {
  writeFileSync(join(root, 'sluice.config.ts'), configText);
  ({ template } = await loadTemplate({ root, env: {} }));
});
afterAll(() => remove());

/** A statement of any policy in the template, and the resource that it stands in. */
interface Found {
  readonly logicalId: string;
  readonly type: string;
  readonly statement: object;
}

/** Policies are wherever an `Effect` is. */
function statements(): Found[] {
  const found: Found[] = [];
  for (const [logicalId, { Type: type, Properties }] of Object.entries(template.Resources)) {
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('Effect' in value) found.push({ logicalId, type, statement: value });
      for (const inner of Object.values(value)) walk(inner);
    };
    walk(Properties);
  }
  return found;
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

describe('each trust of the packaged template', () => {
  it('is limited to a service on behalf of one resource of this account, or is in the table of exceptions', () => {
    const seen = new Set<string>();
    for (const { logicalId, statement } of statements()) {
      for (const service of valuesOf(member(member(statement, 'Principal'), 'Service'))) {
        seen.add(String(service));
        const keys = Object.values(member(statement, 'Condition') ?? {}).flatMap((condition) =>
          Object.keys(condition ?? {}),
        );
        const exception = policyExceptions.trusts.find((candidate) => candidate.service === service);
        expect({ logicalId, service, conditions: keys.sort() }).toEqual({
          logicalId,
          service,
          conditions: exception?.instead ?? ['aws:SourceAccount', 'aws:SourceArn'],
        });
      }
    }
    expect([...seen].sort()).toEqual([
      'ec2.amazonaws.com',
      'ecs-tasks.amazonaws.com',
      'events.amazonaws.com',
      'firehose.amazonaws.com',
      'lambda.amazonaws.com',
      'scheduler.amazonaws.com',
    ]);
  });

  it('lets API Gateway invoke the collector only on behalf of the one API', () => {
    const permissions = Object.values(template.Resources).filter(
      ({ Type }) => Type === 'AWS::Lambda::Permission',
    );
    expect(permissions.map(({ Properties }) => Properties)).toEqual([
      {
        FunctionName: { 'Fn::GetAtt': ['CollectLambdaFunction', 'Arn'] },
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: {
          'Fn::Join': [
            '',
            [
              'arn:',
              { Ref: 'AWS::Partition' },
              ':execute-api:',
              { Ref: 'AWS::Region' },
              ':',
              { Ref: 'AWS::AccountId' },
              ':',
              { Ref: 'HttpApi' },
              '/*',
            ],
          ],
        },
      },
    ]);
    expect(
      policyExceptions.trusts.find(({ service }) => service === 'apigateway.amazonaws.com')?.instead,
    ).toEqual(['aws:SourceArn']);
  });
});

describe('each statement of the packaged template', () => {
  const allowed = () => statements().filter(({ statement }) => member(statement, 'Effect') === 'Allow');

  it('names a resource, except for the actions in the table', () => {
    const unscoped = allowed()
      .filter(({ statement }) => valuesOf(member(statement, 'Resource')).includes('*'))
      .flatMap(({ statement }) => valuesOf(member(statement, 'Action')));
    expect(new Set(unscoped)).toEqual(
      new Set(
        policyExceptions.unscoped
          .filter(({ who }) => !['deploy', 'trial'].includes(who))
          .flatMap(({ actions }) => actions),
      ),
    );
  });

  it("names each action in full, except for the key in the key's own policy", () => {
    const wide = allowed()
      .flatMap(({ logicalId, statement }) =>
        valuesOf(member(statement, 'Action')).map((action) => [logicalId, action]),
      )
      .filter(([, action]) => String(action).includes('*'));
    expect(wide).toEqual([['DataKey', 'kms:*']]);
  });

  it('allows the key only through S3', () => {
    const ofKey = allowed().filter(
      ({ type, statement }) =>
        type.startsWith('AWS::IAM::') &&
        valuesOf(member(statement, 'Action')).some((action) => String(action).startsWith('kms:')),
    );
    expect(ofKey.length).toBeGreaterThan(6);
    for (const { statement } of ofKey) {
      expect(JSON.stringify(member(statement, 'Condition'))).toMatch(/kms:ViaService.*s3\./);
      expect([{ 'Fn::GetAtt': ['DataKey', 'Arn'] }, { 'Fn::Sub': `\${DataKey.Arn}` }]).toContainEqual(
        member(member(statement, 'Resource'), '0'),
      );
      expect(valuesOf(member(statement, 'Resource'))).toHaveLength(1);
    }
  });

  it('belongs to a role that only one function has', () => {
    const functions = Object.values(template.Resources).filter(
      ({ Type }) => Type === 'AWS::Lambda::Function',
    );
    const roles = functions.map(({ Properties }) => JSON.stringify(Properties['Role']));
    expect(roles.length).toBeGreaterThan(2);
    expect(new Set(roles).size).toBe(roles.length);
  });
});

describe('each statement of the deployment policy', () => {
  it('names a resource, except for the actions in the table', () => {
    const config = defineConfig({ bucket: 'acme-experiments', endpoint: { accessLogDays: 30 } });
    const scope = policyScope(config, {
      partition: 'aws',
      account: '111122223333',
      region: 'eu-west-1',
      keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef',
    });
    const documents = deployPolicies(scope, config, 'sluice-prod');
    const unscoped = Object.values(documents)
      .flatMap(({ Statement }) => Statement)
      .filter(({ Resource = [] }) => Resource.includes('*'))
      .flatMap(({ Action }) => Action);
    expect(new Set(unscoped)).toEqual(
      new Set(
        policyExceptions.unscoped.filter(({ who }) => who === 'deploy').flatMap(({ actions }) => actions),
      ),
    );
  });
});
