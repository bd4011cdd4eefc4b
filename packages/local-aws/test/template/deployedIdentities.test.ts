import { describe, expect, it } from '@jest/globals';
import { deployedIdentities } from '../../src/template/deployedIdentities.ts';
import { resolveTemplate } from '../../src/template/resolveTemplate.ts';
import { parseTemplate } from '../../src/template/Template.ts';

const stack = {
  region: 'us-east-1',
  account: '000000000000',
  partition: 'aws',
  stackName: 'app-local',
  endpoint: 'http://127.0.0.1:4566',
};

const document = (Sid: string) => ({
  Version: '2012-10-17',
  Statement: [{ Sid, Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
});
const policy = (Sid: string, to: object = {}) => ({
  Type: 'AWS::IAM::ManagedPolicy',
  Properties: { PolicyDocument: document(Sid), ...to },
});

/** The roles and users of a template. */
const identitiesOf = (Resources: object) =>
  deployedIdentities(resolveTemplate(parseTemplate({ Resources }), stack), stack.account);

describe('the roles and users of a template', () => {
  it('have their own policies, those that they name, and those that name them', () => {
    const identities = identitiesOf({
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'work',
          AssumeRolePolicyDocument: document('Trust'),
          Policies: [{ PolicyName: 'own', PolicyDocument: document('Own') }],
          ManagedPolicyArns: [{ Ref: 'Named' }],
        },
      },
      User: { Type: 'AWS::IAM::User', Properties: { UserName: 'vendor' } },
      Named: policy('Named'),
      OfRole: policy('OfRole', { Roles: [{ Ref: 'Role' }] }),
      OfUser: policy('OfUser', { Users: [{ Ref: 'User' }] }),
    });
    expect(identities).toEqual([
      {
        arn: 'arn:aws:iam::000000000000:role/work',
        account: '000000000000',
        trust: document('Trust'),
        policies: [document('Own'), document('Named'), document('OfRole')],
        boundary: undefined,
        unknownPolicies: [],
      },
      {
        arn: 'arn:aws:iam::000000000000:user/vendor',
        account: '000000000000',
        trust: undefined,
        policies: [document('OfUser')],
        boundary: undefined,
        unknownPolicies: [],
      },
    ]);
  });

  it('have a boundary, which gives no permissions', () => {
    const User = { Type: 'AWS::IAM::User', Properties: { PermissionsBoundary: { Ref: 'Limit' } } };
    expect(identitiesOf({ User, Limit: policy('Limit') })).toMatchObject([
      { policies: [], boundary: document('Limit'), unknownPolicies: [] },
    ]);
  });

  it('have policies and a boundary of which only the ARN is known', () => {
    const arns = [
      'arn:aws:iam::aws:policy/ReadOnlyAccess',
      'arn:aws:iam::aws:policy/PowerUserAccess',
    ] as const;
    const [named, PermissionsBoundary] = arns;
    const Properties = { ManagedPolicyArns: [named], PermissionsBoundary };
    expect(identitiesOf({ User: { Type: 'AWS::IAM::User', Properties } })).toMatchObject([
      { policies: [], boundary: undefined, unknownPolicies: arns },
    ]);
  });
});
