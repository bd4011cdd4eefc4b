import { expect, it } from '@jest/globals';
import { customerStatements } from '../../infra/roles/customerAccess.ts';

it('a customer’s key is used through S3 alone, in the region of its bucket, by default ours', () => {
  const customers = [
    { bucket: 'drops', kmsKeyArn: 'ours' },
    { bucket: 'drops', kmsKeyArn: 'theirs', region: 'eu-west-1' },
  ] as const;
  const made = customers.flatMap((customer) => customerStatements(customer, [], { onKey: ['kms:Decrypt'] }));
  const through = made.map(({ Resource, Condition }) => [Resource, JSON.stringify(Condition)]);
  expect(through).toEqual([
    [['ours'], expect.stringContaining(`"kms:ViaService":{"Fn::Sub":"s3.\${AWS::Region}.amazonaws.com"}`)],
    [['theirs'], expect.stringContaining('s3.eu-west-1.amazonaws.com')],
  ]);
});
