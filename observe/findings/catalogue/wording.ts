/** A cure. */
export const DEPLOY_NOW = 'Run `npx serverless deploy` with the same stage and region.';

/** Cause and cure of credentials whose time is over. */
export const EXPIRED_CREDENTIALS = [
  'The credentials were for some hours, and their time is over.',
  'Sign in again (`aws sso login`).',
] as const;

/** Cause and cure of credentials that AWS does not take. */
export const REFUSED_CREDENTIALS = [
  'AWS does not know these credentials, or their secret is wrong.',
  'Sign in (`aws sso login`), or set AWS_PROFILE to a profile whose keys are valid. For the local cloud: --local.',
] as const;

/**
 * Cause and cure of a key of the Glue Data Catalog that cannot be used, by whom it was asked:
 * https://docs.aws.amazon.com/glue/latest/dg/encrypt-glue-data-catalog.html
 */
export function catalogKey(asking: string): readonly [cause: string, cure: string] {
  return [
    'The account encrypts its Glue Data Catalog, and its key cannot be used: it is no key of Sluice.',
    `\`aws glue get-data-catalog-encryption-settings\` names the key (\`SseAwsKmsKeyId\`). Have its owner enable it, or allow ${asking} kms:Decrypt and kms:GenerateDataKey in the policy of the key.`,
  ];
}

/** Cause and first sentences of the cure where the log, or Lambda's count of runs, that tells why could not be read. */
export const WHY_UNREAD = [
  'What tells why could not be read: see `SLUICE_FINDING_UNREADABLE`.',
  'Do what `SLUICE_FINDING_UNREADABLE` says, and ask again: this finding then has the cause.',
] as const;

/** What is done before all else where the first command finds something. */
const SET_BACK =
  'If the first command names a change of the function, such as less time, less memory or a VPC, set that back first.';

/** The cause of work that a quota of the account stops, which the detail names. */
export const QUOTA_USED = 'The account has as much as one of its quotas allows, as the detail says.';
/** Begins the cure of such work. */
export const RAISE_QUOTA = 'Ask AWS for more in Service Quotas, or delete what the account needs no more';

/**
 * Cause and first sentences of the cure of what a function failed with, by the kind of its failure. `reason`: an error of ours, whose own
 * cause and cure stand before these, as do those of the function that `timedOut`. Runs that Lambda did not begin: an answer without a number is of a function without a reservation:
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
 */
const FAILURES = {
  timedOut: ['A run used up its time.', SET_BACK],
  processEnded: [
    'The process of a run ended, most often for want of memory.',
    `Give the function more memory in serverless.yml, and deploy. ${SET_BACK}`,
  ],
  unloaded: [
    "Lambda cannot load the code of the function: somebody changed its code or its settings. CloudTrail's event history has who, and when: UpdateFunctionCode, UpdateFunctionConfiguration.",
    'The first command names a changed setting, and has the commands that set it back. It does not see code: if it names nothing of the function, run `npx serverless deploy --force` with the same stage and region, which uploads the code anew.',
  ],
  denied: [
    'A policy denies the role of the function what the detail names.',
    'The first command names the statement, or the role that was changed: set it back.',
  ],
  allowed: [
    'A policy denied the role of the function what the detail names, and does so no more.',
    'Nothing is to be corrected.',
  ],
  keyOn: [
    'The key of the bucket could not be used then, as the detail says, and is enabled now.',
    'Nothing is to be corrected.',
  ],
  throttled: [
    'Lambda does not begin the runs of the function: its own limit of runs at once is 0 or too low, unless all executions of the account are used up.',
    "The first command tells: a number is the function's own limit, which the second command lifts; without a number the third shows the executions of the account, and the fourth asks AWS for 1,000. If it has as many, ask for twice what it has.",
  ],
  otherBucket: [
    "The function asks for another bucket than the configuration's `bucket`, or that of a source or an export, as the detail says: most often somebody changed its variable `SLUICE_BUCKET`. CloudTrail's event history has who, and when: UpdateFunctionConfiguration.",
    'The first command names the variable, and has the commands that set it back. Make no bucket of that name, and allow none.',
  ],
  missing: [
    'Something that the function asks AWS for does not exist, as the detail says.',
    'The first command names what is gone, and has the commands that make it again.',
  ],
  busy: [
    'AWS answered that the account asks too often, as the detail says.',
    'Wait for an hour: this passes. If the function fails so after it, ask AWS for a higher quota of that call.',
  ],
  quota: [QUOTA_USED, `${RAISE_QUOTA}.`],
  awsFailed: [
    'A service of AWS failed itself, as the detail says.',
    'Wait for an hour: this passes. If the function fails so after it, look at https://health.aws.amazon.com/health/status.',
  ],
  reason: ['The function failed with this error, whose code the detail has.', ''],
  error: ['The function failed with the error of the detail.', 'Correct what it names.'],
  unread: WHY_UNREAD,
} as const;

/** What ends a failure of a day, by how AWS fails the call. */
export const CALL_CURES = {
  denied: '`npx sluice doctor --drift` names what denies it, and how to set it back.',
  missing: '`SLUICE_FINDING_RESOURCE_MISSING` has the commands that make again what is gone.',
  busy: FAILURES.busy[1],
  quota: FAILURES.quota[1],
  awsFailed: FAILURES.awsFailed[1],
} as const;

/** How causes and cures of failing functions differ. */
export type FailureCase = keyof typeof FAILURES;

/**
 * The cases of work that a failing function does not do.
 *
 * @param meanwhile What holds as long as it fails: a sentence, or nothing.
 * @param then What ends the finding once the cause is corrected: a sentence.
 */
export function failureCases(
  meanwhile: string,
  then: string,
): Readonly<Record<FailureCase, readonly [cause: string, cure: string]>> {
  const told = Object.entries(FAILURES).map(([name, [cause, cure]]): [string, [string, string]] => [
    name,
    [`${cause} ${meanwhile}`.trim(), `${cure} ${then}`.trim()],
  ]);
  return Object.fromEntries(told) as Record<FailureCase, [string, string]>;
}

/**
 * Begins a sentence that ends with the names of calls. CloudTrail keeps 90 days of them, also without a trail:
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
 */
export const WHO = "CloudTrail's event history has who, and when:";

/** CloudFormation compares a new template with the last one, not with the resources. */
export const BLIND = 'A deployment does not revert what was changed by hand.';

/** Who deleted objects. https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html */
export const UNSAID_WHO = 'S3 does not say who: CloudTrail does, if it logs data events of the bucket.';

/** A cure. */
export const BOUNDARY_CURE =
  'Have its owner allow there what the detail names: docs/reference/permissions.md lists all that roles do.';

/** Cases of what AWS, or IAM's simulator, denies, by the policy that decides. */
export const DENIALS = {
  boundary: ['The permissions boundary does not allow it, whatever other policies say.', BOUNDARY_CURE],
  organization: [
    'A service or resource control policy of the organization does not allow it, whatever other policies say.',
    'No command in this account changes it. Have whoever administers the organization allow what the detail names: docs/platform.md, "What an organization may deny".',
  ],
  explicit: [
    'A Deny statement denies it, which the detail names where IAM does.',
    'Have its owner take what the detail names out of that statement.',
  ],
} as const;
