import * as z from 'zod';

const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
/**
 * A symmetric key of one region by its ID. Neither an alias, which policies can't name, nor a key of many regions
 * (`mrk-…`), which Statsig's guide rules out. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
 */
const SINGLE_REGION_KEY =
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** ARN of the key that a bucket of others is encrypted with. */
export function kmsKeyArn() {
  return z.string('the ARN of a key').regex(KEY, 'the ARN of a KMS key, not of an alias');
}

/** ARN of the key that our bucket is encrypted with. */
export function singleRegionKeyArn() {
  return z
    .string('the ARN of a KMS key')
    .regex(
      SINGLE_REGION_KEY,
      'the ARN of a KMS key of one region, arn:aws:kms:<region>:<account>:key/<ID>, no alias and no mrk- key',
    );
}
