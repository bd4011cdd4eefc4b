import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type ObjectOwnership,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportTargetPolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { exportBucketFrom } from '../../lib/aws/exportBucket.ts';
import { systemClock } from '../../lib/base/time.ts';
import { OURS, startTwoAccounts, THEIRS, type TwoAccounts } from './startTwoAccounts.ts';

/** More than one part of the export's uploads. */
const LARGE = 20 * 1024 * 1024;

describe('read access to objects of another account', () => {
  let accounts: TwoAccounts;
  beforeAll(async () => {
    accounts = await startTwoAccounts('acme-drops', 'a.parquet');
  });
  afterAll(() => accounts.close());

  /** A bucket of theirs with the policy that is printed for us, and the ownership that it was created with. */
  async function bucketOf(ownership: ObjectOwnership | undefined, name: string): Promise<string> {
    const Bucket = `acme-${name}`;
    await accounts.theirs.send(
      new CreateBucketCommand({ Bucket, ...(ownership && { ObjectOwnership: ownership }) }),
    );
    const principal = `arn:aws:iam::${OURS}:root`;
    const { bucketPolicy } = exportTargetPolicies({
      ...{ partition: 'aws', region: 'us-east-1', bucket: Bucket },
      principal,
      keyArn: undefined,
    });
    await accounts.theirs.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(bucketPolicy) }));
    return Bucket;
  }

  const read = (Bucket: string, Key: string) =>
    accounts.theirs.send(new GetObjectCommand({ Bucket, Key })).then(
      async ({ Body }) => (await Body?.transformToByteArray())?.byteLength,
      ({ name }) => name,
    );

  it.each([undefined, 'BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const)(
    'includes the owner of a bucket with ownership %s, for every file of an export and its manifest',
    async (ownership) => {
      const Bucket = await bucketOf(ownership, String(ownership).toLowerCase());
      const target = exportBucketFrom(
        accounts.ours,
        { bucket: Bucket, owner: THEIRS, kmsKeyArn: undefined, role: undefined },
        { clock: systemClock, deadline: Date.now() + 60_000, wait: async () => {}, random: () => 0 },
      );
      const bytes = (size: number) => ({
        async *[Symbol.asyncIterator]() {
          yield Buffer.alloc(size, 1);
        },
      });
      await target.write('sluice/small.parquet', bytes(100), 100);
      await target.write('sluice/large.parquet', bytes(LARGE), LARGE);
      await target.writeJson('sluice/manifest.json', '{}');
      const keys = ['small.parquet', 'large.parquet', 'manifest.json'];
      const seen = await Promise.all(keys.map((key) => read(Bucket, `sluice/${key}`)));
      expect(seen).toEqual([100, LARGE, 2]);
    },
  );

  it('is limited to the writer in a bucket with ACLs, unless the ACL grants the owner control or ACLs are disabled', async () => {
    const Bucket = await bucketOf('ObjectWriter', 'writer');
    await accounts.ours.send(new PutObjectCommand({ Bucket, Key: 'ours', Body: 'x' }));
    expect(await read(Bucket, 'ours')).toBe('AccessDenied');
    await expect(accounts.theirs.send(new HeadObjectCommand({ Bucket, Key: 'ours' }))).rejects.toThrow();
    await accounts.theirs.send(
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
    );
    const { OwnershipControls } = await accounts.theirs.send(
      new GetBucketOwnershipControlsCommand({ Bucket }),
    );
    expect(OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    expect(await read(Bucket, 'ours')).toBe(1);
  });

  it('needs s3:PutObjectAcl to set an ACL, and unsupported ACLs are rejected', async () => {
    const Bucket = 'acme-without-acl';
    await accounts.theirs.send(new CreateBucketCommand({ Bucket, ObjectOwnership: 'ObjectWriter' }));
    const statement = {
      ...{ Sid: 'Write', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${OURS}:root` } },
      ...{ Action: 's3:PutObject', Resource: `arn:aws:s3:::${Bucket}/*` },
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await accounts.theirs.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    const ACL = 'bucket-owner-full-control';
    await expect(
      accounts.ours.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ACL })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(
      accounts.ours.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k', ACL })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(
      accounts.theirs.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ACL: 'public-read' })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
  });
});
