import { expect, it } from '@jest/globals';
import { parseArn } from '../../../lib/base/arn.ts';

it.each([
  {
    arn: 'arn:aws-cn:kms:cn-north-1:111122223333:key/1234',
    parts: {
      partition: 'aws-cn',
      service: 'kms',
      region: 'cn-north-1',
      account: '111122223333',
      resource: 'key/1234',
    },
  },
  {
    arn: 'arn:aws:s3:::acme/a:b',
    parts: { partition: 'aws', service: 's3', region: '', account: '', resource: 'acme/a:b' },
  },
])('reads each part of $arn', ({ arn, parts }) => {
  expect(parseArn(arn)).toEqual(parts);
});

it.each(['', 'alias/acme', 'arn:aws:iam::111122223333', '111122223333', 'urn:aws:iam::111122223333:root'])(
  'refuses %j, which is no ARN',
  (text) => {
    expect(() => parseArn(text)).toThrow(RangeError);
  },
);
