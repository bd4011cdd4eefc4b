import { expect, it } from '@jest/globals';
import { applyPlatform } from '../../infra/template/platform.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const boundary = 'arn:aws:iam::111122223333:policy/boundaries/workloads';
const kmsKeyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const MADE = {
  Role: { Type: 'AWS::IAM::Role', Properties: { Policies: [] } },
  User: { Type: 'AWS::IAM::User', Properties: { UserName: 'owox' } },
  Group: { Type: 'AWS::Logs::LogGroup' },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: 'theirs' } },
};

it('gives roles and users the boundary, and log groups the key, and leaves all else as it was', () => {
  const made = structuredClone(MADE);
  applyPlatform(made, defineConfig({ bucket: 'acme' }));
  expect(made).toEqual(MADE);
  applyPlatform(made, defineConfig({ bucket: 'acme', permissionsBoundary: boundary, logs: { kmsKeyArn } }));
  expect(made).toEqual({
    Role: { ...MADE.Role, Properties: { Policies: [], PermissionsBoundary: boundary } },
    User: { ...MADE.User, Properties: { UserName: 'owox', PermissionsBoundary: boundary } },
    Group: { ...MADE.Group, Properties: { KmsKeyId: kmsKeyArn } },
    Queue: MADE.Queue,
  });
});

it.each([
  { id: 'HttpApi', isKept: true },
  { id: 'HttpApiStage', isKept: true },
  { id: 'HttpApiIntegrationCollect', isKept: true },
  { id: 'CollectLambdaPermissionHttpApi', isKept: true },
  { id: 'CollectUrl', isKept: true },
  { id: 'CollectUrlPostPermission', isKept: true },
  { id: 'Domain', isKept: true },
  { id: 'DomainMapping', isKept: true },
  { id: 'HttpApiRoutePost', target: 'HttpApiIntegrationCollect', isKept: true },
  { id: 'HttpApiRouteDataReady', target: 'HttpApiIntegrationIngestDashtrigger', isKept: false },
  { id: 'IngestTriggerUrl', isKept: false },
  { id: 'CollectRole', isKept: false },
])(
  'keeps $id, as SDKs may still post to it, when it leaves the template: $isKept',
  ({ id, target, isKept }) => {
    const Type = target === undefined ? 'AWS::Any' : 'AWS::ApiGatewayV2::Route';
    const Properties = { Target: { 'Fn::Join': ['/', ['integrations', { Ref: target ?? '' }]] } };
    const resource: { Type: string; Properties: Record<string, unknown>; DeletionPolicy?: string } = {
      Type,
      Properties,
    };
    applyPlatform({ [id]: resource }, defineConfig({ bucket: 'acme' }));
    expect(resource.DeletionPolicy !== undefined).toBe(isKept);
  },
);
