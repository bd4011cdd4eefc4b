import * as z from 'zod';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** The name of an S3 bucket. */
export function bucketName() {
  return z.string('a bucket name').regex(BUCKET, 'an S3 bucket name: 3 to 63 of a-z 0-9 . -');
}
