import { describe, expect, it } from '@jest/globals';
import { startTestAws } from '../../../src/testing/index.ts';

/** Starts with one user of the given properties. */
async function start(properties: object): Promise<void> {
  const Resources = { Ada: { Type: 'AWS::IAM::User', Properties: { UserName: 'ada', ...properties } } };
  const { close } = await startTestAws({ stack: { template: { Resources } }, enforceIam: true });
  await close();
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
    {
      what: 'has no Resource',
      properties: withStatement({}),
      reason: 'Policy statement must contain resources.',
    },
    {
      what: 'names a principal',
      properties: withStatement({ Resource: '*', Principal: '*' }),
      reason: 'should not specify a principal',
    },
    {
      what: 'has a condition key whose value is unknown here',
      properties: withStatement({
        Resource: '*',
        Condition: { StringEquals: { 'ec2:Region': 'us-east-1' } },
      }),
      reason: 'the condition key ec2:Region',
    },
    {
      what: 'is not in the template',
      properties: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
      reason: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
    },
  ])('does not start when a policy $what', async ({ properties, reason }) => {
    await expect(start(properties)).rejects.toMatchObject({
      code: 'LOCAL_AWS_TEMPLATE_INVALID',
      detail: expect.stringMatching(/user\/ada/),
      message: expect.stringContaining(reason),
    });
  });
});
