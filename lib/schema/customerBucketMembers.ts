import * as z from 'zod';
import { bucketName } from './bucketName.ts';
import { externalId } from './readerPrincipal.ts';
import { BUCKET_REGIONS } from './regions.ts';

const ACCOUNT = /^\d{12}$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

/** A customer's bucket and how it is reached: members that sources and export targets have in common. */
export const customerBucketMembers = {
  bucket: bucketName(),
  /** Its region. Default the deployment's. */
  region: z.enum(BUCKET_REGIONS, 'a region: lib/schema/regions.ts lists them').optional(),
  /** Account that owns it. Every call says so, and S3 refuses it when the bucket has come into other hands. */
  owner: z.string('an account: 12 digits, as a text').regex(ACCOUNT, 'an account: 12 digits'),
  /** Role in the customer's account to be assumed. Default none: the bucket's policy lets the function's own role in. */
  role: z
    .strictObject({
      arn: z.string('the ARN of a role').regex(ROLE, 'the ARN of a role'),
      externalId: externalId().optional(),
      /** Assume it without an external ID: whoever else may assume roles for the customer could then do so for us. Default false. */
      allowNoExternalId: z.boolean('true or false').optional(),
    })
    .optional(),
};
