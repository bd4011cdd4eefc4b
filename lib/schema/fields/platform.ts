import * as z from 'zod';

/**
 * Keys that Serverless accepts: `awsResourceTags` in its schema. AWS accepts more.
 * https://github.com/oss-serverless/osls/blob/main/lib/plugins/aws/provider.js
 */
const TAG_KEY = /^[A-Za-z0-9 ./=+:_-]{1,128}$/;
/** The form of a tag's value: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules */
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u;
/** The prefix of AWS's own keys, in any letter case. */
const RESERVED_PREFIX = /^aws:/i;
/**
 * The most tags that the configuration may have. A resource has 50 at most, AWS's own not counted, and Serverless adds
 * one.
 */
const MAX_TAGS = 49;
/** The tag that Serverless puts on every stack. */
const STAGE_TAG = 'STAGE';

/** Says what a tag's key should have been; null if it is valid by itself. */
function tagKeyProblem(key: string): string | null {
  if (!TAG_KEY.test(key)) return 'a key of 1 to 128 letters (A to Z), digits, spaces and . / = + : _ -';
  if (RESERVED_PREFIX.test(key)) return 'a key that does not begin with aws:, which AWS keeps for itself';
  if (isSameTagKey(key, STAGE_TAG))
    return `another key than ${STAGE_TAG}, which Serverless sets to the name of the stage`;
  return null;
}

/**
 * Whether AWS takes two keys for one. On a role it does so in any letter case, and refuses to create a role that has both:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
 */
function isSameTagKey(key: string, other: string): boolean {
  return key.toUpperCase() === other.toUpperCase();
}

/** Tags of the deployment: key → value. */
export const tagsSchema = z
  .record(
    z.string(),
    z.string('a text').regex(TAG_VALUE, 'a value of at most 256 letters, digits, spaces and _ . : / = + - @'),
    'tags: key and value',
  )
  .superRefine((tags, context) => {
    const keys = Object.keys(tags);
    for (const [i, key] of keys.entries()) {
      const earlier = keys.slice(0, i).find((other) => isSameTagKey(key, other));
      const message =
        earlier === undefined
          ? tagKeyProblem(key)
          : `another key than ${earlier}: the keys of a role's tags have no letter case`;
      if (message !== null) context.addIssue({ code: 'custom', path: [key], message });
    }
    if (keys.length > MAX_TAGS)
      context.addIssue({
        code: 'custom',
        message: `at most ${MAX_TAGS} tags: a resource has 50, and Serverless adds one`,
      });
  })
  .default({});

/**
 * The form of a policy's ARN. Policies of AWS have `aws` in place of an account.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
const POLICY_ARN = /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/;

/** ARN of a managed policy. */
export function managedPolicyArn(): z.ZodString {
  return z
    .string('the ARN of a managed policy')
    .regex(POLICY_ARN, 'the ARN of a managed policy, arn:aws:iam::<account>:policy/<name>');
}

/**
 * Days for which CloudWatch keeps a log:
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288,
  3_653,
];

/** Days for which a log is kept. */
export function logDays(): z.ZodInt {
  return z.int('whole days').refine((days) => LOG_DAYS.includes(days), `one of ${LOG_DAYS.join(', ')}`);
}

/** Two labels or more, in lower case, without a wildcard. RFC 1035, 2.3.1 */
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/** A custom domain name. AWS's own names are not accepted. */
export function domainName(): z.ZodString {
  return z
    .string('a domain name')
    .regex(DOMAIN, 'a domain name in lower case, such as collect.example.com: no https://, path or wildcard')
    .refine((name) => !/\.(amazonaws\.com|on\.aws)$/.test(name), 'a domain name of your own, not one of AWS');
}

/** The form of a certificate's ARN: https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html */
const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/;

/** ARN of a certificate in AWS Certificate Manager. */
export function certificateArn(): z.ZodString {
  return z
    .string('the ARN of a certificate')
    .regex(
      CERTIFICATE_ARN,
      'the ARN of a certificate in AWS Certificate Manager, arn:aws:acm:<region>:<account>:certificate/<ID>',
    );
}
