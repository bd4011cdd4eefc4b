import { type OperateSection, operateSections } from '../../infra/alarms/sections.ts';
import type { ErrorCode, ErrorEntry } from '../../lib/base/errors.ts';

/** How serious a finding can be, the worst first. */
export const severities = ['problem', 'warning', 'unchecked'] as const;

/**
 * `problem`: something does not work, is not safe, or could not be checked. `warning`: it works but should be improved.
 * `unchecked`: the check does not apply here, for example in the local cloud.
 */
export type Severity = (typeof severities)[number];

/** The part of the pipeline that a finding is about. */
export type FindingPart = 'collector' | 'streams' | 'partitions' | 'drops' | 'deployment';

interface Entry extends ErrorEntry {
  /** The usual severity; a finding can have another one. */
  readonly severity: Severity;
  /** The part of the deployment, for a finding of `sluice status`. */
  readonly part?: FindingPart;
  /** The section of docs/operate.md that goes through it. */
  readonly section?: OperateSection;
  /** Alarms that ring for it, by their names without the stack's and the schedule's. */
  readonly alarms?: readonly string[];
}

type Place = Pick<Entry, 'part' | 'section' | 'alarms'>;
const problem = (cause: string, cure: string, place?: Place): Entry => ({
  severity: 'problem',
  cause,
  cure,
  ...place,
});
const warning = (cause: string, cure: string, place?: Place): Entry => ({
  ...problem(cause, cure, place),
  severity: 'warning',
});

const DEPLOY = 'run `npx serverless deploy` with the same stage and region';
const DENIED = 'look for a permissions boundary, a service control policy or a Deny statement';
/** CloudFormation compares a new template with the last one, not with the resources. */
const BLIND = 'Redeploying does not revert manual changes.';

/** Everything that `sluice status` and `sluice doctor` can find. Codes are stable; none of them is thrown. */
export const findingCatalogue = {
  SLUICE_FINDING_CREDENTIALS: problem(
    'AWS does not accept the credentials, there are none, or they are of another account than the configured one.',
    'Sign in to that account (`aws sso login`), or set AWS_PROFILE. For the local cloud: --local.',
  ),
  SLUICE_FINDING_REGION_UNFIT: problem(
    'The region lacks something that the stack needs, or the bucket or its key is in another one.',
    'Choose a region that docs/reference/configuration.md lists, or another bucket or key. Without Function URLs: set `endpoint.kind` to http-api.',
  ),
  SLUICE_FINDING_STACK_MISSING: problem(
    'There is no stack for this stage in this account and region.',
    'Deploy it, or choose another: --stage, --region, AWS_PROFILE.',
  ),
  SLUICE_FINDING_STACK_UNFINISHED: problem(
    'The last deployment is in progress or failed.',
    "Wait, or correct the first failure in the stack's events, run the command, if any, and deploy again.",
  ),
  SLUICE_FINDING_STACK_DIFFERS: problem(
    'The stack was deployed from another configuration.',
    `Check the configuration (SLUICE_CONFIG), then ${DEPLOY}.`,
  ),
  SLUICE_FINDING_VERSION_DIFFERS: warning(
    'The stack was deployed by another version of Sluice.',
    `Of an earlier one, CHANGELOG.md says what changes: ${DEPLOY}. Of a later one, use that.`,
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
    "By IAM's simulator, these credentials may not deploy.",
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
  SLUICE_FINDING_UNCHECKED: {
    severity: 'unchecked',
    cause: 'This cannot be checked here.',
    cure: 'Run the doctor on a deployment, with a user or a role.',
  },
  SLUICE_FINDING_RESOURCE_MISSING: problem(
    'A resource that the stack has or uses does not exist.',
    `${BLIND} Run the commands, or those of \`npx sluice doctor --drift\`: files stay. Without any: if it is new, ${DEPLOY}; what you bring, make yourself; the local cloud: start it again.`,
    { part: 'deployment', section: 'changed' },
  ),
  SLUICE_FINDING_BUCKET_UNFIT: problem(
    'The bucket is of another account, lacks a setting, or has objects of others where lifecycle rules would delete them.',
    'Move objects of others, if it names any. Run the command: it keeps every other statement and rule. Of another account: choose another.',
  ),
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
    'Allow the action that the detail names. Otherwise correct what other findings name, and ask again.',
    { part: 'deployment' },
  ),
  SLUICE_FINDING_KEY_UNUSABLE: problem(
    "The bucket's key cannot be used: data can be neither written nor read, or not read by Statsig.",
    'Run the commands. Without any: set a symmetric single-Region key with `existing.keyArn`, or none.',
    { part: 'deployment', section: 'late' },
  ),
  SLUICE_FINDING_DRIFT: problem(
    'Somebody changed a resource.',
    `${BLIND} If the configuration has changed since, ${DEPLOY}; else run the commands in their order. Of four, the third shows what the fourth changes.`,
    { part: 'deployment', section: 'changed' },
  ),
  SLUICE_FINDING_TABLE_DIFFERS: problem(
    'A table or view differs from its definition: rows go to quarantine, are read incorrectly, or are not found.',
    `${BLIND} If the configuration or the release has changed since, ${DEPLOY}; else run the commands in their order: no file is deleted.`,
    { part: 'partitions', section: 'changed' },
  ),
  SLUICE_FINDING_DAYS_LOST: problem(
    'Files of days of a raw table are gone, and neither retention nor an erasure took them: somebody deleted them.',
    '`restore` brings back files that have versions: docs/platform.md, "Restore". If there are none, or rows shall stay gone: `accept`.',
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
    'The first command looks at the rows of the day. An object that was deleted unwritten is a version of the bucket for 7 days: the others list what landed in these hours; copy it back (docs/landing.md, "Write an object again"). The next night sees its rows. Otherwise it ends after four days.',
    { part: 'streams', section: 'short', alarms: ['hours-short'] },
  ),
  SLUICE_FINDING_HOURS_UNPROVED: warning(
    'On several days more than five events and a hundredth of an hour could be missing unseen.',
    'The commands look at the rows of each day, and the table keeps what they prove. What comes again each day has a cause: `not_delivered` of their rows counts calls of Firehose without an answer, so look at its errors and quotas.',
    { part: 'streams', section: 'short' },
  ),
  SLUICE_FINDING_NIGHT_MISSING: problem(
    'The nightly judgement of received hours, at 01:10 UTC, did not come to its end, or could not look at rows: nobody compares what was accepted with what is in tables.',
    'Correct what the function `reconcile` failed with: most often its role, or a policy of the bucket, the key or Athena; `doctor --drift` names what was changed. The second command judges yesterday now, and keeps nothing; with `--deep` it looks at rows, and keeps what they prove. The next night makes up for up to fourteen days, and ends this; an hour that is `unknown` by then, `reconcile --deep` judges.',
    { part: 'streams', section: 'short', alarms: ['night-missing', 'reconcile-errors'] },
  ),
  SLUICE_FINDING_PARTITION_WRONG: problem(
    'Queries miss rows or columns of days that have files: their partition is missing, or has another folder or an earlier set of columns.',
    'If the detail has an error of the function `register`, correct that first: its role, or a policy of Lake Formation. Drop partitions with another folder in Glue. Then the command registers the days.',
    { part: 'partitions', section: 'partitions', alarms: ['partition-gaps'] },
  ),
  SLUICE_FINDING_DOMAIN_UNFIT: problem(
    'The domain is not available, has another certificate than configured, or does not lead to the gateway from this machine: events may be lost.',
    'Wait if it is UPDATING; else see that its certificate is ISSUED and for this name, and deploy if the configuration is newer. Point the DNS record to the output `DomainTarget` (docs/platform.md), unless something else answers there on purpose.',
  ),
  SLUICE_FINDING_DEAD_LETTERS: problem(
    'A dead-letter queue holds messages that could not be processed.',
    "Without a reason in the detail, the function's log has it. Once the cause is corrected, the command moves the messages back.",
    { part: 'deployment', section: 'deadLetters' },
  ),
  SLUICE_FINDING_FUNCTION_FAILED: warning(
    'Lambda counted errors of a function within 24 hours: runs were killed, took too long, or threw. SQS and Lambda try the work again.',
    'The command shows the log. If a run used up its memory or its time, give the function more memory in serverless.yml, and so more processor, and deploy; otherwise `npx sluice explain CODE`. Then the next try does the work. It goes a day after the last error.',
    { part: 'deployment', section: 'functions' },
  ),
  SLUICE_FINDING_RELAY_LATE: warning(
    'Copies of requests have waited for more than an hour to be relayed; after six days and a half they are put aside.',
    'See whether the target is reachable: `retried` in the log of `relay` says what it answers. If there are more copies than the function delivers, raise `relay.concurrency`: docs/relay.md, "Limits".',
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
    'No file of a drop has come by the time it is expected, its folder was not listed within its schedule, or no day of its lookback has files.',
    'Ask whoever delivers it, and compare `folder`, `dayFormat` and `expectedBy` with the keys of the files. If it is new or was not listed, run `npx sluice ingest run`. `backfill` loads a day that has come late; `accept empty` says that none comes.',
    { part: 'drops', section: 'drops', alarms: ['ingest-stopped', 'ingest-late'] },
  ),
  SLUICE_FINDING_INGEST_WAITING: warning(
    "Days of a customer's dataset have files that are not loaded: the folder's log commits none of them, the marker of `waitFor` has not come, or they came after the lookback.",
    'Ask whoever delivers them whether the job still runs: docs/ingest.md, "Days that wait". The next run loads what is committed or marked. `backfill` loads a day without its marker, or before the lookback: with what its folder has now, so that rows of files that have gone leave.',
    { part: 'drops', section: 'drops', alarms: ['ingest-late'] },
  ),
  SLUICE_FINDING_READER_DENIED: problem(
    'A reader lacks a permission that it needs.',
    `Deploy if the stack makes it. Else ${DENIED}, or print its policy again and have it applied (docs/readers.md).`,
    { section: 'readerDenied' },
  ),
  SLUICE_FINDING_RECEIPTS_FAILED: warning(
    "A customer's bucket did not take the receipt of a day; the load itself is done.",
    '`npx sluice explain CODE` says what to do. Then the command loads the day again and writes it.',
    { part: 'drops', section: 'drops' },
  ),
  SLUICE_FINDING_FILES_LEFT_OUT: warning(
    'Days of a dataset were loaded without objects that may have been meant to be loaded.',
    'The command names each object and the reason: docs/ingest.md, "What is left out". Have them delivered as Parquet files, or elsewhere.',
    { part: 'drops', section: 'drops', alarms: ['ingest-left-out'] },
  ),
  SLUICE_FINDING_CURATE_KEPT: problem(
    'Raw files of curated days are gone, or others are in their place, and neither an erasure nor retention is the reason. The curated table has their rows, and views read them there.',
    'Find out who deleted them. The commands before `accept` bring files back while S3 has their versions, and the next night curates the days again: docs/curated.md, "When raw files are gone". If they are to stay gone, `accept` keeps the rows and ends this.',
    { part: 'partitions', section: 'curated' },
  ),
  SLUICE_FINDING_ERASE_STOPPED: warning(
    'An erasure is not complete and has not gone on for 30 days: rows of its units may be in tables.',
    'Run `sluice erase` with the same units again until it is complete: docs/privacy.md, "Until it is complete".',
  ),
  SLUICE_FINDING_CURATE_LATE: problem(
    'Days that should be curated were never queued, or wait for more than a day: queries read more, and no answer is wrong.',
    'If the stage is new, wait for the night, 00:20 UTC; else the command queues them now.',
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
    'Correct what the function failed with: `npx sluice explain CODE` has the cure of each code of ours. If it took too long or its process ended, give it more memory; if Lambda throttled it, raise its reserved executions or the quota. Then the command has them tried, 10,000 at a time.',
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
    "The command shows the stream's log: correct its role, the bucket or the key in time.",
    { part: 'streams', section: 'late', alarms: ['stream-late', 'stream-blocked', 'stream-stuck'] },
  ),
  SLUICE_FINDING_QUOTA_NEAR: warning(
    'A stream is near its quota, or above it. Requests that it does not accept become objects of landing/.',
    'Ask AWS for a higher quota, which Firehose also raises by itself: docs/limits.md, "Requests a second".',
    { part: 'streams', section: 'overflow' },
  ),
  SLUICE_FINDING_NOT_STORED: problem(
    'Requests were answered 503 within 24 hours: neither Firehose nor the bucket stored them, the keys could not be read, or the collector failed. Most SDKs repeat them for minutes.',
    'The log shows what AWS answered, as `object_error`, `not_streamed` or `error`. After a denial, correct the role, the bucket or its key. A 503 or timeout passes. It stays a day.',
    { part: 'collector', section: 'failed', alarms: ['api-5xx', 'url-5xx', 'mangled'] },
  ),
  SLUICE_FINDING_UNREACHED: problem(
    'Within 24 hours the gateway or the Function URL itself answered many requests. 4xx: SDKs drop the events. 5xx (an invocation was throttled, took too long or broke): most SDKs send again.',
    '429: have AWS raise the limit that the doctor names. 413: send smaller batches. 404: correct the address, or leave scanners alone; the access log (`endpoint.accessLogDays`) tells them apart. 5xx: the log has the reason.',
    {
      part: 'collector',
      section: 'failed',
      alarms: ['stage-limit', 'concurrency', 'request-rate', 'collect-throttled', 'collect-errors'],
    },
  ),
  SLUICE_FINDING_REFUSED: problem(
    'Requests were refused with 4xx within 24 hours. SDKs do not send them again.',
    'docs/answers.md has each code. Of an unknown key the log has the first digits of its SHA-256 only: if it is yours, `keys add`. It goes a day after the last refusal. `tail` runs until Ctrl-C.',
    {
      part: 'collector',
      section: 'refused',
      alarms: ['requests-refused', 'api-4xx', 'url-4xx', 'key-unknown', 'key-missing', 'key-not-for-events'],
    },
  ),
  SLUICE_FINDING_KEYS_UNREADABLE: problem(
    "The keys' secret cannot be read, or is no list of keys. Collectors that have read it go on with those keys; new ones answer 503.",
    '`keys restore` takes a deletion back, drops what is not valid, and brings the last valid list back: look whether a key leaked. To a secret that was gone (the local cloud: start it again) add each key again. After a denial `doctor` shows what was changed: it ends within ten minutes.',
    { part: 'collector', section: 'failed' },
  ),
  SLUICE_FINDING_NO_KEY: problem(
    "No key may send events: the configuration and the keys' secret list none. Every request is answered 401, and its events are lost.",
    'Add the key of the app with the command, which reads it from stdin: docs/keys.md. If keys were there: `keys restore --dry-run` shows them, and `keys restore` brings them back, also a leaked one.',
    { part: 'collector', section: 'refused' },
  ),
  SLUICE_FINDING_SILENT: warning(
    'No request came for an hour or more, where some came before.',
    'If that is unusual, look at the app, its address and its last release.',
    { part: 'collector', section: 'silent', alarms: ['exposures-silent', 'events-silent'] },
  ),
  SLUICE_FINDING_SPIKE: warning(
    'Within 24 hours an hour had 50 times the requests or events that are usual in it, or more.',
    'The command shows requests as they come.',
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
    'The first command shows the rows, with the cure of each reason. Once a reason is corrected, its `--dry-run` says what the command behind it delivers. Everything else only its sender can send again.',
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
    "Days of a customer's dataset have no file with rows any more: their files were deleted, replaced, or are not committed. Queries still read the last good version.",
    'Ask whoever delivers them: files that come are loaded. If the rows are to stay without files, run `accept`; if their owner deletes files once they are loaded, set `filesLeave: true` for the dataset. docs/ingest.md, "Days without inputs", says how to let rows go.',
    { part: 'drops', section: 'drops' },
  ),
  SLUICE_FINDING_FILES_LOST: problem(
    'Days of a dataset or a curated table lack files of the version that the ledger has: somebody deleted or archived them, or a rule of the bucket did. Queries miss their rows.',
    'Find out who did. The commands make the days again from what has their rows, and bring other files back while S3 has their versions: docs/platform.md, "Restore".',
    { part: 'drops', section: 'drops', alarms: ['ingest-failed', 'ingest-load-failed'] },
  ),
  SLUICE_FINDING_ROWS_UNUSUAL: warning(
    'A day of a dataset was loaded with at most half of the rows that its weekday usually has, with more than ten times of them, from files that seem to be copies, or with values or times that are not as on the days before: a column has another type, no values any more, or no numbers.',
    'Ask whoever delivers it whether the drop is right and whole, or which copy to delete: the next run loads the day again. Correct the mapping if a column means something else now, and load the day with `backfill`. If the day is meant so, run the second command.',
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
    'docs/relay.md, "What was refused", has the likely cause of each reason. Once it is corrected, the second command says what would be sent again, and the third sends it.',
    { part: 'collector', section: 'relay', alarms: ['relay-refused'] },
  ),
  SLUICE_FINDING_ALARM: problem(
    'Alarms are on.',
    'The description of each names its section of docs/operate.md.',
    { part: 'deployment' },
  ),
  SLUICE_FINDING_NO_TOPIC: warning(
    'Alarms notify nobody.',
    'If somebody turned their actions off, `npx sluice doctor --drift` has the commands. Else set `alarms.topicArn` to the ARN of an SNS topic, and deploy: docs/metrics.md.',
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

/** Something that was found: the terminal, JSON and the console show this object. */
export interface Finding {
  /** The stable code: SLUICE_FINDING_…. */
  readonly code: FindingCode;
  /** How serious it is. */
  readonly severity: Severity;
  /** The part of the pipeline that it is about, if `sluice status` finds it; null of what only the doctor finds. */
  readonly part: FindingPart | null;
  /** The details: which bucket, table or day; what was found and what was expected. */
  readonly detail: string;
  /** What the code means; the same for every finding with it. */
  readonly cause: string;
  /** What to do, naming the deployment in each command. */
  readonly cure: string;
  /** Commands that repair it or show more, ready to be pasted into a shell, for this deployment. Often none. */
  readonly commands: readonly string[];
  /** The section of docs/operate.md that goes through it; null without one. */
  readonly section: string | null;
  /** Whether AWS refused a call because of a key of KMS. Absent of findings that no such refusal makes. */
  readonly isByKey?: boolean;
}

/** Whether a question was answered with a finding. */
export function isFinding<Read extends object>(read: Read | Finding): read is Finding {
  return 'code' in read && Object.hasOwn(entries, String(read.code));
}

/**
 * Makes a finding from its code and a detail.
 *
 * @param severity Default: the catalogue's.
 */
export function finding(
  code: FindingCode,
  detail: string,
  commands: readonly string[] = [],
  severity?: Severity,
): Finding {
  const { cause, cure, section, part = null, ...usual } = entries[code];
  return {
    code,
    severity: severity ?? usual.severity,
    part,
    cause,
    detail,
    cure,
    commands,
    section: section === undefined ? null : operateSections[section],
  };
}
