import { describe, expect, it } from '@jest/globals';
import { foreignBuckets } from '../../../lib/access/alsoReads.ts';

const OWNER = '444455556666';
const KEY = `arn:aws:kms:us-east-1:${OWNER}:key/01234567-89ab-cdef-0123-456789abcdef`;
const OTHER_KEY = `arn:aws:kms:us-east-1:${OWNER}:key/fedcba98-7654-3210-fedc-ba9876543210`;

describe('the buckets of other accounts that a reader reads', () => {
  it('have the folders and keys of all entries, each once, and are none of the own account', () => {
    const orders = {
      database: 'finance',
      owner: OWNER,
      wholeBucket: false,
      locations: ['s3://acme-finance/orders/'],
      kmsKeyArn: KEY,
    };
    const refunds = { ...orders, locations: ['s3://acme-finance/refunds/'], kmsKeyArn: OTHER_KEY };
    const plain = { database: 'finance', owner: OWNER, wholeBucket: false, locations: ['s3://acme-plain/'] };
    const { owner: _, ...own } = { ...plain, locations: ['s3://acme-own/'] };
    expect(foreignBuckets({ alsoReads: [own, orders, refunds, orders, plain] })).toEqual([
      {
        bucket: 'acme-finance',
        owner: OWNER,
        folders: ['orders/', 'refunds/'],
        kmsKeyArns: [KEY, OTHER_KEY],
      },
      { bucket: 'acme-plain', owner: OWNER, folders: [''], kmsKeyArns: [] },
    ]);
  });
});
