import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { exportTargetPolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { exportBucketFrom } from '../../lib/aws/exportBucket.ts';
import { systemClock } from '../../lib/base/time.ts';
import { OURS, startTwoAccounts, THEIRS } from './startTwoAccounts.ts';

/** More than one part of the export's uploads. */
const LARGE = 20 * 1024 * 1024;

const accounts = await startTwoAccounts('acme-drops', 'a.parquet');
afterAll(() => accounts.close());

describe('read access to objects of another account', () => {
  const exportTo = (bucket: string) =>
    exportBucketFrom(
      accounts.ours,
      { bucket, owner: THEIRS, kmsKeyArn: undefined, role: undefined },
      { clock: systemClock, deadline: Date.now() + 60_000, wait: async () => {}, random: () => 0 },
    );
  const bytes = (size: number) => ({
    async *[Symbol.asyncIterator]() {
      yield Buffer.alloc(size, 1);
    },
  });

  it('includes the owner of a bucket, for every file of an export and its manifest', async () => {
    const Bucket = 'acme-warehouse';
    await accounts.theirs.send(new CreateBucketCommand({ Bucket }));
    const { bucketPolicy } = exportTargetPolicies({
      partition: 'aws',
      region: 'us-east-1',
      bucket: Bucket,
      principal: `arn:aws:iam::${OURS}:root`,
      keyArn: undefined,
    });
    await accounts.theirs.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(bucketPolicy) }));
    const target = exportTo(Bucket);
    await target.write('sluice/small.parquet', bytes(100), 100);
    await target.write('sluice/large.parquet', bytes(LARGE), LARGE);
    await target.writeJson('sluice/manifest.json', '{}');
    const sizes = ['small.parquet', 'large.parquet', 'manifest.json'].map(async (key) => {
      const { Body } = await accounts.theirs.send(new GetObjectCommand({ Bucket, Key: `sluice/${key}` }));
      return (await Body?.transformToByteArray())?.byteLength;
    });
    expect(await Promise.all(sizes)).toEqual([100, LARGE, 2]);
  });

  // Where a bucket still has ACLs, its owner reads only what says so.
  it('is given with an ACL, which needs s3:PutObjectAcl', async () => {
    const Bucket = 'acme-without-acl';
    await accounts.theirs.send(new CreateBucketCommand({ Bucket }));
    const statement = {
      Sid: 'Write',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${OURS}:root` },
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await accounts.theirs.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    await accounts.ours.send(new PutObjectCommand({ Bucket, Key: 'without', Body: 'x' }));
    for (const size of [100, LARGE])
      await expect(exportTo(Bucket).write('k', bytes(size), size)).rejects.toThrow();
    expect(await accounts.theirs.send(new ListObjectsV2Command({ Bucket }))).toMatchObject({
      Contents: [{ Key: 'without' }],
    });
  });
});
