import { describe, expect, it } from '@jest/globals';
import { deployPolicies } from '../../../lib/access/deployPolicy.ts';
import { trialPolicies } from '../../../lib/access/operators/trialPolicy.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { object, scope } from './calls.ts';
import { type Call, decideCall, isAllowedBy } from './decideCall.ts';

const TRIAL = 'sluice-trial-0a1b2c3d';
const BOUNDARY = `arn:aws:iam::${scope.account}:policy/sluice-boundary`;
const { boundary, policy } = trialPolicies(scope, defineConfig({ bucket: scope.bucket }));
const here = (service: string, name: string) => `arn:aws:${service}:${scope.region}:${scope.account}:${name}`;

async function verdicts(policies: readonly PolicyDocument[], calls: readonly Call[]) {
  const caller = { principal: `arn:aws:iam::${scope.account}:role/ci`, policies };
  return Promise.all(calls.map(async (call) => [call, await decideCall(caller, call)] as const));
}

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

  it('make roles with the boundary alone, and leave the boundary as it is', async () => {
    const made = [iam('CreateRole', role, BOUNDARY), iam('AttachRolePolicy', role, BOUNDARY)];
    expect((await verdicts([policy], made)).map(([, verdict]) => verdict)).toEqual(['Allowed', 'Allowed']);
    const ofRole = `arn:aws:iam::${scope.account}:policy/${TRIAL}-IngestLoadRolePolicy1-4F2A`;
    const managed = ['CreatePolicy', 'CreatePolicyVersion', 'DeletePolicy'].map((name) => iam(name, ofRole));
    expect((await verdicts([policy], managed)).map(([, verdict]) => verdict)).toEqual(
      managed.map(() => 'Allowed'),
    );
    const own = `arn:aws:iam::${scope.account}:policy/${TRIAL}-policy`;
    const user = `arn:aws:iam::${scope.account}:user/${TRIAL}-me`;
    const detours = [
      ...['CreateRole', 'AttachRolePolicy', 'PutRolePolicy', 'PutRolePermissionsBoundary'].flatMap((name) => [
        iam(name, role),
        iam(name, role, `${BOUNDARY}-2`),
      ]),
      iam('DeleteRolePermissionsBoundary', role, BOUNDARY),
      ...[BOUNDARY, own].flatMap((arn) =>
        ['CreatePolicyVersion', 'DeletePolicy', 'DeletePolicyVersion', 'SetDefaultPolicyVersion'].map(
          (name) => iam(name, arn),
        ),
      ),
      iam('CreateUser', user, BOUNDARY),
      iam('CreateAccessKey', user),
      iam('PassRole', `arn:aws:iam::${scope.account}:role/admin`),
    ];
    const allowed = (await verdicts([policy], detours)).filter(([, verdict]) => verdict === 'Allowed');
    expect(allowed).toEqual([]);
  });

  it('have a boundary with which no role of a trial makes another, or deploys', async () => {
    const calls: Call[] = [
      ...['CreateRole', 'PassRole', 'AttachRolePolicy'].map((name) => iam(name, role, BOUNDARY)),
      { action: 'lambda:CreateFunction', resources: [here('lambda', `function:${TRIAL}-x`)] },
      { action: 'cloudformation:CreateStack', resources: [here('cloudformation', `stack/${TRIAL}/1`)] },
      object('GetObject', 'statsig/a'),
    ];
    const allowed = (await verdicts([boundary], calls)).filter(([, verdict]) => verdict === 'Allowed');
    expect(allowed).toEqual([]);
  });

  it('reach an API of the stack by its tag, and no other API and no domain', () => {
    const api = (path: string) => `arn:aws:apigateway:${scope.region}::/${path}`;
    const taggedWith = (stack: string) => ({ 'aws:ResourceTag/aws:cloudformation:stack-name': stack });
    const isAllowed = (method: string, path: string, context: Readonly<Record<string, string | string[]>>) =>
      isAllowedBy([policy], `apigateway:${method}`, api(path), context);
    const byStack = { 'aws:CalledVia': ['cloudformation.amazonaws.com'] };
    expect(isAllowed('POST', 'apis', {})).toBe(true);
    expect(isAllowed('DELETE', 'apis/a1b2c3d4e5', taggedWith(TRIAL))).toBe(true);
    expect(isAllowed('POST', 'apis/a1b2c3d4e5/routes', byStack)).toBe(true);
    expect(isAllowed('DELETE', 'apis/a1b2c3d4e5', {})).toBe(false);
    expect(isAllowed('PATCH', 'apis/a1b2c3d4e5', taggedWith('sluice-prod'))).toBe(false);
    expect(isAllowed('DELETE', 'apis/a1b2c3d4e5', byStack)).toBe(false);
    expect(isAllowed('DELETE', 'apis/a1b2c3d4e5/routes/f6g7', {})).toBe(false);
    expect(isAllowed('DELETE', 'domainnames/collect.acme.com', byStack)).toBe(false);
    expect(isAllowed('POST', 'domainnames', {})).toBe(false);
  });
});
