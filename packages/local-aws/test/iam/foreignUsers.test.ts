import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Accounts, startAccounts } from '../../src/testing/startAccounts.ts';

const USER = 'arn:aws:iam::999689269917:user/vendor';

describe('a user of another account', () => {
  let accounts: Accounts;
  beforeAll(async () => {
    accounts = await startAccounts();
    const { store } = accounts;
    for (const bucket of ['open', 'closed']) store.createBucket(bucket);
    store.bucket('open').settings = {
      policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: USER },
            Action: 's3:GetObject',
            Resource: 'arn:aws:s3:::open/*',
          },
        ],
      }),
    };
    for (const bucket of ['open', 'closed']) await store.put(bucket, 'key', 'body');
  });
  afterAll(() => accounts.close());

  const clientOf = (arn: string) =>
    accounts.kept(new S3Client({ ...accounts.options, credentials: accounts.principals.issue(arn) }));

  it('may what the policy of a bucket lets it, by its own name, and nothing else', async () => {
    const s3 = clientOf(USER);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'open', Key: 'key' }));
    expect(await Body?.transformToString()).toBe('body');
    const denied = { name: 'AccessDenied' };
    await expect(
      s3.send(new PutObjectCommand({ Bucket: 'open', Key: 'key', Body: 'x' })),
    ).rejects.toMatchObject(denied);
    await expect(s3.send(new GetObjectCommand({ Bucket: 'closed', Key: 'key' }))).rejects.toMatchObject(
      denied,
    );
    await expect(
      clientOf(`${USER}2`).send(new GetObjectCommand({ Bucket: 'open', Key: 'key' })),
    ).rejects.toMatchObject(denied);
  });

  it('is none in the own account: a deleted one has no permissions left', async () => {
    const gone = clientOf('arn:aws:iam::000000000000:user/vendor');
    await expect(gone.send(new GetObjectCommand({ Bucket: 'open', Key: 'key' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });
});
