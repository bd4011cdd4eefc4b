import { S3Client } from '@aws-sdk/client-s3';
import { expect, it } from '@jest/globals';
import { findBucket } from '../../../../observe/doctor/bucket/bucket.ts';
import { answering } from '../../../harness/answering.ts';

it.each([
  { answered: 'no constraint', LocationConstraint: undefined, region: 'us-east-1' },
  { answered: 'EU', LocationConstraint: 'EU', region: 'eu-west-1' },
  { answered: 'a region', LocationConstraint: 'eu-west-2', region: 'eu-west-2' },
])(
  'a bucket of the account for which S3 answers $answered is in $region',
  async ({ LocationConstraint, region }) => {
    const { client: s3, asked } = answering(S3Client, { LocationConstraint });
    const identity = { account: '111122223333', arn: 'a', partition: 'aws', region: 'us-east-1' };
    expect(await findBucket({ s3, identity }, 'acme')).toEqual({ kind: 'found', region });
    const input = { Bucket: 'acme', ExpectedBucketOwner: '111122223333' };
    expect(asked).toEqual([{ name: 'GetBucketLocation', input }]);
  },
);
