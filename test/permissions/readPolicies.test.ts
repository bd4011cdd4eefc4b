import { describe, expect, it } from '@jest/globals';
import { readPolicies } from './readPolicies.ts';

type Resource = Parameters<typeof readPolicies>[0]['resources'][number];

/** A resource of a template whose intrinsics are resolved. */
const resource = (type: string, name: string, properties: Resource['properties']): Resource => ({
  type,
  logicalId: name,
  physicalId: name,
  arn: `arn:aws:iam::000000000000:test/${name}`,
  locally: 'built',
  properties,
});
/** The roles of a template of some resources. */
const rolesOf = (...resources: readonly Resource[]) => readPolicies({ resources, outputs: {} }).roles;
const PolicyDocument = { Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' } };
const READS = { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'] };

describe('the statements of a role', () => {
  it.each(['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'])(
    'are also of a policy that names it: %s',
    (type) => {
      const roles = rolesOf(
        resource('AWS::IAM::Role', 'Load', {}),
        resource(type, 'Reads', { Roles: ['Load'], PolicyDocument }),
      );
      expect(roles).toMatchObject([{ logicalId: 'Load', statements: [READS] }]);
    },
  );

  it('are also of a managed policy that it names', () => {
    const roles = rolesOf(
      resource('AWS::IAM::ManagedPolicy', 'Reads', { PolicyDocument }),
      resource('AWS::IAM::Role', 'Load', { ManagedPolicyArns: ['Reads'] }),
    );
    expect(roles).toMatchObject([{ logicalId: 'Load', statements: [READS] }]);
  });

  it('are not known if it names a policy that the template does not have', () => {
    const role = resource('AWS::IAM::Role', 'Load', { ManagedPolicyArns: ['Reads'] });
    expect(() => rolesOf(role)).toThrow('Reads');
  });
});
