import * as z from 'zod';
import { readLocation } from '../../base/s3Location.ts';
import { accountId, BUCKET, databaseName, flag, kmsKeyArn } from '../formats.ts';
import { named, noted } from '../noted.ts';

/**
 * Names that Glue has, without those that a policy's ARN or a template would read as something else because of `*`,
 * `?`, `/` or `${`.
 */
const TABLE = /^[^\s*?/$"'`]{1,255}$/;

/** A location in S3. */
export function s3Location(): z.ZodString {
  return z
    .string('a location in S3')
    .refine(
      (text) => BUCKET.test(readLocation(text)?.bucket ?? ''),
      "a location in S3, s3://<bucket>/<folder>/, of letters, digits and !_.'()=:@+- in the folder",
    );
}

/** What a reader also reads in one place. */
const grantSchema = named(
  'AlsoReadsInput',
  z.strictObject({
    database: noted(
      databaseName(),
      "Glue database of this account and region. A database of another account needs a policy of yours: the reader's `policies`.",
    ),
    tables: noted(
      z
        .array(z.string('a table name').regex(TABLE, 'the name of a table or view').toLowerCase())
        .min(1, 'at least one name')
        .max(100, 'at most 100 names')
        .optional(),
      'Its tables and views that are read. A view is read with the permissions of its reader: name its tables, too, here or in another entry.',
      'all tables and views of the database',
    ),
    locations: noted(
      z.array(s3Location()).max(50, 'at most 50 locations').default([]),
      'Where the files of these tables are: folders, in any bucket.',
      'none, as for views whose tables another entry has',
    ),
    wholeBucket: noted(
      flag().default(false),
      'Allow locations that are a whole bucket, `s3://acme-finance/`.',
    ),
    kmsKeyArn: noted(
      kmsKeyArn().optional(),
      'KMS key that the files are encrypted with, by its ARN.',
      'none: the files are encrypted with keys of S3, or not',
    ),
    owner: noted(
      accountId().optional(),
      'Account that owns the buckets of `locations`, 12 digits, if it is another one.',
      "the deployment's account",
    ),
  }),
);

/** Data besides Sluice's that a reader may read. */
export const alsoReadsSchema = z.array(grantSchema, 'a list').max(20, 'at most 20 entries').default([]);

/** One entry of a reader's `alsoReads`. */
export type AlsoReads = z.output<typeof alsoReadsSchema>[number];

/** Matches ARNs of policies of an account. AWS's own have no account. */
const OWN_POLICY = /^arn:aws[a-z-]*:iam::\d{12}:policy\/[\w+=,.@/-]+$/;

/**
 * Managed policies that are attached as they are. Managed policies of AWS open every bucket or every table. A role or
 * user has ten at most, and up to three are the stack's:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const readerPoliciesSchema = z
  .array(
    z
      .string('the ARN of a managed policy')
      .regex(
        OWN_POLICY,
        "the ARN of a managed policy of yours, arn:aws:iam::<account>:policy/<name>: AWS's own open every bucket or table of the account",
      ),
    'a list',
  )
  .max(7, "at most 7: a role or user has ten managed policies, and some are the stack's")
  .default([]);
