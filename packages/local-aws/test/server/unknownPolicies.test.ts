import { describe, expect, it } from '@jest/globals';
import { startLocalAws } from '../../src/server/index.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

/** Starts with one user of the given properties. */
async function start(properties: object): Promise<void> {
  const directory = temporaryDirectory();
  try {
    const Resources = { Ada: { Type: 'AWS::IAM::User', Properties: { UserName: 'ada', ...properties } } };
    const aws = await startLocalAws({
      stack: { template: { Resources } },
      directory: directory.path,
      enforceIam: true,
    });
    await aws.close();
  } finally {
    directory.remove();
  }
}
const withStatement = (statement: object) => ({
  Policies: [
    { PolicyName: 'own', PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 's3:*', ...statement }] } },
  ],
});

describe('a template whose policies are enforced', () => {
  it('starts with a policy that IAM accepts', async () => {
    await expect(start(withStatement({ Resource: '*' }))).resolves.toBeUndefined();
  });

  it.each([
    ['has no Resource', withStatement({}), 'Policy statement must contain resources.'],
    ['names a principal', withStatement({ Resource: '*', Principal: '*' }), 'should not specify a principal'],
    [
      'has a condition key whose value is unknown here',
      withStatement({ Resource: '*', Condition: { StringEquals: { 'ec2:Region': 'us-east-1' } } }),
      'the condition key ec2:Region',
    ],
    [
      'is not in the template',
      { ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
      'arn:aws:iam::aws:policy/ReadOnlyAccess',
    ],
  ])('does not start when a policy %s', async (_, properties, reason) => {
    await expect(start(properties)).rejects.toMatchObject({
      code: 'LOCAL_AWS_TEMPLATE_INVALID',
      detail: expect.stringMatching(/user\/ada/),
      message: expect.stringContaining(reason),
    });
  });
});
