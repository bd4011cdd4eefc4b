import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { expect } from '@jest/globals';
import { startS3 } from '../../packages/local-aws/src/testing/startS3.ts';

/** The account that the local cloud is. */
export const OURS = '000000000000';
/** A customer's. */
export const THEIRS = '111122223333';

/** Clients of two accounts. */
export interface TwoAccounts {
  readonly ours: S3Client;
  readonly theirs: S3Client;
  /** A client of a third. */
  clientOf(account: string): S3Client;
  /** @throws when a request has met a defect. */
  close(): Promise<void>;
}

/** Starts S3 with our bucket `sluice-own`, and one of theirs with an object in it. */
export async function startTwoAccounts(bucket: string, key: string): Promise<TwoAccounts> {
  const s3 = await startS3();
  const clientOf = (account: string) =>
    s3.makeClient({ credentials: { accessKeyId: account, secretAccessKey: 'test' } });
  const theirs = clientOf(THEIRS);
  await theirs.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.client.send(new CreateBucketCommand({ Bucket: 'sluice-own' }));
  await theirs.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'PAR1' }));
  return {
    ours: s3.client,
    theirs,
    clientOf,
    async close() {
      await s3.close();
      expect(s3.defects).toEqual([]);
    },
  };
}
