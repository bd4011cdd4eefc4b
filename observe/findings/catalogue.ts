import { type OperateSection, operateSections } from '../../infra/alarms/sections.ts';
import type { ErrorCode } from '../../lib/base/errors.ts';
import type { SharedPart } from '../facts/statusFacts.ts';

/** How serious a finding can be, the worst first. */
export const severities = ['problem', 'warning', 'unchecked'] as const;

/**
 * `problem`: something does not work, is not safe, or could not be checked. `warning`: it works but should be improved.
 * `unchecked`: the check does not apply here, for example in the local cloud.
 */
export type Severity = (typeof severities)[number];

/** The part of the pipeline that a finding is about. */
export type FindingPart = 'collector' | 'streams' | 'partitions' | 'drops' | 'deployment';

/** Why something of a code is so, and what to do about it. */
interface FindingCase {
  /** Why it is so; where that is not known, what tells. */
  readonly cause: string;
  /** What ends it. Nothing for another case. */
  readonly cure: string;
}

interface Entry<Case extends string = string> {
  /** The usual severity; a finding can have another one. */
  readonly severity: Severity;
  /** What the code means, whatever the case. */
  readonly cause: string;
  /** Its cases, each with one cause and one cure. */
  readonly cases: Readonly<Record<Case, FindingCase>>;
  /** The part of the deployment, for a finding of `sluice status`. */
  readonly part?: FindingPart;
  /** The section of docs/operate.md that goes through it. */
  readonly section?: OperateSection;
  /** Alarms that ring for it, by their names without the stack's and the schedule's. */
  readonly alarms?: readonly string[];
}

type Place = Pick<Entry, 'part' | 'section' | 'alarms'>;
/** The cases of a code, or the cure of its only one. */
type Cases<Case extends string> = string | Readonly<Record<Case, readonly [cause: string, cure: string]>>;

function entry<Case extends string>(
  severity: Severity,
  cause: string,
  cases: Cases<Case>,
  place?: Place,
): Entry<Case> {
  const named = typeof cases === 'string' ? { only: [cause, cases] } : cases;
  const all = Object.entries<readonly string[]>(named).map(([name, [why = '', cure = '']]) => [
    name,
    { cause: why, cure },
  ]);
  return { severity, cause, cases: Object.fromEntries(all), ...place };
}
const problem = <Case extends string>(cause: string, cases: Cases<Case>, place?: Place) =>
  entry('problem', cause, cases, place);
const warning = <Case extends string>(cause: string, cases: Cases<Case>, place?: Place) =>
  entry('warning', cause, cases, place);

const DEPLOY = 'run `npx serverless deploy` with the same stage and region';
const DEPLOY_NOW = 'Run `npx serverless deploy` with the same stage and region.';
const DENIED = 'look for a permissions boundary, a service control policy or a Deny statement';
const REFUSED_CREDENTIALS = [
  'AWS does not accept the credentials, or there are none.',
  'Sign in (`aws sso login`), or set AWS_PROFILE. For the local cloud: --local.',
] as const;
/**
 * CloudTrail keeps 90 days of such calls, also without a trail:
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
 */
const WHO = "CloudTrail's event history has who, and when:";
/** CloudFormation compares a new template with the last one, not with the resources. */
const BLIND = 'A deployment does not revert what was changed by hand.';

/** Everything that `sluice status` and `sluice doctor` can find. Codes are stable; none of them is thrown. */
export const findingCatalogue = {
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
  SLUICE_FINDING_UNCHECKED: entry(
    'unchecked',
    'This cannot be checked here.',
    'Run the doctor on a deployment, with a user or a role.',
  ),
  SLUICE_FINDING_RESOURCE_MISSING: problem(
    'A resource that the stack has or uses does not exist.',
    {
      table: [
        `Somebody deleted it from the catalog after the last deployment. Its files are still in the bucket. ${WHO} DeleteTable.`,
        `${BLIND} Run the commands: they make it again.`,
      ],
      stack: [
        `Somebody deleted it outside of CloudFormation after the last deployment. ${WHO} its name.`,
        `${BLIND} Run the commands in their order: the third shows what the fourth makes.`,
      ],
      new: [
        'The configuration has it, and the deployed stack does not: nobody has deployed it yet.',
        DEPLOY_NOW,
      ],
      local: [
        'Somebody deleted it from the local cloud.',
        'Start the local cloud again: it makes what its template has.',
      ],
      own: [
        'The configuration names it, and the stack does not make it.',
        'Make it (docs/deploy.md, "Bringing your own"), or correct its name in the configuration and deploy.',
      ],
      drift: [
        'AWS says that it does not exist.',
        '`npx sluice doctor --drift` says whether the stack had it, and has the commands that make it again.',
      ],
    },
    { part: 'deployment', section: 'changed' },
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
  SLUICE_FINDING_UNREADABLE: problem(
    'A part of the deployment could not be read, so it may have problems that are not listed.',
    {
      credentials: REFUSED_CREDENTIALS,
      throttled: [
        'AWS answered that the account asks too often. Others in the account count, too: a dashboard, a crawler, another tool.',
        'Ask again in some minutes. If it stays, see in Service Quotas which calls of that service the account makes, stop what makes most of them, or ask AWS for a higher quota. Nothing of Sluice is to be changed.',
      ],
      denied: [
        'A policy does not allow these credentials the action that the answer names.',
        'Have the action that the detail names allowed to these credentials, or sign in as somebody who may.',
      ],
      missing: [
        'AWS answered that what is asked for does not exist.',
        '`npx sluice doctor --drift` names what is gone, and has the commands that make it again.',
      ],
      timedOut: [
        'AWS did not answer in time.',
        'Ask again. If it stays, look at the status of that service in this region: https://health.aws.amazon.com/health/status.',
      ],
      query: [
        'Athena could not finish the query: the detail has its own words.',
        'Correct the table or view that the detail names: `npx sluice doctor` compares each with its definition. Then ask again.',
      ],
      other: [
        'The detail has the answer of AWS, or what is damaged.',
        '`npx sluice doctor` looks at each part by itself. Correct what it finds, and ask again.',
      ],
    },
    { part: 'deployment' },
  ),
  SLUICE_FINDING_KEY_UNUSABLE: problem(
    "The bucket's key cannot be used: data can be neither written nor read.",
    {
      off: [
        `Somebody disabled it. Until it is enabled nothing is written or read, and Firehose drops what has waited for 24 hours. ${WHO} DisableKey, ScheduleKeyDeletion.`,
        'Run the commands in their order.',
      ],
      unfit: [
        'S3 and Statsig use symmetric single-Region keys alone.',
        'Set `existing.keyArn` to such a key, or take it out, and deploy a stage with a bucket of its own: docs/platform.md, "Encryption".',
      ],
      state: [
        'KMS says that it is in a state that no call of ours ends.',
        'Whoever owns the key brings it back: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html.',
      ],
    },
    { part: 'deployment', section: 'late' },
  ),
  SLUICE_FINDING_DRIFT: problem(
    'Somebody changed a resource.',
    {
      workgroup: [
        `Somebody changed it by hand, as this release has deployed it. ${WHO} UpdateWorkGroup.`,
        `${BLIND} Run the command: it sets these values back.`,
      ],
      release: [
        'Another release of Sluice has deployed the stack, and its values may be those of that release.',
        `${DEPLOY_NOW} If it is still here after it, somebody changed it by hand: this finding then has the cure of that.`,
      ],
      stack: [
        `It is not as its template: somebody changed it outside of CloudFormation. ${WHO} its name.`,
        `${BLIND} Run the commands in their order: the third shows what the fourth changes.`,
      ],
    },
    { part: 'deployment', section: 'changed' },
  ),
  SLUICE_FINDING_TABLE_DIFFERS: problem(
    'A table or view differs from its definition: rows go to quarantine, are read incorrectly, or are not found.',
    {
      table: [
        `A crawler or a person changed it. Until it is as before, rows go to quarantine, are read incorrectly, or are not found. ${WHO} UpdateTable.`,
        `${BLIND} Run the commands in their order: no file is deleted.`,
      ],
      view: [
        `Somebody replaced it. Whoever asks the view gets what its other SQL says. ${WHO} UpdateTable.`,
        `${BLIND} Run the command: it brings the SQL back, and no file is touched.`,
      ],
      release: [
        'Another release of Sluice has deployed the stack, and the definition may be that of that release.',
        `${DEPLOY_NOW} If it is still here after it, somebody changed it by hand: this finding then has the cure of that.`,
      ],
      local: [
        'Somebody changed it in the local cloud.',
        'Start the local cloud again: it makes what its template has.',
      ],
    },
    { part: 'partitions', section: 'changed' },
  ),
  SLUICE_FINDING_DAYS_LOST: problem(
    'Files of days of a raw table are gone, and neither retention nor an erasure took them: somebody deleted them.',
    {
      versions: [
        'Somebody deleted them, and S3 still has their versions. CloudTrail says who, if it logs data events of the bucket.',
        'Run `restore`: it brings the files back (docs/platform.md, "Restore"). If the rows shall stay gone, run `accept` in its place.',
      ],
      gone: [
        'Somebody deleted them, and S3 has no version of them any more.',
        'Nothing brings these rows back. Find out who deleted them, then run `accept`: it ends this.',
      ],
    },
    { part: 'partitions', section: 'partitions' },
  ),
  SLUICE_FINDING_ARCHIVED: problem(
    'Files of tables are in an archive class of S3 (GLACIER, DEEP_ARCHIVE). Athena skips them, restored ones too, so queries miss their rows without an error.',
    'For each object that the first commands list, `restore-object` asks S3 for a copy, which takes hours; `copy-object` then makes it readable for good. Days of a curated table or a dataset are also made again: `SLUICE_FINDING_FILES_LOST`. What archives them comes again: docs/platform.md, "Archived objects".',
    { part: 'partitions', section: 'partitions' },
  ),
  SLUICE_FINDING_ARCHIVING: problem(
    'A lifecycle rule of the bucket archives objects that Sluice or queries read: Athena then skips them, and functions fail with them.',
    'Take the folders out of the rule, or turn it off, where somebody made it; the command shows all rules. To save, use another storage class: docs/platform.md, "Archived objects". The next hourly look ends it.',
    { part: 'deployment', section: 'partitions' },
  ),
  SLUICE_FINDING_HOUR_SHORT: problem(
    'Events that the collector accepted in an hour are neither in their table nor in quarantine, and nothing of that hour waits.',
    {
      versions: [
        'Most often somebody deleted an object of landing/ before it was written: it is a version of the bucket for 7 days.',
        'The first commands look at the rows of the day, the others list what landed in these hours: copy it back (docs/landing.md, "Write an object again"). The next night sees its rows. Otherwise this ends after four days.',
      ],
      gone: [
        'S3 has no version of what landed in these hours any more.',
        'The command looks at the rows of the day, and keeps what they prove. What it still misses is lost: this ends after four days.',
      ],
    },
    { part: 'streams', section: 'short', alarms: ['hours-short'] },
  ),
  SLUICE_FINDING_HOURS_UNPROVED: warning(
    'On several days more than five events and a hundredth of an hour could be missing unseen.',
    'The commands look at the rows of each day, and the table keeps what they prove. What comes again each day has a cause: `not_delivered` of their rows counts calls of Firehose without an answer, so look at its errors and quotas.',
    { part: 'streams', section: 'short' },
  ),
  SLUICE_FINDING_NIGHT_MISSING: problem(
    'The nightly judgement of received hours, at 01:10 UTC, did not come to its end, or could not look at rows: nobody compares what was accepted with what is in tables.',
    {
      failed: [
        'The function `reconcile` failed, as the detail says. Nobody compares what was accepted with what is in tables.',
        'Correct what it failed with; `doctor --drift` names what was changed. The second command judges the day now, and keeps what it proves by rows. The next night makes up for up to fourteen days, and ends this.',
      ],
      silent: [
        'No error of the function `reconcile` is known: its schedule is off, or its runs end before they begin.',
        '`doctor --drift` names what was changed of the schedule and the function: correct that. The second command judges the day now. The next night makes up for up to fourteen days, and ends this.',
      ],
    },
    { part: 'streams', section: 'short', alarms: ['night-missing', 'reconcile-errors'] },
  ),
  SLUICE_FINDING_PARTITION_WRONG: problem(
    'Queries miss rows or columns of days that have files: their partition is missing, or has another folder or an earlier set of columns.',
    {
      failed: [
        'The function `register` failed, as the detail says. Queries miss the rows of these days.',
        'Correct its role, or the policy of Lake Formation, that the error names. Then the command registers the days.',
      ],
      missing: [
        'Somebody dropped the partitions, or the event of a new day was lost. Queries miss the rows of these days.',
        'The command registers the days.',
      ],
      dataset: [
        'The days are loaded, and somebody dropped their partitions. Queries miss their rows.',
        'The command registers the version of each day as it is.',
      ],
      folder: [
        'Queries miss rows: the partition is missing, or somebody gave it another folder.',
        'Drop partitions with another folder in Glue. Then the command registers the days.',
      ],
      columns: [
        'The partitions are older than a column of the table: queries read null there.',
        'The command gives them the columns of the table.',
      ],
    },
    { part: 'partitions', section: 'partitions', alarms: ['partition-gaps'] },
  ),
  SLUICE_FINDING_DOMAIN_UNFIT: problem(
    'The domain is not available, has another certificate than configured, or does not lead to the gateway from this machine: events may be lost.',
    'Wait if it is UPDATING; else see that its certificate is ISSUED and for this name, and deploy if the configuration is newer. Point the DNS record to the output `DomainTarget` (docs/platform.md), unless something else answers there on purpose.',
  ),
  SLUICE_FINDING_DEAD_LETTERS: problem(
    'A dead-letter queue holds messages that could not be processed.',
    {
      known: [
        'The function failed with each of them on every try, last as the detail says.',
        'Correct that. Then the command moves the messages back.',
      ],
      unknown: [
        "Its log has no error: either the function's log is older, or the message never reached it.",
        'The first command shows the log. Once the cause is corrected, the second moves the messages back.',
      ],
    },
    { part: 'deployment', section: 'deadLetters' },
  ),
  SLUICE_FINDING_FUNCTION_FAILED: warning(
    'Lambda counted errors of a function within 24 hours: runs were killed, took too long, or threw. SQS and Lambda try the work again.',
    {
      over: [
        'A run failed, and later ones did its work.',
        'Nothing is to be done. The command shows the log. It goes a day after the last error.',
      ],
      resources: [
        'A run used up its memory or its time.',
        'Give the function more memory in serverless.yml, and so more processor, and deploy. Then the next try does the work. The command shows the log.',
      ],
      error: [
        'A run failed with the error of the detail.',
        'Correct what it names: `npx sluice explain CODE` has the cure of each code of ours. Then the next try does the work. The command shows the log.',
      ],
      unknown: [
        'Its log has no line that says why.',
        'The command shows the log around the times of the detail. Then the next try does the work.',
      ],
    },
    { part: 'deployment', section: 'functions' },
  ),
  SLUICE_FINDING_RELAY_LATE: warning(
    'Copies of requests have waited for more than an hour to be relayed; after six days and a half they are put aside.',
    'The command shows the log of `relay`: `retried` says what the target answers. Without such lines there are more copies than the function delivers: raise `relay.concurrency` (docs/relay.md, "Limits").',
    { part: 'collector', section: 'relay', alarms: ['relay-age', 'relay-queue-age'] },
  ),
  SLUICE_FINDING_FORWARDED: warning(
    "Somebody else, most likely Statsig's own forwarding, writes into the folders of the forwarded tables: queries read these rows too, and with relay to Statsig events twice.",
    "Turn Statsig's forwarding off, or give its tables other names in Data Connection (`npx sluice connect statsig`) or ours with `tables`. It goes seven days after the last file.",
  ),
  SLUICE_FINDING_SOURCE_UNREADABLE: problem(
    "The last attempt to list a dataset's folder failed.",
    'The first command says what to do. Then the second lists the folder again.',
    { part: 'drops', section: 'drops', alarms: ['ingest-unreadable'] },
  ),
  SLUICE_FINDING_INGEST_LATE: problem(
    "A customer's files are not there when they are expected, or nobody has looked for them.",
    {
      noFile: [
        'The folder was listed, and has no file of the day: whoever delivers it is late, or writes elsewhere.',
        'Ask whoever delivers it. The next run loads files that come. If the day has none on purpose, run `accept empty`.',
      ],
      noRows: [
        'Files of the day came, and have no row: the job that makes them ran before its data was there.',
        'Ask whoever delivers it: the next run loads files that come. If the day has no rows on purpose, run the second command.',
      ],
      before: [
        'No file of the day came while runs looked for it, and none looks at it any more.',
        'If files have come since, `backfill` loads them; if none comes, `accept empty` says so.',
      ],
      beforeNoRows: [
        'Files of the day came while runs looked for it, and have no row; none looks at it any more.',
        'If files with rows have come since, `backfill` loads them; if the day has no rows on purpose, run `accept empty`.',
      ],
      unlisted: [
        'The dataset is new: its first run is still to come.',
        'Run the command, or wait for the schedule.',
      ],
      stale: [
        'The function `ingest-plan` did not run, or did not come to this dataset.',
        'The first command lists it now. The second shows the log of `ingest-plan`, which says what it failed with.',
      ],
      nowhere: [
        'The folder has nothing for any day that is looked for.',
        'Compare `folder` and `dayFormat` of the dataset with the keys that the command lists, and ask whoever delivers it whether the job still runs.',
      ],
      elsewhere: [
        'The folder has files, and none for a day that is looked for: as `dayFormat` reads their keys they are of other days.',
        'Correct `folder` or `dayFormat` of the dataset by the names in the detail, and deploy; or have whoever delivers it use the configured one. Days before the lookback load with `npx sluice ingest backfill`.',
      ],
    },
    { part: 'drops', section: 'drops', alarms: ['ingest-stopped', 'ingest-late'] },
  ),
  SLUICE_FINDING_INGEST_WAITING: warning(
    "Days of a customer's dataset have files that are not loaded.",
    {
      explain: [
        "The log of the folder commits none of the files: most often the customer's job was stopped before its end.",
        'The command names the files. Ask whoever delivers them to run the job again: docs/ingest.md, "Days that wait". The next run loads what is committed.',
      ],
      backfill: [
        'The marker that `waitFor` names has not come, and no file is loaded without it.',
        'Ask whoever delivers them whether the job came to its end: the next run loads the day once the marker is there. If the files are whole without it, the second command loads them.',
      ],
      run: ['The files came after the last run.', 'The command loads them now, the next run later.'],
      load: [
        'The files came after the last day on which a run looks for them.',
        'The command loads the days with what their folders have now, so that rows of files that have gone leave.',
      ],
      newer: [
        'Somebody replaced files of days that no run looks at any more. Queries read the earlier files.',
        'If the newer files are right, the command loads them: rows of files that have gone leave.',
      ],
    },
    { part: 'drops', section: 'drops', alarms: ['ingest-late'] },
  ),
  SLUICE_FINDING_READER_DENIED: problem(
    'A reader lacks a permission that it needs.',
    `Deploy if the stack makes it. Else ${DENIED}, or print its policy again and have it applied (docs/readers.md).`,
    { section: 'readerDenied' },
  ),
  SLUICE_FINDING_RECEIPTS_FAILED: warning(
    "A customer's bucket did not take the receipt of a day; the load itself is done.",
    'The first command says what to do. Then the second loads the day again and writes the receipt.',
    { part: 'drops', section: 'drops' },
  ),
  SLUICE_FINDING_FILES_LEFT_OUT: warning(
    'Days of a dataset were loaded without objects that may have been meant to be loaded.',
    'The command names each object and the reason: docs/ingest.md, "What is left out". Have them delivered as Parquet files, or elsewhere.',
    { part: 'drops', section: 'drops', alarms: ['ingest-left-out'] },
  ),
  SLUICE_FINDING_CURATE_KEPT: problem(
    'Raw files of curated days are gone, or others are in their place, and neither an erasure nor retention is the reason. The curated table has their rows, and views read them there.',
    {
      versions: [
        'Somebody deleted or replaced the raw files. The curated table has their rows, and views read them there.',
        'Find out who. `restore` brings files back while S3 has their versions, and the next night curates the days again: docs/curated.md, "When raw files are gone". If they are to stay gone, `accept` keeps the rows and ends this.',
      ],
      gone: [
        'The raw files are gone, and no version of them is left. The curated table has their rows, and views read them there.',
        'Find out who deleted them. `accept` keeps the rows, and ends this.',
      ],
      back: [
        'The raw files are copied back.',
        'Wait for the next night, 00:20 UTC: it curates the day again, and ends this.',
      ],
    },
    { part: 'partitions', section: 'curated' },
  ),
  SLUICE_FINDING_ERASE_STOPPED: warning(
    'An erasure is not complete and has not gone on for 30 days: rows of its units may be in tables.',
    'Run `sluice erase` with the same units again until it is complete: docs/privacy.md, "Until it is complete".',
  ),
  SLUICE_FINDING_CURATE_LATE: problem(
    'Days that should be curated are not: queries read more, and no answer is wrong.',
    {
      queued: [
        'They were queued, and no run of `curate` has taken them for a day. Queries read more; no answer is wrong.',
        'The command queues them again. If they stay, SLUICE_FINDING_FUNCTION_FAILED or a dead letter of `curate` says why.',
      ],
      unplanned: [
        'No night has queued them. Queries read more; no answer is wrong.',
        'The command queues them now. On a new stage the night, 00:20 UTC, does it too.',
      ],
    },
    { part: 'partitions', section: 'curated', alarms: ['curations-waiting'] },
  ),
  SLUICE_FINDING_QUOTA: warning(
    'A quota of the account is nearly exhausted, lower than the default or than configured. Above it AWS answers 429, on which some SDKs drop events.',
    "Request an increase (docs/limits.md), lower `write.concurrency`, or set `endpoint.accountRequestsPerSecond`, `endpoint.burst` or `collector.accountConcurrency` to the account's numbers and deploy: alarms go by them.",
  ),
  SLUICE_FINDING_READER_ALLOWED: problem(
    'A reader has a permission that it must not have.',
    'Remove the policy that grants it: it is not of the stack.',
  ),
  SLUICE_FINDING_LANDING_LATE: problem(
    'Objects have waited in landing/ for more than 20 minutes to become files of tables. Nothing is lost.',
    {
      code: [
        'The function `write` fails with the error of the detail. Nothing is lost.',
        'Correct what it names: `npx sluice explain CODE` has the cure of each code of ours. Then the command has the objects tried, 10,000 at a time.',
      ],
      resources: [
        'The function `write` used up its time or its memory. Nothing is lost.',
        'Give it more memory in serverless.yml, and deploy. Then the command has the objects tried, 10,000 at a time.',
      ],
      throttled: [
        'Lambda does not begin the runs of `write`: its reserved executions or the quota of the account are used up. Nothing is lost.',
        "Raise the function's reserved executions, or ask AWS for a higher quota. Then the command has the objects tried, 10,000 at a time.",
      ],
      unknown: [
        'The log of `write` does not say why it fails, or could not be read. Nothing is lost.',
        'Look at the log of `write` in CloudWatch, and correct what it failed with. Then the command has the objects tried, 10,000 at a time.',
      ],
      unasked: [
        'No run of `write` has failed: nothing asked it to write these objects, or many wait before them. The first command tells: it finds what is wrong with the bucket, the rule or the queue. Nothing is lost.',
        'Correct what the first command finds. Then the second has all objects tried.',
      ],
    },
    { part: 'streams', section: 'landing', alarms: ['write-queue', 'write-errors'] },
  ),
  SLUICE_FINDING_DAMAGED: problem(
    'Bytes of the landing are no rows that the writer reads. They may be accepted events. All other rows are in tables; these bytes expire after 90 days.',
    'The first command shows what one object holds. If nobody needs it, or once its whole version is copied back (docs/landing.md), the second deletes it. Else correct the cause, or upgrade, and run the third alone: the writer reads all again.',
    { part: 'streams', section: 'damaged', alarms: ['write-refused'] },
  ),
  SLUICE_FINDING_UNDELETED: problem(
    'The bucket does not delete objects of the landing whose rows are in tables. No row is lost or doubled, but the rows stay there, also those of erased units.',
    "Allow `s3:DeleteObject` below `landing/` and `ledger/_landing/` to the role of `write`, in the bucket's policy and in those of the organization.",
    { part: 'streams', section: 'undeleted', alarms: ['write-undeleted'] },
  ),
  SLUICE_FINDING_ROLE_DENIED: problem(
    'A policy denies roles of the stack what they do in the bucket.',
    'Take the statement out of the policy, or except every role that is named (`ArnNotEquals` of `aws:PrincipalArn`). If none has one, the role lost its own: `npx sluice doctor --drift`.',
    { section: 'changed' },
  ),
  SLUICE_FINDING_STREAM_LATE: problem(
    'A stream delivers late. Firehose drops records 24 hours after it has accepted them.',
    {
      failed: [
        "The stream's delivery fails with the error of the detail.",
        'Correct the role, the bucket or the key that it names, in time: Firehose drops records 24 hours after it has accepted them. `npx sluice doctor` names a policy that denies. The command shows the log.',
      ],
      unknown: [
        "The stream's log has no error.",
        'The command shows the log as lines come; `npx sluice doctor` names a role, a bucket or a key that was changed. Correct it in time: Firehose drops records 24 hours after it has accepted them.',
      ],
      local: [
        'The stream of the local cloud has not delivered.',
        'Correct the role, the bucket or the key, and remove faults. Then the command delivers what waits.',
      ],
    },
    { part: 'streams', section: 'late', alarms: ['stream-late', 'stream-blocked', 'stream-stuck'] },
  ),
  SLUICE_FINDING_QUOTA_NEAR: warning(
    'A stream is near its quota, or above it. Requests that it does not accept become objects of landing/.',
    {
      near: [
        'The stream is near its quota.',
        'Ask AWS for a higher quota in time, which Firehose also raises by itself: docs/limits.md, "Requests a second".',
      ],
      throttled: [
        'The stream is above its quota. Requests that it does not accept become objects of landing/, so none is lost.',
        'Ask AWS for a higher quota, which Firehose also raises by itself: docs/limits.md, "Requests a second".',
      ],
    },
    { part: 'streams', section: 'overflow' },
  ),
  SLUICE_FINDING_NOT_STORED: problem(
    'Requests were answered 503 within 24 hours. Most SDKs repeat them for minutes.',
    {
      over: [
        'It is over: later requests were stored. Most SDKs have repeated the others by then.',
        'Nothing is to be done. The command shows what AWS answered. It goes a day after the last one.',
      ],
      stores: [
        'Neither Firehose nor the bucket took them. Most SDKs repeat them for minutes; what is not repeated is lost.',
        'The command shows what AWS answered, as `object_error` and `not_streamed`. After a denial correct the role, the bucket or its key: `npx sluice doctor` names it. A throttling or a timeout passes.',
      ],
      keys: [
        "Collectors could not read the keys' secret. Most SDKs repeat them for minutes; what is not repeated is lost.",
        'The command shows what Secrets Manager answered. `npx sluice keys restore --dry-run` says whether the last valid list comes back; after a denial `npx sluice doctor --drift` names what was changed.',
      ],
      other: [
        'The collector failed with these requests, as the detail says.',
        'Do what the detail says of the code. The command shows the log.',
      ],
    },
    { part: 'collector', section: 'failed', alarms: ['api-5xx', 'url-5xx', 'mangled'] },
  ),
  SLUICE_FINDING_UNREACHED: problem(
    'Within 24 hours the gateway or the Function URL itself answered many requests.',
    {
      refused: [
        'The gateway or the Function URL answered 4xx by itself, and SDKs drop these events. With `endpoint.accessLogDays` its log has each status; the doctor names a limit (429).',
        'Have AWS raise a limit that the doctor names. Without one the requests were too large (413: send smaller batches) or had another address (404: correct it in the app; of scanners leave it).',
      ],
      timedOut: [
        'The collector ran out of time, and most SDKs send again.',
        'The command shows the log. Most often something that it calls is slow: `npx sluice doctor` looks at Firehose, the bucket and the keys. More memory in serverless.yml gives it more processor.',
      ],
      throttled: [
        'Lambda did not begin the collector: its executions are used up. Most SDKs send again.',
        'Raise `collector.reservedConcurrency`, or have AWS raise the executions of the account: `npx sluice doctor` has both numbers.',
      ],
      broke: [
        'The collector broke, or could not be invoked, and most SDKs send again. Its log has the reason.',
        'The command shows the log. Correct what it names; `npx sluice doctor` looks at the function and its role.',
      ],
    },
    {
      part: 'collector',
      section: 'failed',
      alarms: ['stage-limit', 'concurrency', 'request-rate', 'collect-throttled', 'collect-errors'],
    },
  ),
  SLUICE_FINDING_REFUSED: problem(
    'Requests were refused with 4xx within 24 hours. SDKs do not send them again.',
    {
      unknownKey: [
        'The key is in no list. SDKs do not send these requests again. The log has the first digits of its SHA-256 only.',
        'Compare them with `keys list`. If the key is yours, `keys add` adds it; if not, nothing is lost. `tail` shows such requests until Ctrl-C. It goes a day after the last refusal.',
      ],
      over: [
        'The key was in no list then, and is in it now. SDKs do not send the refused requests again.',
        'Nothing is to be done. It goes a day after the last refusal. The command shows such requests until Ctrl-C.',
      ],
      other: [
        'The sender makes requests that the collector does not take. SDKs do not send them again.',
        'docs/answers.md says of each code what the sender has to change. The command shows such requests until Ctrl-C. It goes a day after the last refusal.',
      ],
    },
    {
      part: 'collector',
      section: 'refused',
      alarms: ['requests-refused', 'api-4xx', 'url-4xx', 'key-unknown', 'key-missing', 'key-not-for-events'],
    },
  ),
  SLUICE_FINDING_KEYS_UNREADABLE: problem(
    "The keys' secret cannot be read, or is no list of keys. Collectors that have read it go on with those keys; new ones answer 503.",
    {
      invalid: [
        `Somebody edited the secret by hand. ${WHO} PutSecretValue. Collectors that have read it go on with those keys; new ones answer 503.`,
        'The first command shows what it would bring back. Look there whether a key leaked, then run the second: it drops what is not valid, and brings the last valid list back.',
      ],
      deleted: [
        `Somebody deleted the secret, and it can still be brought back. ${WHO} DeleteSecret. Collectors that have read it go on with those keys; new ones answer 503.`,
        'The first command shows what comes back, the second takes the deletion back.',
      ],
      gone: [
        `Somebody deleted the secret for good. ${WHO} DeleteSecret. Collectors that have read it go on with those keys; new ones answer 503.`,
        'Run the commands in their order: they make it again, empty. Then add each key again with `npx sluice keys add LABEL`.',
      ],
      local: [
        'Somebody deleted the secret from the local cloud.',
        'Start the local cloud again, then add each key again with `npx sluice keys add LABEL`.',
      ],
      denied: [
        'Collectors are not given the secret, as the detail says. Those that have read it go on with those keys; new ones answer 503.',
        'The command names what was changed of the role, the secret or its key: set it back. Collectors read the secret again within ten minutes.',
      ],
    },
    { part: 'collector', section: 'failed' },
  ),
  SLUICE_FINDING_NO_KEY: problem(
    "No key may send events: the configuration and the keys' secret list none. Every request is answered 401, and its events are lost.",
    'Add the key of the app with the command, which reads it from stdin: docs/keys.md. If keys were there: `keys restore --dry-run` shows them, and `keys restore` brings them back, also a leaked one.',
    { part: 'collector', section: 'refused' },
  ),
  SLUICE_FINDING_SILENT: warning(
    'No request came for an hour or more, where some came before.',
    {
      lasting: [
        'Nothing that the app sends arrives. An app that sends nothing, and one whose requests do not reach the endpoint, look alike from here.',
        'Send one event to the address of the app (docs/send.md): if `npx sluice tail` shows it, look at the last release of the app; if not, look at its address and at the network.',
      ],
      over: [
        'Requests come again.',
        'If nobody stopped the app then, ask whoever runs it what happened. It goes a day after its end.',
      ],
    },
    { part: 'collector', section: 'silent', alarms: ['exposures-silent', 'events-silent'] },
  ),
  SLUICE_FINDING_SPIKE: warning(
    'Within 24 hours an hour had at least 50 times of what is usual in it.',
    'Ask whoever owns the sender that the title names whether it is meant. If it is not, take its key out (`npx sluice keys remove`). The command shows requests as they come.',
    { part: 'collector', section: 'abuse', alarms: ['invocations'] },
  ),
  SLUICE_FINDING_TIME_SECONDS: warning(
    'Events of the last 24 hours have a time before the year 2000: their sender most likely counts seconds, where milliseconds are expected.',
    'Have it send milliseconds since 1970. Rows that are stored stay as they are: docs/answers.md, "What is noted".',
    { part: 'collector' },
  ),
  SLUICE_FINDING_CLOCK_OFF: warning(
    "Within 24 hours a sender's clock was off by 55 minutes or more. Corrected events have the right day, others that of the time that was sent.",
    'Have NTP set it, or the program send UTC in place of local time. Rows stay as they are: docs/answers.md, "What is noted". It goes a day after the last such event.',
    { part: 'collector' },
  ),
  SLUICE_FINDING_RESENDS: warning(
    'Clients sent far more of the events of a day again than usual. Views and curated tables have each once a day, raw tables and bills have all.',
    'The command shows which SDKs send again, and when. Correct a client that does so after 202; after 503 it is right. It goes after ten days.',
    { part: 'collector', section: 'abuse' },
  ),
  SLUICE_FINDING_OVERFLOW: warning(
    'Within 24 hours far more events than usual did not get into the stream: they became objects of landing/direct/. None is lost.',
    'The command shows why, as `not_streamed`. Ask AWS for a higher quota if the stream is throttled: docs/limits.md, "Requests a second".',
    { part: 'streams', section: 'overflow', alarms: ['overflow'] },
  ),
  SLUICE_FINDING_QUARANTINED: warning(
    'Events that were received within 24 hours are in quarantine.',
    {
      sender: [
        'Their sender made them so. Only it can send them again.',
        'The command shows the rows. Have the sender that the title names corrected: the detail says how, of each reason.',
      ],
      redrive: [
        'They can be delivered once what refused them is corrected.',
        'The first command shows the rows, with the cure of each reason. Once a reason is corrected, its `--dry-run` says what the command behind it delivers.',
      ],
      mixed: [
        'Some can be delivered once what refused them is corrected; of the others only the sender can send them again, as the detail says.',
        'The first command shows the rows, with the cure of each reason. Once a reason is corrected, its `--dry-run` says what the command behind it delivers.',
      ],
    },
    { part: 'collector', section: 'quarantine' },
  ),
  SLUICE_FINDING_INGEST_FAILED: problem(
    "Days of a customer's dataset could not be loaded. Queries read the previous version, if there is one.",
    'The first command names the file, the reason and what to do. Corrected files are loaded by the next run, or now with the second command; others are tried again after 12 hours, or with `backfill`.',
    { part: 'drops', section: 'drops', alarms: ['ingest-failed', 'ingest-load-failed'] },
  ),
  SLUICE_FINDING_EXPORT_KEPT: problem(
    "Files that were exported are gone from their table, neither by retention nor as the day has another version. Their copies stay in the customer's bucket.",
    '`restore` brings the files back, and `export run` ends the finding. Where the rows shall go from the customer\'s bucket as well: docs/export.md, "Files that are gone".',
    { part: 'drops', section: 'exports' },
  ),
  SLUICE_FINDING_INPUTS_MISSING: problem(
    "Days of a customer's dataset have no file with rows any more. Queries still read the last good version.",
    {
      gone: [
        'Whoever owns the folder deleted or replaced the files. Queries still read the last good version.',
        'Ask whoever delivers them: files that come are loaded. If the rows are to stay without files, run `accept`; if their owner deletes files once they are loaded, set `filesLeave: true` for the dataset. docs/ingest.md, "Days without inputs", says how to let rows go.',
      ],
      uncommitted: [
        'Files are there, and the log of the folder does not commit them any more. Queries still read the last good version.',
        'Ask whoever delivers them to run the job again: the next run loads what is committed. If the rows are to stay without it, run `accept`.',
      ],
    },
    { part: 'drops', section: 'drops' },
  ),
  SLUICE_FINDING_FILES_LOST: problem(
    'Days of a dataset or a curated table lack files of the version that the ledger has: somebody deleted or archived them, or a rule of the bucket did. Queries miss their rows.',
    'Find out who did. The commands make the days again from what has their rows, and bring other files back while S3 has their versions: docs/platform.md, "Restore".',
    { part: 'drops', section: 'drops', alarms: ['ingest-failed', 'ingest-load-failed'] },
  ),
  SLUICE_FINDING_ROWS_UNUSUAL: warning(
    'A day of a dataset is not as the days before it.',
    {
      empty: [
        'The job that makes the files most likely ran before its data was there.',
        'Ask whoever delivers it: the next run loads files that come. If the day has no rows on purpose, run the second command.',
      ],
      changed: [
        'The day was loaded as it came. The first command has its files and its values beside those of days before.',
        'Ask whoever delivers it. The next run loads corrected files. If a column means something else now, correct the mapping and load the day with `npx sluice ingest backfill`. If the day is meant so, run the second command.',
      ],
    },
    { part: 'drops', section: 'drops' },
  ),
  SLUICE_FINDING_EXPORT_FAILED: problem(
    "Days of a table could not be exported to the customer's bucket.",
    'The first command shows the reason; docs/export.md, "When an export fails", says what to do. Then `export run` exports these days.',
    { part: 'drops', section: 'exports', alarms: ['export-failed'] },
  ),
  SLUICE_FINDING_CURATE_FAILED: problem(
    'Days could not be curated. Views read their raw rows, which costs more. Only what Athena skips or cannot read is missing: an archived or damaged file.',
    'The first command says why: docs/curated.md, "When a day is not curated". The plan tries these days again every night; the second command does so now.',
    { part: 'partitions', section: 'curated', alarms: ['curations-failed'] },
  ),
  SLUICE_FINDING_RELAY_REFUSED: problem(
    'The target of relay refused copies of requests for good, or did not take them within six days and a half. They are deleted seven days after they were put aside.',
    {
      refused: [
        'The target refuses them for good, with the reasons of the detail. They are deleted seven days after they were put aside.',
        'docs/relay.md, "What was refused", has the likely cause of each reason. Once it is corrected, the second command says what would be sent again, and the third sends it.',
      ],
      expired: [
        'The target did not take them within six days and a half. They are deleted seven days after they were put aside.',
        'See whether the target answers again: `retried` in the log of `relay` has its last answers. Then the second command says what would be sent again, and the third sends it.',
      ],
    },
    { part: 'collector', section: 'relay', alarms: ['relay-refused'] },
  ),
  SLUICE_FINDING_ALARM: problem(
    'Alarms are on.',
    'The description of each names its section of docs/operate.md.',
    { part: 'deployment' },
  ),
  SLUICE_FINDING_NO_TOPIC: warning(
    'Alarms notify nobody.',
    {
      none: [
        'The configuration has no topic for them.',
        'Set `alarms.topicArn` to the ARN of an SNS topic, and deploy: docs/metrics.md.',
      ],
      off: [
        'The configuration has a topic, and somebody turned the actions of these alarms off.',
        '`npx sluice doctor --drift` has the commands that turn them on.',
      ],
    },
    { part: 'deployment' },
  ),
  SLUICE_FINDING_FAULTS: warning(
    'Faults are set in the local cloud: it fails on purpose.',
    'Remove them with the command.',
    { part: 'deployment' },
  ),
} as const satisfies Readonly<Record<ErrorCode, Entry>>;

/** A stable code of a finding. */
export type FindingCode = keyof typeof findingCatalogue;

const entries: Readonly<Record<FindingCode, Entry>> = findingCatalogue;

/** The alarms that ring for a finding, by their names without the stack's and the schedule's. */
export function alarmsOf(code: FindingCode): readonly string[] {
  return entries[code].alarms ?? [];
}

/** The cases of a code. */
export type CaseOf<Code extends FindingCode> = keyof (typeof findingCatalogue)[Code]['cases'] & string;

/** What one finding is about. */
export interface Told {
  /** What is so, of what, how many and by whom: a sentence without its stop, no list of what it could be. */
  readonly title: string;
  /** Since when, ISO 8601: a time, or a day. Null: nothing that could be asked keeps it, so the title says `seen now`. */
  readonly since: string | null;
  /** Figures that the title leaves out; default none. */
  readonly detail?: string;
  /** The cause where it has figures; default the case's. */
  readonly cause?: string;
  /** As {@link Finding.judgedBy}. */
  readonly judgedBy?: readonly SharedPart[];
}

/** The case that a finding is, of a code with several. */
type Case<Code extends FindingCode> =
  string extends CaseOf<Code> ? { readonly case?: undefined } : { readonly case: CaseOf<Code> };

/** Something that was found: the terminal, JSON and the console show this object. */
export interface Finding {
  /** The stable code: SLUICE_FINDING_…. */
  readonly code: FindingCode;
  /** How serious it is. */
  readonly severity: Severity;
  /** The part of the pipeline that it is about, if `sluice status` finds it; null of what only the doctor finds. */
  readonly part: FindingPart | null;
  /** One sentence: what is so, of what, how many, by whom, and since when or that it is `seen now`. */
  readonly title: string;
  /** Since when, ISO 8601; null if nothing that could be asked keeps it. */
  readonly since: string | null;
  /** More figures: every day, sender and error, what was found and what was expected. */
  readonly detail: string;
  /** Why it is so; where that is not known, what tells. */
  readonly cause: string;
  /** What to do about this case, naming the deployment in each command. */
  readonly cure: string;
  /** Commands that repair it or show more, ready to be pasted into a shell, for this deployment. Often none. */
  readonly commands: readonly string[];
  /** The section of docs/operate.md that goes through it; null without one. */
  readonly section: string | null;
  /** Whether AWS refused a call because of a key of KMS. Absent of findings that no such refusal makes. */
  readonly isByKey?: boolean;
  /** The parts of the deployment whose answers show it; absent if those of its code are always the same. */
  readonly judgedBy?: readonly SharedPart[];
}

/** Whether a question was answered with a finding. */
export function isFinding<Read extends object>(read: Read | Finding): read is Finding {
  return 'code' in read && Object.hasOwn(entries, String(read.code));
}

/**
 * Makes a finding from its code and its facts.
 *
 * @param severity Default: the catalogue's.
 */
export function finding<Code extends FindingCode>(
  code: Code,
  { title: said, since, detail = '', cause: known, case: name, judgedBy }: Told & Case<Code>,
  commands: readonly string[] = [],
  severity?: Severity,
): Finding {
  const { cases, section, part = null, ...usual } = entries[code];
  const { cause = '', cure = '' } = cases[name ?? 'only'] ?? {};
  const when = since === null ? ', seen now' : said.includes(since) ? '' : `, since ${since}`;
  return {
    code,
    severity: severity ?? usual.severity,
    part,
    title: `${said.replace(/\.$/, '')}${when}.`,
    since,
    detail,
    cause: known ?? cause,
    cure,
    commands,
    section: section === undefined ? null : operateSections[section],
    ...(judgedBy === undefined ? {} : { judgedBy }),
  };
}

/** What the doctor sees at the moment of its look, as a sentence. Deployments keep no times of it. */
export function seenNow(title: string, detail = title): Told {
  return { title, since: null, detail };
}

/** The meaning of a code with the causes and cures of all its cases, as nobody knows which one it is. */
export function explainFinding(code: FindingCode): Pick<Finding, 'cause' | 'cure' | 'section'> {
  const { cause, cases, section } = entries[code];
  const all = Object.values(cases);
  const cures = all.map((one) => (one.cause === cause ? one.cure : `${one.cause} ${one.cure}`));
  return { cause, cure: cures.join('\n'), section: section === undefined ? null : operateSections[section] };
}
