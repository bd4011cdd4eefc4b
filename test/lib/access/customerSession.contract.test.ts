import { describe, expect, it } from '@jest/globals';
import { customerSession } from '../../../lib/access/sessionPolicies.ts';
import { type Document, decideCall } from './decideCall.ts';
import { customersRole, everything, keyOf, third, VIA_S3 } from './sessions.ts';

describe("the session policy of a customer's role", () => {
  const owner = '333333333333';
  const resourcePolicy: Document = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${owner}:root` }, Action: 'kms:*', Resource: '*' },
    ],
  };
  const actions = ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:PutKeyPolicy'];

  it.each([
    { purpose: 'list', expected: [] },
    { purpose: 'read', expected: ['kms:Decrypt'] },
    { purpose: 'write', expected: ['kms:Decrypt', 'kms:GenerateDataKey'] },
    { purpose: 'receipt', expected: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  ] as const)(
    "lets who may $purpose use the customer's key for that alone",
    async ({ purpose, expected }) => {
      const sessionPolicy: Document = JSON.parse(customerSession(third, 'in/events/', purpose) ?? '');
      const caller = {
        principal: customersRole(owner),
        policies: [everything],
        sessionPolicy,
        resourcePolicy,
      };
      const verdicts = await Promise.all(
        actions.map((action) => decideCall(caller, { action, resources: [keyOf(owner)], context: VIA_S3 })),
      );
      expect(actions.filter((_, i) => verdicts[i] === 'Allowed')).toEqual(expected);
    },
  );
});
