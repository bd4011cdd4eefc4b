import { describe, expect, it } from '@jest/globals';
import { deployPolicies } from '../../../lib/access/deployPolicy.ts';
import { trialPolicies } from '../../../lib/access/operators/trialPolicy.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { object, scope } from './calls.ts';
import { type Call, decideCall, decides, isAllowedBy } from './decideCall.ts';

const TRIAL = 'sluice-trial-0a1b2c3d';
const BOUNDARY = `arn:aws:iam::${scope.account}:policy/sluice-boundary`;
const { boundary, policy } = trialPolicies(scope, defineConfig({ bucket: scope.bucket }));
const here = (service: string, name: string) => `arn:aws:${service}:${scope.region}:${scope.account}:${name}`;

/** Decides on calls of somebody with one policy. */
const by = (document: PolicyDocument) => (call: Call) =>
  decideCall({ principal: `arn:aws:iam::${scope.account}:role/ci`, policies: [document] }, call);

it('lets the doctor look at the keys that the configuration brings, with the policy of a deployment or of a trial', () => {
  const key = (id: string) => here('kms', `key/0a1b2c3d-0000-1111-2222-33334444555${id}`);
  const brings = defineConfig({
    bucket: scope.bucket,
    existing: { keyArn: key('1') },
    logs: { kmsKeyArn: key('2') },
  });
  const mayDescribe = (document: PolicyDocument) =>
    ['1', '2', '3'].map((id) => isAllowedBy([document], 'kms:DescribeKey', key(id), {}));
  expect(mayDescribe(deployPolicies(scope, brings, 'sluice-prod').data)).toEqual([true, true, false]);
  // Log groups of a trial have no key.
  expect(mayDescribe(trialPolicies(scope, brings).policy)).toEqual([true, false, false]);
});

describe('the policies of a trial', () => {
  const role = `arn:aws:iam::${scope.account}:role/${TRIAL}-CollectRole-1`;
  const iam = (action: string, resource: string, boundaryArn?: string): Call => ({
    action: `iam:${action}`,
    resources: [resource],
    ...(boundaryArn === undefined ? {} : { context: { 'iam:PermissionsBoundary': boundaryArn } }),
  });

  it('make roles with the boundary', async () => {
    const made = ['CreateRole', 'AttachRolePolicy'].map((name) => iam(name, role, BOUNDARY));
    await decides(made, 'Allowed', by(policy));
  });

  it('make managed policies of the roles of a trial', async () => {
    const ofRole = `arn:aws:iam::${scope.account}:policy/${TRIAL}-IngestLoadRolePolicy1-4F2A`;
    const managed = ['CreatePolicy', 'CreatePolicyVersion', 'DeletePolicy'].map((name) => iam(name, ofRole));
    await decides(managed, 'Allowed', by(policy));
  });

  it('make no role without the boundary, or with another one', async () => {
    const changes = ['CreateRole', 'AttachRolePolicy', 'PutRolePolicy', 'PutRolePermissionsBoundary'];
    const unbounded = changes.flatMap((name) => [iam(name, role), iam(name, role, `${BOUNDARY}-2`)]);
    await decides(unbounded, 'Denied', by(policy));
  });

  it('leave the boundary as it is, whatever else their holder may do', async () => {
    const changes = ['CreatePolicyVersion', 'DeletePolicy', 'DeletePolicyVersion', 'SetDefaultPolicyVersion'];
    const detours = [
      iam('DeleteRolePermissionsBoundary', role, BOUNDARY),
      ...changes.map((name) => iam(name, BOUNDARY)),
    ];
    await decides(detours, 'ExplicitlyDenied', by(policy));
  });

  it('leave themselves as they are', async () => {
    const own = `arn:aws:iam::${scope.account}:policy/${TRIAL}-policy`;
    const changes = ['CreatePolicyVersion', 'DeletePolicy', 'DeletePolicyVersion', 'SetDefaultPolicyVersion'];
    await decides(
      changes.map((name) => iam(name, own)),
      'Denied',
      by(policy),
    );
  });

  it('make no user, and pass no role of others', async () => {
    const user = `arn:aws:iam::${scope.account}:user/${TRIAL}-me`;
    const others = [
      iam('CreateUser', user, BOUNDARY),
      iam('CreateAccessKey', user),
      iam('PassRole', `arn:aws:iam::${scope.account}:role/admin`),
    ];
    await decides(others, 'Denied', by(policy));
  });

  it('have a boundary with which no role of a trial makes another, deploys, or reads what others keep', async () => {
    const calls: Call[] = [
      ...['CreateRole', 'PassRole', 'AttachRolePolicy'].map((name) => iam(name, role, BOUNDARY)),
      { action: 'lambda:CreateFunction', resources: [here('lambda', `function:${TRIAL}-x`)] },
      { action: 'cloudformation:CreateStack', resources: [here('cloudformation', `stack/${TRIAL}/1`)] },
      object('GetObject', 'statsig/a'),
    ];
    await decides(calls, 'Denied', by(boundary));
  });

  const taggedWith = (stack: string) => ({ 'aws:ResourceTag/aws:cloudformation:stack-name': stack });
  const BY_STACK = { 'aws:CalledVia': ['cloudformation.amazonaws.com'] };

  it.each<{
    readonly method: string;
    readonly path: string;
    readonly how: string;
    readonly context: Readonly<Record<string, string | string[]>>;
    readonly isAllowed: boolean;
  }>([
    { method: 'POST', path: 'apis', how: 'directly', context: {}, isAllowed: true },
    {
      method: 'DELETE',
      path: 'apis/a1b2c3d4e5',
      how: "with the trial's tag",
      context: taggedWith(TRIAL),
      isAllowed: true,
    },
    {
      method: 'POST',
      path: 'apis/a1b2c3d4e5/routes',
      how: 'by a stack',
      context: BY_STACK,
      isAllowed: true,
    },
    { method: 'DELETE', path: 'apis/a1b2c3d4e5', how: 'directly', context: {}, isAllowed: false },
    {
      method: 'PATCH',
      path: 'apis/a1b2c3d4e5',
      how: "with another stack's tag",
      context: taggedWith('sluice-prod'),
      isAllowed: false,
    },
    { method: 'DELETE', path: 'apis/a1b2c3d4e5', how: 'by a stack', context: BY_STACK, isAllowed: false },
    { method: 'DELETE', path: 'apis/a1b2c3d4e5/routes/f6g7', how: 'directly', context: {}, isAllowed: false },
    {
      method: 'DELETE',
      path: 'domainnames/collect.acme.com',
      how: 'by a stack',
      context: BY_STACK,
      isAllowed: false,
    },
    { method: 'POST', path: 'domainnames', how: 'directly', context: {}, isAllowed: false },
  ])('may $method $path $how: $isAllowed', ({ method, path, context, isAllowed }) => {
    const api = `arn:aws:apigateway:${scope.region}::/${path}`;
    expect(isAllowedBy([policy], `apigateway:${method}`, api, context)).toBe(isAllowed);
  });
});
