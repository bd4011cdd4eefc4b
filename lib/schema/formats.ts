import * as z from 'zod';
import { DATABASE_NAME, PLACE_NAME, PLACE_NAME_LENGTH, RESERVED_WORDS, SQL_NAME } from './names.ts';
import { named, noted } from './noted.ts';
import { BUCKET_REGIONS } from './regions.ts';

/** The form of a bucket's name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const BUCKET = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Beginnings and ends of names that S3 keeps for itself, by the same page: it refuses to make such a bucket. */
const RESERVED = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/** The name of an S3 bucket. */
export function bucketName(): z.ZodString {
  return z
    .string('a bucket name')
    .regex(
      BUCKET,
      'an S3 bucket name: 3 to 63 of a-z 0-9 . -, a letter or digit at both ends, no .. and no IP address',
    )
    .refine(
      (name) => !RESERVED.test(name),
      'an S3 bucket name that does not begin with xn--, sthree- or amzn-s3-demo-, nor end with -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3, which S3 keeps for itself',
    );
}

/**
 * How many executions of a queue's function run at once, as Lambda takes the number:
 * https://docs.aws.amazon.com/lambda/latest/dg/API_ScalingConfig.html
 */
export function queueConcurrency(): z.ZodDefault<z.ZodInt> {
  return whole('a whole number', 2, 1_000).default(2);
}

/** The schema of true or false. */
export function flag(): z.ZodBoolean {
  return z.boolean('true or false');
}

/**
 * A whole number of a range.
 *
 * @param what `whole days`
 * @param because Why it may not be less, in words.
 */
export function whole(what: string, least: number, most: number, because?: string): z.ZodInt {
  const reason = because === undefined ? '' : `: ${because}`;
  return z.int(what).min(least, `${least} or more${reason}`).max(most, `${most} at most`);
}

/** The name of a database, table or column; messages call it `what`. */
export function sqlName(what: string): z.ZodString {
  return z
    .string(`a ${what} name`)
    .regex(SQL_NAME, `a ${what} name: lower-case letters, digits and _, at most 255, no digit first`)
    .refine((name) => !RESERVED_WORDS.has(name), 'no reserved word of SQL');
}

/**
 * The name of a Glue database. Glue keeps names in lower case, and so do its ARNs:
 * https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-databases.html#aws-glue-api-catalog-databases-Database
 */
export function databaseName(): z.ZodString {
  return z
    .string('a database name')
    .regex(DATABASE_NAME, 'a database name: letters, digits, _ and -, at most 255, no digit or - first')
    .refine((name) => !RESERVED_WORDS.has(name.toLowerCase()), 'no reserved word of SQL')
    .toLowerCase();
}

/** The name of a source, a dataset or an export. */
export function placeName(): z.ZodString {
  return z
    .string('a name')
    .regex(PLACE_NAME, 'a name of lower-case words joined by - or _, beginning with a letter')
    .max(PLACE_NAME_LENGTH, `a name of at most ${PLACE_NAME_LENGTH} characters`);
}

/**
 * A folder in a bucket: the characters S3 calls safe, so no path of ours ever needs escaping, but not `*`, which in a
 * policy's ARN stands for anything, nor `.` and `..` as a segment, which clients and consoles fold away.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 */
const FOLDER = /^(?!(.*\/)?\.\.?(\/|$))[A-Za-z0-9!_.'()-]+(\/[A-Za-z0-9!_.'()-]+)*$/;

/** A folder without a slash at either end. */
export function folderName(): z.ZodString {
  return z
    .string('a folder')
    .regex(
      FOLDER,
      "a folder without slash at either end, of letters, digits and !_.'()-, no part of it . or ..",
    )
    .max(128, 'a folder of at most 128 characters');
}

/** Matches ARNs of keys of KMS. An alias may lead to another key tomorrow. */
const KEY = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
/**
 * The ARN of a symmetric key of one region by its ID. It is neither an alias, which policies can't name, nor a key of
 * many regions (`mrk-…`), which Statsig's guide rules out.
 * https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
 */
const SINGLE_REGION_KEY =
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** ARN of a KMS key: of somebody else's bucket or files, or of the log groups. */
export function kmsKeyArn(): z.ZodString {
  return z.string('the ARN of a key').regex(KEY, 'the ARN of a KMS key, not of an alias');
}

/** ARN of the KMS key of a bucket that readers of the stack use: Sluice's own, or that of OWOX's results. */
export function singleRegionKeyArn(): z.ZodString {
  return z
    .string('the ARN of a KMS key')
    .regex(
      SINGLE_REGION_KEY,
      'the ARN of a KMS key of one region, arn:aws:kms:<region>:<account>:key/<ID>, no alias and no mrk- key',
    );
}

/** An account, or a role, user or account root by ARN. Never `*`, which is everybody. */
const PRINCIPAL = /^(\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(role|user)\/[\w+=,.@/-]+))$/;
/** The form of an external ID: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;

/** The principal that assumes Statsig's role. */
export function statsigPrincipal(): z.ZodString {
  return z
    .string("Statsig's account ID")
    .regex(PRINCIPAL, "Statsig's account ID of 12 digits, or the ARN of its role or user");
}

/** The principal that assumes Metabase's role: the AWS service it runs on, or the named role or user. */
export function metabasePrincipal(): z.ZodString {
  return z
    .string('ec2, ecs-tasks or an ARN')
    .refine(
      (value) =>
        value === 'ec2' || value === 'ecs-tasks' || (PRINCIPAL.test(value) && value.startsWith('arn:')),
      'ec2, ecs-tasks, or the ARN of a role or user',
    );
}

/** Whether a principal is the root of an account: everybody there whom its own policies allow. */
export function isRoot(principal: string): boolean {
  return /^\d{12}$|:root$/.test(principal);
}

/** An external ID, which a role's trust policy asks for: for Statsig the one that it made for the connection. */
export function externalId(): z.ZodString {
  return z
    .string('an external ID')
    .regex(EXTERNAL_ID, 'an external ID: 2 to 1224 letters, digits and +=,.@:/_-');
}

/** The number of an account, which is a text, as it may begin with zeros. */
export function accountId(): z.ZodString {
  return z.string('an account: 12 digits, as a text').regex(/^\d{12}$/, 'an account: 12 digits');
}

/** How often something is looked for. */
export function schedule(): z.ZodEnum<{ daily: 'daily'; hourly: 'hourly' }> {
  return z.enum(['daily', 'hourly'], 'daily or hourly');
}

/** The form of a role's ARN. */
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

/** A role in a customer's account. */
const customerRole = named(
  'CustomerRoleInput',
  z.strictObject(
    {
      arn: noted(
        z.string('the ARN of a role').regex(ROLE, 'the ARN of a role'),
        'ARN of the role, in the account of `owner`.',
      ),
      externalId: noted(
        externalId().optional(),
        "External ID that the role's trust policy asks for. You make it up, another for each customer.",
        'none; then `allowNoExternalId` is needed',
      ),
      allowNoExternalId: noted(
        flag().optional(),
        'Assume the role without an external ID: others that the customer lets assume it could then act as us.',
        '`false`',
      ),
    },
    "an object such as { arn: '…', externalId: '…' }",
  ),
);

/** A customer's bucket and how it is reached: members that sources and export targets have in common. */
export const customerBucketMembers = {
  bucket: noted(bucketName(), "The customer's bucket, or `statsigBucket`."),
  region: noted(
    z.enum(BUCKET_REGIONS, `one of ${BUCKET_REGIONS.join(', ')}`).optional(),
    'Region of the bucket.',
    "the deployment's",
  ),
  owner: noted(
    accountId().optional(),
    'Account that owns the bucket, 12 digits; S3 refuses calls to a bucket of another owner.',
    "the deployment's account: only for `statsigBucket`",
  ),
  role: noted(
    customerRole.optional(),
    "Role in the customer's account that the functions assume.",
    "none: the bucket's policy allows the function's own role",
  ),
  encryption: noted(
    z.enum(['AES256', 'aws:kms'], 'AES256 or aws:kms').optional(),
    "The header `x-amz-server-side-encryption` of each object that is written, where the bucket's policy demands it. `aws:kms` without `kmsKeyArn` is the key `aws/s3` of the writing account: only with `role`, or where the owner is `account`.",
    'with `kmsKeyArn` `aws:kms`; otherwise no header: the bucket encrypts',
  ),
};

/** A name, or the beginning of names with an asterisk behind it. */
const namePattern = z
  .string('a name, or a prefix and *')
  .regex(/^[^*]*[^*]\*?$/, 'a name, or a prefix and a * at its end');

/**
 * Lists of names, exact or `prefix*`: those that are taken, and those that are not. A denied name is not taken, even if
 * it is allowed.
 */
export function nameLists(): z.ZodPrefault<typeof namesTaken> {
  return namesTaken.prefault({});
}

/** Which names are taken, and which are left out. */
const namesTaken = named(
  'NameListsInput',
  z.strictObject({
    allow: noted(
      z.array(namePattern).min(1, 'at least one name').optional(),
      'Only these names, exact or a prefix and `*`.',
      'all',
    ),
    deny: noted(z.array(namePattern).default([]), 'None of these names, also if `allow` has them.'),
  }),
);

/** A name that is compared exactly, without white space at its ends. @param what `an experiment name` */
export function exactName(what: string): z.ZodString {
  return z
    .string(what)
    .min(1, what)
    .refine((name) => name.trim() === name, `${what} without white space around it`);
}
