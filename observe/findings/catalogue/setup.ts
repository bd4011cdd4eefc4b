import { entriesOf } from './entry.ts';
import { DENIED, DEPLOY, REFUSED_CREDENTIALS } from './wording.ts';

const { problem, unchecked, warning } = entriesOf(null);

/** Findings about what `sluice doctor` alone looks at: the account, the stack, its names, roles and readers. */
export const setupFindings = {
  SLUICE_FINDING_CREDENTIALS: problem('AWS cannot be asked with these credentials.', {
    refused: REFUSED_CREDENTIALS,
    otherAccount: [
      'The configuration has `account`, and the credentials are of another.',
      'Set AWS_PROFILE to a profile of the configured account, and sign in (`aws sso login`).',
    ],
  }),
  SLUICE_FINDING_REGION_UNFIT: problem('The stack cannot be in this region.', {
    stack: [
      'The region lacks something that the stack needs.',
      'Choose a region that docs/reference/configuration.md lists. Without Function URLs: set `endpoint.kind` to http-api.',
    ],
    bucket: [
      'Functions, queries and the key work in one region.',
      'Choose a bucket in the region of the stack, or deploy the stack to the region of the bucket with --region.',
    ],
  }),
  SLUICE_FINDING_STACK_MISSING: problem(
    'There is no stack for this stage in this account and region.',
    'Deploy it, or choose another: --stage, --region, AWS_PROFILE.',
  ),
  SLUICE_FINDING_STACK_UNFINISHED: problem('The last deployment has not come to its end.', {
    failed: [
      "The first failure in the stack's events is the cause: `npx serverless info` has the stack's name for the console of CloudFormation.",
      'Correct the first failure, run the command, and deploy again.',
    ],
    running: [
      'CloudFormation works on it, or has rolled it back.',
      "Wait while it is in progress. After a rollback correct the first failure in the stack's events, and deploy again.",
    ],
  }),
  SLUICE_FINDING_STACK_DIFFERS: problem(
    'The stack was deployed from another configuration.',
    `Check the configuration (SLUICE_CONFIG), then ${DEPLOY}.`,
  ),
  SLUICE_FINDING_VERSION_DIFFERS: warning(
    'The stack was deployed by another version of Sluice.',
    `If this version is the later one, CHANGELOG.md says what changes: ${DEPLOY}. Else install the version of the stack.`,
  ),
  SLUICE_FINDING_READER_REPLACED: warning(
    'The next deployment makes the role or user of a reader anew, with another ARN, and removes the present one: the reader is denied until its new values are entered.',
    'Deploy when the reader can be told, or leave `iamName` and `as` as they are.',
  ),
  SLUICE_FINDING_NAME_TAKEN: problem(
    'A name of the stack is taken by a resource outside of it or by the stack of another stage.',
    'Choose another name or stage, or bring the resource (docs/deploy.md, "Bringing your own"); after a removal: docs/remove.md, "Redeploying after `remove`". If nobody needs it, run the command.',
  ),
  SLUICE_FINDING_DEPLOY_DENIED: problem(
    "By IAM's simulator, these credentials may not deploy, or the role that the detail names.",
    `Attach the policies that \`npx sluice policy print --for deploy\` prints. If they are attached, ${DENIED}.`,
  ),
  SLUICE_FINDING_LAKE_FORMATION: warning(
    'Lake Formation is in use, and no grant is seen that lets these credentials make a database: CloudFormation then stops with `Required Create Database on Catalog`.',
    'Have a Lake Formation administrator run the command before the first deployment, with `iam.deploymentRole` in serverless.yml for that role; what is granted after it: docs/deploy.md, "Lake Formation".',
  ),
  SLUICE_FINDING_STACK_TOO_LARGE: problem(
    'The stack is larger than CloudFormation, IAM or another service takes: packaging refuses it.',
    'Move some of what the detail says that it grows with into a second stage (docs/deploy.md, "Stages"), or give it shorter names.',
  ),
  SLUICE_FINDING_BOUNDARY_UNFIT: problem(
    'The permissions boundary denies roles of the stack what they do.',
    'Have it allow what docs/reference/permissions.md lists, or set `permissionsBoundary` to another, or take it out. That of a trial is for trials alone.',
  ),
  SLUICE_FINDING_UNCHECKED: unchecked(
    'This cannot be checked here.',
    'Run the doctor on a deployment, with a user or a role.',
  ),
  SLUICE_FINDING_BUCKET_UNFIT: problem('The bucket is not as the stack needs it.', {
    setting: [
      'Whoever owns the bucket makes its settings, and one of them differs.',
      'Run the command: it keeps every other statement and rule.',
    ],
    foreign: [
      'Lifecycle rules of the stack would delete objects of others.',
      'Move these objects to another bucket, and run the doctor again: it then has the command that sets the rules.',
    ],
    account: [
      'The bucket is of another account, or these credentials may not ask for its region.',
      'If the bucket is yours, allow `s3:GetBucketLocation`; else choose another name for `bucket`.',
    ],
  }),
  SLUICE_FINDING_ENCRYPTION_DIFFERS: problem(
    'The stack or the existing bucket is encrypted otherwise than the configuration says: no role could read what lies there, or write to it. The deployment refuses it.',
    'Set `encryption` and `existing.keyArn` as they are there; where the detail refuses the key itself, change the default of the bucket. Encryption is chosen once: for another, deploy a stage with a bucket of its own (docs/platform.md, "Encryption").',
  ),
  SLUICE_FINDING_NAMES_UNKNOWN: warning(
    'Names that SDKs do not send are not known: of holdouts, which then count as groups, or of experiments of layers, which browsers hash.',
    'Run `npx sluice groups pull`, or list them as `holdouts` (`[]` for none) and `experiments`, and deploy.',
  ),
  SLUICE_FINDING_DOMAIN_UNFIT: problem(
    'The domain is not available, has another certificate than configured, or does not lead to the gateway from this machine: events may be lost.',
    'Wait if it is UPDATING; else see that its certificate is ISSUED and for this name, and deploy if the configuration is newer. Point the DNS record to the output `DomainTarget` (docs/platform.md), unless something else answers there on purpose.',
  ),
  SLUICE_FINDING_FORWARDED: warning(
    "Somebody else, most likely Statsig's own forwarding, writes into the folders of the forwarded tables: queries read these rows too, and with relay to Statsig events twice.",
    "Turn Statsig's forwarding off, or give its tables other names in Data Connection (`npx sluice connect statsig`) or ours with `tables`. It goes seven days after the last file.",
  ),
  SLUICE_FINDING_READER_DENIED: problem(
    'A reader lacks a permission that it needs.',
    `Deploy if the stack makes it. Else ${DENIED}, or print its policy again and have it applied (docs/readers.md).`,
    { section: 'readerDenied' },
  ),
  SLUICE_FINDING_ERASE_STOPPED: warning(
    'An erasure is not complete and has not gone on for 30 days: rows of its units may be in tables.',
    'Run `sluice erase` with the same units again until it is complete: docs/privacy.md, "Until it is complete".',
  ),
  SLUICE_FINDING_QUOTA: warning(
    'A quota of the account is nearly exhausted, lower than the default or than configured. Above it AWS answers 429, on which some SDKs drop events.',
    "Request an increase (docs/limits.md), lower `write.concurrency`, or set `endpoint.accountRequestsPerSecond`, `endpoint.burst` or `collector.accountConcurrency` to the account's numbers and deploy: alarms go by them.",
  ),
  SLUICE_FINDING_READER_ALLOWED: problem(
    'A reader has a permission that it must not have.',
    'Remove the policy that grants it: it is not of the stack.',
  ),
  SLUICE_FINDING_ROLE_DENIED: problem(
    'A policy denies roles of the stack what they do in the bucket.',
    'Take the statement out of the policy, or except every role that is named (`ArnNotEquals` of `aws:PrincipalArn`). If none has one, the role lost its own: `npx sluice doctor --drift`.',
    { section: 'changed' },
  ),
} as const;
