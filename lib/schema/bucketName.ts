import * as z from 'zod';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Beginnings and ends that S3 keeps for itself, same page: it refuses to make such a bucket. */
const RESERVED = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/** The name of an S3 bucket. */
export function bucketName() {
  return z
    .string('a bucket name')
    .regex(BUCKET, 'an S3 bucket name: 3 to 63 of a-z 0-9 . -')
    .refine(
      (name) => !RESERVED.test(name),
      'an S3 bucket name that does not begin with xn--, sthree- or amzn-s3-demo-, nor end with -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3, which S3 keeps for itself',
    );
}
