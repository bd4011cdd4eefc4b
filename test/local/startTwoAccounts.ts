import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from '@jest/globals';
import { startS3 } from '../../packages/local-aws/src/testing/startS3.ts';

/** The account that the local cloud is. */
export const OURS = '000000000000';
/** A customer's. */
export const THEIRS = '111122223333';

/** Starts S3 with our bucket `sluice-own`, and one of theirs with an object in it. */
export async function startTwoAccounts(bucket: string, key: string) {
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
    /** A client of a third. */
    clientOf,
    /** @throws when a request has met a defect. */
    async close() {
      await s3.close();
      expect(s3.defects).toEqual([]);
    },
  };
}
