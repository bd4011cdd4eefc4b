import * as z from 'zod';
import { bucketName, flag, folderName } from '../formats.ts';
import { named, noted } from '../noted.ts';

/**
 * The form of the user's ARN. Statsig's documents have `STATSIG_IAM_USER` in place of the name, which its console
 * shows.
 */
const USER = /^arn:aws[a-z-]*:iam::\d{12}:user\/(?!STATSIG_IAM_USER$)[\w+=,.@/-]+$/;

/** A bucket for Statsig's own IAM user: it reads exports there, and writes its own below one folder. docs/statsig-s3.md */
export const statsigBucketSchema = named(
  'StatsigBucketInput',
  z.strictObject({
    bucket: noted(
      bucketName(),
      'Name of the bucket. It is another one than `bucket`: Statsig may list all of it.',
    ),
    user: noted(
      z
        .string('the ARN of an IAM user')
        .regex(USER, "the ARN of Statsig's IAM user, arn:aws:iam::999689269917:user/<name>"),
      "ARN of the IAM user that Statsig's console shows.",
    ),
    writesTo: noted(
      folderName().nullable().default(null),
      "Folder that Statsig may write into, for Statsig's own exports.",
      'Statsig writes nothing',
    ),
    existing: noted(
      flag().default(false),
      'The bucket exists already. Apply its policy by hand: `npx sluice policy print --for statsig-bucket --stage NAME`.',
    ),
  }),
);

/** The validated bucket for Statsig. */
export type StatsigBucket = z.output<typeof statsigBucketSchema>;
