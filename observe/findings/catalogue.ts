import { type OperateSection, operateSections } from '../../infra/alarms/sections.ts';
import type { ErrorCode, ErrorEntry } from '../../lib/base/errors.ts';

/**
 * `problem`: something does not work, is not safe, or could not be checked. `warning`: it works but should be improved.
 * `unchecked`: the check does not apply here, for example in the local cloud.
 */
export type Severity = 'problem' | 'warning' | 'unchecked';

/** The part of the pipeline that a finding is about. */
export type FindingPart = 'collector' | 'streams' | 'partitions' | 'drops' | 'deployment';

interface Entry extends ErrorEntry {
  /** The usual severity; a finding can have another one. */
  readonly severity: Severity;
  /** Of what `sluice status` finds: the part, and the finding in a few words, for the console. */
  readonly cheap?: { readonly part: FindingPart; readonly label: string };
  /** The section of docs/operate.md that goes through it. */
  readonly section?: OperateSection;
}

const problem = (cause: string, cure: string): Entry => ({ severity: 'problem', cause, cure });
const warning = (cause: string, cure: string): Entry => ({ severity: 'warning', cause, cure });
/** Adds {@link Entry.cheap} and {@link Entry.section} to an entry. */
const cheap = (part: FindingPart, label: string, entry: Entry, section?: OperateSection): Entry => ({
  ...entry,
  cheap: { part, label },
  ...(section === undefined ? {} : { section }),
});

const UNANSWERED =
  'Correct what the other checks found. Otherwise read the detail: the query runs in the configured workgroup, with the rights of your credentials.';
const DEPLOY = 'run `npx serverless deploy` with the same stage and region';
const NEW = `If it is new in the configuration or the release and no command is shown, ${DEPLOY}.`;
const CHANGED = `If the configuration or the release has changed since, ${DEPLOY}.`;
/** CloudFormation compares a new template with the last one, not with the resources. */
const BLIND = 'Redeploying does not revert manual changes.';
/** A drift-aware change set compares the template with the resources: {@link revertDriftCommands}. */
const COMPARE =
  'The commands make CloudFormation compare its template with the resources, show the changes, and apply them. Read the output of the third command before you run the last one. For the local cloud: stop it and start it again.';
const RECREATE = `${BLIND} ${COMPARE} ${NEW}`;
const RESTORE_TABLE = `${BLIND} Restore it with the command. ${CHANGED}`;
const RESTORE = `${BLIND} ${COMPARE} ${CHANGED}`;

/** Everything that `sluice status` and `sluice doctor` can find. Codes are stable; none of them is thrown. */
export const findingCatalogue = {
  SLUICE_DOCTOR_CONFIGURATION: problem(
    'The configuration is not valid, or not for this stage, so nothing else can be checked.',
    'Correct the named field. docs/reference/errors.md has the cure of the code in the message.',
  ),
  SLUICE_DOCTOR_CREDENTIALS: problem(
    'AWS does not accept the credentials, or none were found.',
    'Sign in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. For the local cloud: --local.',
  ),
  SLUICE_DOCTOR_ACCOUNT_DIFFERS: problem(
    'The credentials are of another account than the configuration states.',
    'Use credentials of that account (AWS_PROFILE), or correct `account` in the configuration.',
  ),
  SLUICE_DOCTOR_CLOCK_OFF: problem(
    "This machine's clock differs from AWS's. From a difference of five minutes, AWS rejects signed requests.",
    'Set the clock by NTP. If you moved the clock of the local cloud: POST {"real":true} to /_sluice/clock.',
  ),
  SLUICE_DOCTOR_REGION_UNFIT: problem(
    'The region lacks a service that the stack needs, or an existing resource is in another region.',
    'Choose a region that docs/reference/configuration.md lists with `region` in the configuration or with --region, or change the named field.',
  ),
  SLUICE_DOCTOR_STACK_MISSING: problem(
    'There is no stack for this stage in this account and region.',
    'Deploy it, or choose another stage, region or account: --stage, --region, AWS_PROFILE.',
  ),
  SLUICE_DOCTOR_STACK_UNFINISHED: problem(
    'The last deployment is in progress or failed.',
    "If it is in progress, wait. If it failed, find the first failure in the stack's events in CloudFormation, correct its cause, run the command if one is shown, and deploy again.",
  ),
  SLUICE_DOCTOR_STACK_DIFFERS: problem(
    'The stack was deployed from another configuration.',
    `Check the configuration (SLUICE_CONFIG), then ${DEPLOY}.`,
  ),
  SLUICE_DOCTOR_VERSION_OLDER: warning(
    'The stack was deployed by an earlier version of Sluice.',
    `CHANGELOG.md says what changes for a deployment. To upgrade, ${DEPLOY}.`,
  ),
  SLUICE_DOCTOR_VERSION_NEWER: problem(
    'The stack was deployed by a later version of Sluice. Deploying this working tree would downgrade it, and the doctor compares it with what this version expects.',
    'Use the working tree of the deployed version or a later one. To downgrade on purpose, read docs/deploy.md first.',
  ),
  SLUICE_DOCTOR_NAME_TAKEN: problem(
    'A name that the stack gives to a new resource is taken. CloudFormation would fail there and roll back.',
    'Choose another name or stage, or use the existing resource (docs/deploy.md, "Bringing your own"). If a stack was removed before, see docs/remove.md, "Redeploying after `remove`". If a command is shown and nobody needs the resource, run it.',
  ),
  SLUICE_DOCTOR_LAKE_FORMATION: warning(
    'In this account, Lake Formation controls access to new databases and tables in addition to IAM. It denies the functions and readers what nobody grants.',
    'Deploy, then run what `npx sluice policy grants` prints, before you send events: docs/deploy.md, "Lake Formation".',
  ),
  SLUICE_DOCTOR_DEPLOY_DENIED: problem(
    'According to the IAM policy simulator, these credentials lack permissions that a deployment needs.',
    'Attach the policies that `npx sluice policy print --for deploy` prints. If they are attached, look for a permissions boundary, a service control policy or a Deny statement.',
  ),
  SLUICE_DOCTOR_NOT_SIMULATED: {
    severity: 'unchecked',
    cause: 'No simulator covers this. Only the first deployment shows whether it works.',
    cure: 'docs/aws.md, "What only a first deployment tells", describes each failure and its remedy.',
  },
  SLUICE_DOCTOR_STAGE_SHARED: problem(
    "Another stage's stack in this account and region has a bucket, database or workgroup of this stage.",
    'Make the named value depend on the stage (docs/deploy.md, "Stages") and deploy. If the other stack was deployed with this name by mistake, do not remove it before you have read docs/remove.md, "Redeploying after `remove`": its bucket and tables stay.',
  ),
  SLUICE_DOCTOR_BUCKET_MISSING: problem(
    'The bucket does not exist.',
    `${BLIND} If the stack created it: ${COMPARE} If you brought it, create it with the command and run the doctor again, which prints the settings it needs. Its objects are lost.`,
  ),
  SLUICE_DOCTOR_BUCKET_REGION: problem(
    'The bucket is in another region than the stack. Firehose, Athena and the functions need it in their own region.',
    'Deploy to the region of the bucket, or choose another bucket.',
  ),
  SLUICE_DOCTOR_BUCKET_NOT_OURS: problem(
    'The bucket belongs to another account, or these credentials cannot read it.',
    'Choose a bucket of this account with `bucket` in the configuration. Bucket names are global.',
  ),
  SLUICE_DOCTOR_BUCKET_EVENTS: problem(
    'The bucket sends no events to EventBridge.',
    'Enable them with the command.',
  ),
  SLUICE_DOCTOR_BUCKET_ENCRYPTION: problem(
    'The bucket does not encrypt new objects with the key by default.',
    'Set it with the command. Existing objects keep their encryption.',
  ),
  SLUICE_DOCTOR_BUCKET_POLICY: problem(
    'The bucket policy allows requests without TLS.',
    'Set it with the command, which keeps every other statement.',
  ),
  SLUICE_DOCTOR_BUCKET_LIFECYCLE: problem(
    'Lifecycle rules are missing, or differ from the configuration.',
    'Set them with the command, which keeps every other rule.',
  ),
  SLUICE_DOCTOR_BUCKET_SHARED: problem(
    "Sluice's lifecycle rules are missing, and its folders in the existing bucket hold other objects, which the rules would delete.",
    'Move those objects and run the doctor again, which then prints the command, or use another bucket. Sluice works without the rules, but nothing expires.',
  ),
  SLUICE_DOCTOR_BUCKET_PUBLIC: problem(
    'The bucket does not block public access.',
    'Block public access with the command.',
  ),
  SLUICE_DOCTOR_BUCKET_OWNERSHIP: problem(
    'Objects can belong to the account that wrote them.',
    'Set the ownership with the command.',
  ),
  SLUICE_DOCTOR_BUCKET_VERSIONING: warning(
    'Versioning is off, so overwritten state cannot be restored.',
    'Enable versioning with the command.',
  ),
  SLUICE_DOCTOR_HOLDOUTS_UNKNOWN: warning(
    'SDKs send holdouts like any other gate, so Sluice cannot tell which units are held out: they count as one more group of each experiment.',
    "Run `npx sluice groups pull`, or list the names of all holdouts in the configuration, `holdouts: ['spring_holdout']` (`[]` for no holdouts), and deploy. The views also apply it to existing rows (docs/statsig.md).",
  ),
  SLUICE_DOCTOR_EXPERIMENTS_UNKNOWN: warning(
    'Browsers sent the experiment of a layer hashed, and no known name has that hash: views show it under the hash.',
    'Run `npx sluice groups pull`, or add its name to `experiments` in the configuration and deploy. The views then have the name for existing rows, too.',
  ),
  SLUICE_DOCTOR_EXPERIMENTS_UNREAD: {
    severity: 'unchecked',
    cause:
      'The experiments that browsers sent hashed could not be read, because Athena did not answer the query.',
    cure: UNANSWERED,
  },
  SLUICE_DOCTOR_KEY_MISSING: problem(
    'The key does not exist or is scheduled for deletion. Without it, the data cannot be read.',
    'Keep it (`aws kms cancel-key-deletion`), or set another with `existing.keyArn`.',
  ),
  SLUICE_DOCTOR_KEY_DISABLED: problem(
    'The key is disabled, so nothing can be written or read.',
    'Enable it with the command.',
  ),
  SLUICE_DOCTOR_KEY_UNFIT: problem(
    'The key is asymmetric, not for encryption, or a multi-Region key. S3 or Statsig cannot use it.',
    'Set a symmetric single-Region key with `existing.keyArn`, or none, and the stack creates one.',
  ),
  SLUICE_DOCTOR_KEY_UNROTATED: warning(
    'The key is not rotated.',
    'Enable rotation with the command. Readers are not affected.',
  ),
  SLUICE_DOCTOR_KEY_POLICY: problem(
    'The key policy neither delegates access to IAM nor allows these roles.',
    "Add a statement to the key policy that allows the account's root `kms:*`, or these roles kms:Decrypt and kms:GenerateDataKey.",
  ),
  SLUICE_DOCTOR_DATABASE_MISSING: problem(
    'The Glue database does not exist.',
    `${BLIND} Create it with the command, then run the doctor again for its tables. ${NEW}`,
  ),
  SLUICE_DOCTOR_TABLE_MISSING: problem(
    'A table does not exist.',
    `${BLIND} Create it with the command. Its rows are files, which still exist, and the next hourly run registers their days. ${NEW}`,
  ),
  SLUICE_DOCTOR_TABLE_COLUMNS: problem(
    "A table's columns differ from the columns that are written. Rows go to quarantine or are read incorrectly.",
    RESTORE_TABLE,
  ),
  SLUICE_DOCTOR_TABLE_COMMENTS: warning(
    'Column comments of a table differ. Readers show them beside the columns.',
    RESTORE_TABLE,
  ),
  SLUICE_DOCTOR_TABLE_PARTITION_KEY: problem(
    'A table is not partitioned by day, so no partition can be registered.',
    'Drop it and create it again with the commands. The data stays, and the next hourly run registers its days. Deploying does not recreate a table that was dropped manually.',
  ),
  SLUICE_DOCTOR_TABLE_LOCATION: problem(
    'The location of a table is not the folder that its rows are written to.',
    RESTORE_TABLE,
  ),
  SLUICE_DOCTOR_TABLE_FORMAT: problem(
    'The format of a table is not the Parquet format that is written.',
    RESTORE_TABLE,
  ),
  SLUICE_DOCTOR_VIEW_MISSING: problem(
    'A view does not exist.',
    `${BLIND} Create it with the command. ${NEW}`,
  ),
  SLUICE_DOCTOR_VIEW_DIFFERS: problem('A view differs from its definition in lib/views.', RESTORE_TABLE),
  SLUICE_DOCTOR_PARTITION_EMPTY: warning(
    'Days have a partition but no files: no data arrived, or it has expired or was deleted.',
    'Nothing, unless rows are missing. In that case find out who deleted them.',
  ),
  SLUICE_DOCTOR_PARTITION_MISPLACED: problem(
    "Partitions do not point to their day's folder, so queries do not read its rows.",
    'Drop them in Glue. The next hourly run registers them with the correct folder.',
  ),
  SLUICE_DOCTOR_PARTITION_STALE: problem(
    'Partitions still have an earlier set of columns of their table.',
    'The next hourly run updates them.',
  ),
  SLUICE_DOCTOR_WORKGROUP_MISSING: problem(
    'The Athena workgroup does not exist.',
    `${RECREATE} If you brought it, create it in Athena.`,
  ),
  SLUICE_DOCTOR_WORKGROUP_DISABLED: problem(
    'The Athena workgroup is disabled, so nobody can query.',
    'Enable it with the command.',
  ),
  SLUICE_DOCTOR_WORKGROUP_RESULTS: problem(
    'Query results do not go to query-results/ in the bucket, where readers can read them and they expire.',
    'Set the location with the command.',
  ),
  SLUICE_DOCTOR_WORKGROUP_ENCRYPTION: problem(
    'Query results are not encrypted with the key, or not encrypted at all.',
    'Set it with the command. Existing results keep their encryption.',
  ),
  SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED: problem(
    "Clients can override the workgroup's settings, including result location and encryption.",
    'Enforce them with the command.',
  ),
  SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF: warning(
    'The workgroup does not limit how much data a query scans, nor its cost.',
    'Set a limit with the command.',
  ),
  SLUICE_DOCTOR_PRIMARY_DISABLED: problem(
    'A workgroup that the stack does not make is disabled. OWOX Data Marts sends no workgroup, so its queries run in `primary`.',
    'Enable it with the command. This affects everyone who queries there; in `primary`, everyone in the account who sends no workgroup.',
  ),
  SLUICE_DOCTOR_PRIMARY_ENFORCED: problem(
    'A workgroup that the stack does not make enforces its own result location: `primary`, as OWOX Data Marts sends no workgroup, or the `workgroup` of a reader. The reader may neither write nor read there.',
    'Let clients choose the result location with the command. This affects everyone who queries there; in `primary`, everyone in the account who sends no workgroup.',
  ),
  SLUICE_DOCTOR_DOMAIN_MISSING: problem(
    'API Gateway does not have the domain in this account and region. SDKs that post to it lose events.',
    `If it is new in the configuration, ${DEPLOY}. If somebody deleted it, remove \`domain\` and \`certificateArn\` from the configuration, list the address in \`endpoint.retired\` and deploy; then put them back and deploy again.`,
  ),
  SLUICE_DOCTOR_DOMAIN_UNFIT: problem(
    'The domain is not available, or has another certificate than configured.',
    `Wait if it is UPDATING. Else look at the certificate in AWS Certificate Manager: it has to be ISSUED and for this name. ${CHANGED}`,
  ),
  SLUICE_DOCTOR_DOMAIN_DNS: warning(
    'The name of the domain does not lead to the gateway, seen from this machine. SDKs that post to it may lose events.',
    'Point its DNS record to the output `DomainTarget` (docs/platform.md, "A domain of your own"). If a CDN, a proxy or the same domain in another region answers here, this is as it should be.',
  ),
  SLUICE_DOCTOR_BOUNDARY_MISSING: problem(
    'A role or user of the stack lacks the permissions boundary, or has another one. Somebody changed it, or the configuration is newer than the stack.',
    `${CHANGED} Else put it back: \`aws iam put-role-permissions-boundary --role-name NAME --permissions-boundary ARN\`, for a user \`put-user-permissions-boundary --user-name NAME\`.`,
  ),
  SLUICE_DOCTOR_STREAM_MISSING: problem(
    'A delivery stream does not exist. Requests become objects of landing/ instead.',
    RECREATE,
  ),
  SLUICE_DOCTOR_STREAM_INACTIVE: problem(
    'A delivery stream does not accept records.',
    'If it is being created, wait. Otherwise check its log group, /aws/kinesisfirehose/<stream>, its role and its key.',
  ),
  SLUICE_DOCTOR_STREAM_DIFFERS: problem(
    'The settings of a delivery stream differ from the configuration.',
    RESTORE,
  ),
  SLUICE_DOCTOR_QUEUE_MISSING: problem('A queue does not exist.', RECREATE),
  SLUICE_DOCTOR_DEAD_LETTERS: problem(
    'A dead-letter queue holds messages that could not be processed.',
    "The function's log has the error code. After you have corrected the cause, move the messages back with the command.",
  ),
  SLUICE_DOCTOR_RELAY_LATE: cheap(
    'collector',
    'relay is late',
    warning(
      'Copies of requests have waited for more than an hour to be relayed. They are tried for six days and a half, and then put aside.',
      'Is the target reachable? `retried` in the log of `relay` says what it answers. If there are more copies than the function delivers, raise `relay.concurrency`: docs/relay.md, "Limits".',
    ),
    'relay',
  ),
  SLUICE_DOCTOR_RELAY_LEFT: problem(
    'Copies of requests are left under relay/, and the configuration has no `relay`: nothing delivers them, and nothing deletes them. They hold SDK keys.',
    'The command says what would be deleted; without `--dry-run` it deletes it. To have them delivered first, deploy `relay` again: docs/relay.md, "Turning it off".',
  ),
  SLUICE_DOCTOR_FORWARDED_HERE: warning(
    "Somebody else writes into the folders of the forwarded tables, most likely Statsig's own forwarding. Queries read these files as rows of Sluice. Rows that SDKs log at Statsig itself are then in one table with rows that they log here.",
    "Turn Statsig's forwarding off, or give its tables other names in Data Connection: `npx sluice connect statsig` prints some. If it has to keep them, give Sluice other names with `tables` and deploy. Then move the named files elsewhere. Files that you put there on purpose may stay: the finding goes seven days later.",
  ),
  SLUICE_DOCTOR_FORWARDED_TWICE: problem(
    "Somebody else writes into the folders of the forwarded tables, most likely Statsig's own forwarding, and relay to Statsig is on: Statsig forwards what relay delivers to it, so events are in one table twice. Its rows have no `event_id` of Sluice, by which views find doubles.",
    "Turn Statsig's forwarding off, which relay makes unnecessary, or give its tables other names in Data Connection: `npx sluice connect statsig` prints some. If it has to keep them, give Sluice other names with `tables` and deploy. Then move the named files elsewhere. Files that you put there on purpose, such as a day that you wrote again, may stay: the finding goes seven days later. docs/why.md says what each way delivers.",
  ),
  SLUICE_DOCTOR_SOURCE_UNREADABLE: cheap(
    'drops',
    'drop cannot be listed',
    problem(
      "The last attempt to list a dataset's folder failed.",
      'docs/ingest.md, "Alarms", says what to do for each code. Then run `npx sluice ingest run`.',
    ),
    'drops',
  ),
  SLUICE_DOCTOR_SOURCE_UNSEEN: cheap(
    'drops',
    'not listed on time',
    warning(
      'A dataset has not been listed within its schedule.',
      'If it is new, wait for the schedule or run `npx sluice ingest run`. Otherwise check the log of the function ingest-plan and its queues.',
    ),
    'drops',
  ),
  SLUICE_DOCTOR_SOURCE_STOPPED: cheap(
    'drops',
    'no files',
    warning(
      'No day of the lookback of a dataset has files.',
      'Compare `folder` and `dayFormat` with the keys of the files, or ask whoever delivers them.',
    ),
    'drops',
  ),
  SLUICE_DOCTOR_LOADS_WORKGROUP_MISSING: problem(
    'The Athena workgroup of loads does not exist. Days that the function `ingest-load` cannot hold fail.',
    RECREATE,
  ),
  SLUICE_DOCTOR_LOADS_WORKGROUP_DIFFERS: problem(
    'The Athena workgroup of loads is not as deployed: it is disabled, enforces a location that loads may not write to, or has another limit of what a statement may scan than `athena.loadScanLimitGigabytes`.',
    `${BLIND} Set it with the command. ${CHANGED}`,
  ),
  SLUICE_DOCTOR_LOADS_DATABASE_MISSING: problem(
    'The Glue database for the tables of loads by Athena does not exist. Days that the function `ingest-load` cannot hold fail.',
    `${BLIND} Create it with the command. ${NEW}`,
  ),
  SLUICE_DOCTOR_LOADS_DENIED: problem(
    'The role of `ingest-load` lacks a permission that a load by Athena needs.',
    `Look for a permissions boundary or a service control policy that denies it. If the policy of the role was changed manually, run the commands. ${COMPARE} ${CHANGED}`,
  ),
  SLUICE_DOCTOR_LOAD_STUCK: cheap(
    'drops',
    'load takes too long',
    problem(
      'Athena has worked on a day of a dataset for more than three hours. Queries still read the previous version.',
      'The command shows the step and its execution, and docs/large-days.md, "When Athena fails or does not end", says what to do. If AWS has raised your quota for the time of a statement, it may need the time.',
    ),
    'drops',
  ),
  SLUICE_DOCTOR_RECEIPTS_WAITING: cheap(
    'drops',
    'receipts wait',
    warning(
      'Receipts of loads could not be sent to a customer. They are tried every hour, for three days.',
      'docs/reference/errors.md says what to do for the code. The loads themselves are done.',
    ),
    'drops',
  ),
  SLUICE_DOCTOR_FILES_LEFT_OUT: cheap(
    'drops',
    'files left out',
    warning(
      'Days of a dataset were loaded without objects that may have been meant to be loaded.',
      'The command names each object and the reason; docs/ingest.md, "What is left out", explains the reasons. Deliver them as Parquet files, or ask whoever delivers them to write them elsewhere.',
    ),
    'drops',
  ),
  SLUICE_DOCTOR_CURATE_STALE: problem(
    'Views read curated days whose raw files have changed since, so rows that came late are missing from their answers.',
    'If a file has just arrived, run the doctor again in five minutes. Otherwise `curate-plan` does not get the events of new files, or fails: look at its log, its queue and its dead letters. The command takes the days out of the views and queues them.',
  ),
  SLUICE_DOCTOR_CURATE_GONE: problem(
    'Views read curated days whose files were deleted, so all rows of these days are missing from their answers. The raw rows are still there.',
    'The command curates them again. Find out who deleted the files; docs/curated.md, "Turn it off", says how to delete them safely.',
  ),
  SLUICE_DOCTOR_CURATE_LEFT_OUT: cheap(
    'partitions',
    'days left out of views',
    warning(
      'Curated days are left out of the text of some views, which has no room for more ranges of days. These views read their raw rows.',
      'Ranges become fewer when the days between them are curated: the command names these days and says why. docs/curated.md, "What views read".',
    ),
    'curated',
  ),
  SLUICE_DOCTOR_REQUEST_LIMIT: problem(
    'API Gateway accepts fewer requests in this account than the configuration says. It answers 429, on which some SDKs drop events, before the alarm `stage-limit` fires.',
    "Request an increase from AWS (docs/limits.md), or set `endpoint.accountRequestsPerSecond` and `endpoint.burst` to the account's numbers and deploy.",
  ),
  SLUICE_DOCTOR_CONCURRENCY_LIMIT: problem(
    'Lambda allows fewer executions at once in this account than the configuration says. The Function URL answers 429 beyond them, on which some SDKs drop events, before the alarms `concurrency` and `request-rate` fire.',
    "Request an increase from AWS (docs/limits.md), set `collector.accountConcurrency` to the account's number without reservations and deploy, or use the gateway: `endpoint: { kind: 'http-api' }`.",
  ),
  SLUICE_DOCTOR_QUOTA_LOW: warning(
    'A quota of the account is lower than the default, or lower than the configuration needs.',
    'Request an increase in Service Quotas.',
  ),
  SLUICE_DOCTOR_QUOTA_NEAR: warning('A quota is nearly exhausted.', 'Request an increase in Service Quotas.'),
  SLUICE_DOCTOR_QUOTA_UNKNOWN: {
    severity: 'unchecked',
    cause: 'Service Quotas lists no quota of this name here.',
    cure: 'Look it up in Service Quotas. docs/limits.md says what it has to cover.',
  },
  SLUICE_DOCTOR_READER_MISSING: problem(
    'A configured reader has no role or user in the stack.',
    `To create it, ${DEPLOY}.`,
  ),
  SLUICE_DOCTOR_READER_DENIED: problem(
    'A reader lacks a permission that it needs.',
    'Check its policies, its permissions boundary and service control policies for what denies it. docs/readers.md lists the permissions.',
  ),
  SLUICE_DOCTOR_READER_NOT_READY: warning(
    'A reader may not read the tables of curated days. With `curate: true` the views read them with the permissions of the reader, and its queries would fail.',
    'Allow it before you set `curate: true`. Deploy if the stack makes the reader. If somebody applied its policy by hand, print it again (docs/readers.md) and have it applied.',
  ),
  SLUICE_DOCTOR_READER_ALLOWED: problem(
    'A reader has a permission that it must not have.',
    'Remove the policy that grants it. The stack grants none of these permissions.',
  ),
  SLUICE_DOCTOR_ALSO_READS_MISSING: warning(
    'A reader is given a table or view that the Glue catalog does not have.',
    'Correct its name in `alsoReads` of `sluice.config.ts`, or take it out.',
  ),
  SLUICE_DOCTOR_ALSO_READS_LOCATION: warning(
    'A reader is given a table, but not the location of its files. Its queries are refused.',
    'Add the location to `locations` in `alsoReads` of `sluice.config.ts`, and deploy.',
  ),
  SLUICE_DOCTOR_ALSO_READS_VIEW: warning(
    'A reader is given a view, but not the tables that the view reads. Athena reads them with the permissions of the reader, so its queries are refused.',
    'Add these tables and their locations to `alsoReads` of `sluice.config.ts`, and deploy. `policies` of the reader are not checked.',
  ),
  SLUICE_DOCTOR_ALSO_READS_ELSEWHERE: {
    severity: 'unchecked',
    cause: 'Not checked: a reader reads a bucket of another account, whose policy only its owner can read.',
    cure: 'Send its owner the page that the command makes. It says: "Add these statements to the policy of the bucket, and of its key if it has one: they let the reader list and read these folders, and nothing else."',
  },
  SLUICE_DOCTOR_NOT_ALLOWED: problem(
    'This could not be checked because a permission is missing.',
    'Grant it to whoever runs the doctor. docs/doctor.md lists all permissions.',
  ),
  SLUICE_DOCTOR_FAILED: problem(
    'This could not be checked because AWS returned an unexpected error.',
    'Read the detail. If AWS was only busy, run the doctor again.',
  ),
  SLUICE_DOCTOR_NOT_EMULATED: {
    severity: 'unchecked',
    cause: 'The local cloud does not emulate this.',
    cure: 'Run the doctor on a deployment.',
  },
  SLUICE_DOCTOR_NO_READERS: {
    severity: 'unchecked',
    cause: 'No reader is configured.',
    cure: 'Add Statsig, OWOX Data Marts or Metabase to `readers`: docs/readers.md.',
  },
  SLUICE_DOCTOR_SKIPPED: {
    severity: 'unchecked',
    cause: 'Another check must pass first.',
    cure: 'Correct what that check found.',
  },
  SLUICE_STATUS_LANDING_LATE: cheap(
    'streams',
    'landing waits',
    problem(
      'Objects have waited in landing/ for more than 15 minutes to become files of tables. Nothing is lost.',
      'The writer tries them again every five minutes; the command does so now. Their codes say how the last attempts ended: docs/reference/errors.md has the cure of each.',
    ),
    'landing',
  ),
  SLUICE_STATUS_PARKED: cheap(
    'streams',
    'parked objects',
    problem(
      'Objects in parked/ could not be read. Nothing deletes them.',
      'Correct the cause that docs/landing.md, "What is parked", names for the code. Then bring them back with the command.',
    ),
    'parked',
  ),
  SLUICE_STATUS_UNKNOWN_KEYS: cheap(
    'streams',
    'foreign objects',
    warning(
      'Objects in landing/ or parked/ are not of Sluice. The writer leaves them where they are.',
      'Find out what writes them, and move them elsewhere.',
    ),
    'parked',
  ),
  SLUICE_STATUS_STREAM_LATE: cheap(
    'streams',
    'delivers late',
    problem(
      'A stream delivers late. Firehose drops records 24 hours after it has accepted them.',
      "Read the stream's log group with the command, and correct its role, the bucket, the key or the table.",
    ),
    'late',
  ),
  SLUICE_STATUS_STREAM_EXPIRING: cheap(
    'streams',
    'drops rows soon',
    problem(
      'A stream has not delivered for 12 hours or more. Firehose drops records 24 hours after it has accepted them.',
      'Correct what its log group names before the hours are over. If that is not possible, move the stream to a rescue bucket.',
    ),
    'late',
  ),
  SLUICE_STATUS_QUOTA_NEAR: cheap(
    'streams',
    'near its quota',
    warning(
      'A stream is near its quota, or above it. Requests that it does not accept become objects of landing/.',
      'Raise `streams`, or ask AWS for a higher quota. Firehose also raises the limit of a stream that is throttled by itself: docs/limits.md, "Requests a second".',
    ),
    'overflow',
  ),
  SLUICE_STATUS_PARTITION_MISSING: cheap(
    'partitions',
    'partition missing',
    problem(
      'Days have files but no partition, or one that points elsewhere, so queries do not read their rows.',
      'Register them with the command; the next hourly run does so too. If they are missing again, look at the register queue and its dead letters.',
    ),
    'partitions',
  ),
  SLUICE_STATUS_NOT_STORED: cheap(
    'collector',
    'requests not stored',
    problem(
      'Requests of the last hour were answered 503, because neither Firehose nor the bucket stored them. SDKs send them again.',
      'Look at the refusals with the command, and correct the role, the bucket or its key.',
    ),
    'failed',
  ),
  SLUICE_STATUS_UNAVAILABLE: cheap(
    'collector',
    'requests answered 503',
    problem(
      'Requests of the last hour were answered 503, and not because of Firehose or the bucket. SDKs send them again.',
      'The detail has the cure of each code; the command lists the requests.',
    ),
    'failed',
  ),
  SLUICE_STATUS_REFUSED: cheap(
    'collector',
    'requests refused',
    problem(
      'Requests of the last hour were refused with 4xx. SDKs do not send them again.',
      'The detail has the codes, with the key label and the SDK where they are known. The first command shows the requests; docs/answers.md has each code.',
    ),
    'refused',
  ),
  SLUICE_STATUS_NO_KEY: cheap(
    'collector',
    'no key may send',
    problem(
      "No key may send events: the configuration and the keys' secret list none. Every request is answered 401, and its events are lost.",
      'Add the key that the app sends with the command, which reads it from stdin: docs/keys.md. Collectors accept it within half a minute.',
    ),
    'refused',
  ),
  SLUICE_STATUS_SILENT: cheap(
    'collector',
    'no events come in',
    warning(
      'No request came within the last hour, and events came before.',
      'If that is unusual at this hour, look at the app, its address and its last release.',
    ),
    'silent',
  ),
  SLUICE_STATUS_QUARANTINED: cheap(
    'collector',
    'rows in quarantine',
    warning(
      'Events that were received within 24 hours are in quarantine.',
      'The first command shows why, with the cure of each reason. Once it is corrected, the others say what would be delivered.',
    ),
    'quarantine',
  ),
  SLUICE_STATUS_INGEST_FAILED: cheap(
    'drops',
    'days failed',
    problem(
      "Days of a customer's dataset could not be loaded. Queries still read the previous version.",
      'The command names the file and the reason; docs/ingest.md says what to do.',
    ),
    'drops',
  ),
  SLUICE_STATUS_INGEST_LATE: cheap(
    'drops',
    'drop is late',
    problem(
      'A drop has not arrived by the time it is expected.',
      'Ask whoever delivers it. If drops never arrive that early, change `expectedBy` of the dataset and deploy. Once the drop is there, run `npx sluice ingest run`.',
    ),
    'drops',
  ),
  SLUICE_STATUS_EXPORT_FAILED: cheap(
    'drops',
    'export failed',
    problem(
      "Days of a table could not be exported to the customer's bucket.",
      'The command shows the reason; docs/export.md, "When an export fails", says what to do.',
    ),
    'exports',
  ),
  SLUICE_STATUS_CURATE_FAILED: cheap(
    'partitions',
    'days not curated',
    problem(
      'Days could not be curated. Views read their raw rows: no answer is wrong, but queries read more.',
      'The first command says why: docs/curated.md, "When a day is not curated". The plan tries these days again every night; the second command does so now.',
    ),
    'curated',
  ),
  SLUICE_STATUS_CURATE_LATE: cheap(
    'partitions',
    'days wait to be curated',
    problem(
      'Days were queued more than a day ago and have neither been curated nor failed: their tasks are lost, or the function `curate` is not keeping up. Views read their raw rows.',
      'The command queues them now. If they wait again, look at the queue of `curate`, its dead letters and its log.',
    ),
    'curated',
  ),
  SLUICE_STATUS_CURATE_UNPLANNED: cheap(
    'partitions',
    'days not queued',
    warning(
      'The last night should have queued days that were never queued. Views read their raw rows.',
      'If `curate: true` is new, wait for the night, 00:20 UTC, or run the command. Otherwise the plan does not run or fails: look at the log of `curate-plan`, its queue and its dead letters.',
    ),
    'curated',
  ),
  SLUICE_STATUS_RELAY_REFUSED: cheap(
    'collector',
    'refused by the target of relay',
    problem(
      'The target of relay refused copies of requests for good, or did not take them within six days and a half. They are deleted when they are eleven days old.',
      'docs/relay.md, "What was refused", has the likely cause of each reason. Correct it. The second command then says what would be sent again; without `--dry-run` it sends them.',
    ),
    'relay',
  ),
  SLUICE_STATUS_ALARM: cheap(
    'deployment',
    'alarms are on',
    problem('Alarms are on.', 'docs/operate.md, "Which alarm, which section", has the section of each.'),
    'alarms',
  ),
  SLUICE_STATUS_NO_TOPIC: cheap(
    'deployment',
    'alarms notify nobody',
    warning(
      'The alarms notify nobody.',
      'Set `alarms.topicArn` in sluice.config.ts to the ARN of an SNS topic, and deploy: docs/metrics.md.',
    ),
  ),
  SLUICE_STATUS_FAULTS: cheap(
    'deployment',
    'faults are set',
    warning('Faults are set in the local cloud: it fails on purpose.', 'Remove them with the command.'),
  ),
  SLUICE_STATUS_UNREADABLE: cheap(
    'deployment',
    'not readable',
    problem(
      'A part of the deployment could not be read, so it may have problems that are not listed.',
      'The detail has what AWS answered. If a permission is missing, use credentials with those that docs/observe.md, "sluice status", lists. Otherwise correct what other findings name, and ask again.',
    ),
  ),
} as const satisfies Readonly<Record<ErrorCode, Entry>>;

/** A stable code of a finding. */
export type FindingCode = keyof typeof findingCatalogue;

const entries: Readonly<Record<FindingCode, Entry>> = findingCatalogue;

/** Former codes of findings, and the code that has the same cure today: `sluice explain` knows them for this release. */
export const formerCodes: Readonly<Record<ErrorCode, FindingCode>> = {
  SLUICE_DOCTOR_CURATE_FAILED: 'SLUICE_STATUS_CURATE_FAILED',
  SLUICE_DOCTOR_CURATE_LATE: 'SLUICE_STATUS_CURATE_LATE',
  SLUICE_DOCTOR_CURATE_UNPLANNED: 'SLUICE_STATUS_CURATE_UNPLANNED',
  SLUICE_DOCTOR_EXPORT_FAILED: 'SLUICE_STATUS_EXPORT_FAILED',
  SLUICE_DOCTOR_LANDING_LATE: 'SLUICE_STATUS_LANDING_LATE',
  SLUICE_DOCTOR_LOAD_FAILED: 'SLUICE_STATUS_INGEST_FAILED',
  SLUICE_DOCTOR_NO_TOPIC: 'SLUICE_STATUS_NO_TOPIC',
  SLUICE_DOCTOR_PARKED: 'SLUICE_STATUS_PARKED',
  SLUICE_DOCTOR_PARTITION_MISSING: 'SLUICE_STATUS_PARTITION_MISSING',
  SLUICE_DOCTOR_QUARANTINED: 'SLUICE_STATUS_QUARANTINED',
  SLUICE_DOCTOR_QUARANTINE_UNREAD: 'SLUICE_STATUS_UNREADABLE',
  SLUICE_DOCTOR_RELAY_REFUSED: 'SLUICE_STATUS_RELAY_REFUSED',
  SLUICE_DOCTOR_SOURCE_LATE: 'SLUICE_STATUS_INGEST_LATE',
  SLUICE_DOCTOR_STREAM_EXPIRING: 'SLUICE_STATUS_STREAM_EXPIRING',
  SLUICE_DOCTOR_STREAM_QUOTA_NEAR: 'SLUICE_STATUS_QUOTA_NEAR',
  SLUICE_DOCTOR_UNKNOWN_KEYS: 'SLUICE_STATUS_UNKNOWN_KEYS',
};

/** Something that was found: the terminal, JSON and the console show this object. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The part of the pipeline that it is about, if `sluice status` finds it; null of what only the doctor finds. */
  readonly part: FindingPart | null;
  /** The finding in a few words; null of what only the doctor finds. */
  readonly label: string | null;
  /** The details: which bucket, table or day; what was found and what was expected. */
  readonly detail: string;
  readonly cause: string;
  readonly cure: string;
  /** Commands that repair it or show more, ready to be pasted into a shell, for this deployment. Often none. */
  readonly commands: readonly string[];
  /** The section of docs/operate.md that goes through it; null without one. */
  readonly section: string | null;
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
  const { cause, cure, section, cheap: told, ...usual } = entries[code];
  return {
    ...{ code, severity: severity ?? usual.severity, part: told?.part ?? null, label: told?.label ?? null },
    ...{ cause, detail, cure, commands, section: section === undefined ? null : operateSections[section] },
  };
}

/** A check, or a part of one, cannot be made. The reason is a finding of its own. */
export class CheckImpossible extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(`${finding.code}: ${finding.detail}`);
    this.name = 'CheckImpossible';
    this.finding = finding;
  }
}
