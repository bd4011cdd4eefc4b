// biome-ignore-all lint/suspicious/noTemplateCurlyInString: values are texts of templates.
import { expect, it } from '@jest/globals';
import { customerStatements } from '../../infra/roles/customerAccess.ts';

it.each([
  { where: 'our region by default', region: undefined, service: 's3.${AWS::Region}.amazonaws.com' },
  { where: 'the region of its bucket', region: 'eu-west-1', service: 's3.eu-west-1.amazonaws.com' },
] as const)('a customer’s key is used through S3 alone, in $where', ({ region, service }) => {
  const customer = { bucket: 'drops', kmsKeyArn: 'theirs', ...(region === undefined ? {} : { region }) };
  expect(customerStatements(customer, [], { onKey: ['kms:Decrypt'] })).toEqual([
    {
      Action: ['kms:Decrypt'],
      Resource: ['theirs'],
      Condition: { StringEquals: { 'kms:ViaService': { 'Fn::Sub': service } } },
    },
  ]);
});
