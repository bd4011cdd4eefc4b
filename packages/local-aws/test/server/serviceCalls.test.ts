import { expect, it } from '@jest/globals';
import { serviceCalls } from '../../src/server/serviceCalls.ts';
import type { ResolvedTemplate } from '../../src/template/resolveTemplate.ts';

const ROLE = 'arn:aws:iam::000000000000:role/work';

const place = {
  partition: 'aws',
  region: 'eu-west-1',
  account: '000000000000',
  bucketKey: () => undefined,
  queueKey: () => undefined,
  secretArn: () => undefined,
};

/** The services that assume a role with these statements in its trust policy. */
function servicesOf(Statement: unknown): string[] {
  const resolved: ResolvedTemplate = {
    resources: [
      {
        logicalId: 'Work',
        type: 'AWS::IAM::Role',
        physicalId: 'work',
        arn: ROLE,
        locally: 'built',
        properties: { AssumeRolePolicyDocument: { Statement } },
      },
    ],
    outputs: {},
  };
  const calls = serviceCalls({ functions: [], eventSourceMappings: [] }, resolved, place);
  return calls.map(({ principal }) => principal);
}

const allow = (Principal: unknown) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal });
const lambda = { Service: 'lambda.amazonaws.com' };

it.each([
  { name: 'one statement without a list', statement: allow(lambda), services: ['lambda.amazonaws.com'] },
  {
    name: 'a list of services',
    statement: [allow({ Service: ['lambda.amazonaws.com', 'firehose.amazonaws.com'] })],
    services: ['lambda.amazonaws.com', 'firehose.amazonaws.com'],
  },
  {
    name: 'a statement that denies a service',
    statement: [allow(lambda), { ...allow({ Service: 'events.amazonaws.com' }), Effect: 'Deny' }],
    services: ['lambda.amazonaws.com'],
  },
  { name: 'an account', statement: [allow({ AWS: '111122223333' })], services: [] },
  { name: 'everybody', statement: [allow('*')], services: [] },
])(
  'the services that assume a role are those that its trust policy allows by name: $name',
  ({ statement, services }) => {
    expect(servicesOf(statement)).toEqual(services);
  },
);
