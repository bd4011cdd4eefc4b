import { describe, expect, it } from '@jest/globals';
import { queueKeyPermissions } from '../../src/iam/neededPermissions.ts';

const KEY = 'arn:aws:kms:us-east-1:000000000000:key/1';

describe('the permissions for the key of a queue', () => {
  const place = {
    queueKey: (queue: string) => (queue === 'sealed' ? KEY : undefined),
    region: 'us-east-1',
    account: '000000000000',
  };
  const actions = (operation: string, queue: string) =>
    queueKeyPermissions(operation, queue, place).map(({ action }) => action);

  it.each([
    { operation: 'SendMessage', needed: ['kms:GenerateDataKey', 'kms:Decrypt'] },
    { operation: 'ReceiveMessage', needed: ['kms:Decrypt'] },
    { operation: 'DeleteMessage', needed: [] },
    { operation: 'constructor', needed: [] },
  ])('are $needed.length for $operation', ({ operation, needed }) => {
    expect(actions(operation, 'sealed')).toEqual(needed);
  });

  it('are none where the queue has no key', () => {
    expect(actions('SendMessage', 'open')).toEqual([]);
  });

  it('are asked for as a call by SQS of the account', () => {
    expect(queueKeyPermissions('ReceiveMessage', 'sealed', place)).toEqual([
      {
        action: 'kms:Decrypt',
        resource: KEY,
        context: { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com', 'kms:CallerAccount': '000000000000' },
      },
    ]);
  });
});
