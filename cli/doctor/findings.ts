import type { ErrorCode, ErrorEntry } from '../../lib/base/errors.ts';

/**
 * `problem`: something doesn't work or is not safe, or nobody could look. `warning`: it works, and better could be
 * done. `unchecked`: there is nothing to look at here, as of the local cloud.
 */
export type Severity = 'problem' | 'warning' | 'unchecked';

interface Entry extends ErrorEntry {
  readonly severity: Severity;
}

const problem = (cause: string, cure: string): Entry => ({ severity: 'problem', cause, cure });
const warning = (cause: string, cure: string): Entry => ({ severity: 'warning', cause, cure });

const DEPLOY = '`npx serverless deploy`, with the stage and region you look at';
const NEW = `If it is new in the configuration or the release, and no command is shown: ${DEPLOY}.`;
const CHANGED = `If the configuration or the release changed since: ${DEPLOY}.`;
/** CloudFormation compares templates with each other, not with what is there. */
const BLIND = 'Deploying again does nothing about what was done by hand.';
/** What CloudFormation can compare with the template, when it is told to: mendStack.ts. */
const COMPARE =
  'The commands have CloudFormation compare its template with what is there, show what it would do, and do it: read the third before the last. Of the local cloud: stop it and start it again.';
const REMADE = `${BLIND} ${COMPARE} ${NEW}`;
const TABLE_SET_BACK = `${BLIND} Set it back with the command. ${CHANGED}`;
const SET_BACK = `${BLIND} ${COMPARE} ${CHANGED}`;

/** Everything that `sluice doctor` can find. Codes are stable. */
export const doctorFindings = {
  SLUICE_DOCTOR_CONFIGURATION: problem(
    'The configuration is not valid, and nothing else can be looked at.',
    'Mend the named field.',
  ),
  SLUICE_DOCTOR_CREDENTIALS: problem(
    'AWS does not accept the credentials, or there are none.',
    'Sign in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. For the local cloud: --local.',
  ),
  SLUICE_DOCTOR_CLOCK_OFF: problem(
    "This machine's clock and AWS's differ: from five minutes on AWS refuses what it signs.",
    'Set the clock by NTP. Of a local cloud whose clock was moved: POST {"real":true} to /_sluice/clock.',
  ),
  SLUICE_DOCTOR_REGION_UNFIT: problem(
    'The region lacks something that the stack needs, or something that is brought is in another region.',
    'Choose one of lib/schema/regions.ts: `region` in the configuration, or --region. Or change the named field.',
  ),
  SLUICE_DOCTOR_STACK_MISSING: problem(
    'There is no stack of this stage in this account and region.',
    'Deploy it, or look elsewhere: --stage, --region, AWS_PROFILE.',
  ),
  SLUICE_DOCTOR_STACK_UNFINISHED: problem(
    'The last deployment is under way or did not succeed.',
    "Wait for it where it is under way. Else look at the stack's events in CloudFormation for the first failure, mend that, run the command if there is one, and deploy again.",
  ),
  SLUICE_DOCTOR_STACK_DIFFERS: problem(
    'What is deployed was made from another configuration.',
    `Look at the configuration (SLUICE_CONFIG), then deploy: ${DEPLOY}.`,
  ),
  SLUICE_DOCTOR_NAME_TAKEN: problem(
    'A name that the stack gives to something new is taken: CloudFormation would stop there and roll back.',
    'Choose another name or stage, or bring what is there (docs/deploy.md, "Bringing your own"). If a stack was removed before: docs/deploy.md, "Deploying anew after `remove`". If there is a command and nobody needs the thing, run it.',
  ),
  SLUICE_DOCTOR_LAKE_FORMATION: warning(
    'In this account Lake Formation decides about new databases and tables, besides IAM: the streams and the registrar will be refused.',
    'Deploy, then grant what docs/deploy.md, "Lake Formation", lists, before you send events.',
  ),
  SLUICE_DOCTOR_DEPLOY_DENIED: problem(
    'Whoever asks may not do what a deployment needs, as IAM simulates it.',
    'Attach the policies that `npx sluice policy print --for deploy` prints. If they are attached: look for a permissions boundary, a service control policy or a Deny.',
  ),
  SLUICE_DOCTOR_NOT_SIMULATED: {
    severity: 'unchecked',
    cause: 'No simulator knows this; the first deployment shows it.',
    cure: 'docs/aws.md, "What only a first deployment tells", says what each failure looks like and what to do.',
  },
  SLUICE_DOCTOR_BUCKET_MISSING: problem(
    'The bucket is not there.',
    `${BLIND} Where the stack made it: ${COMPARE} Where it was brought, make it with the command and run the doctor again, which prints what else it needs. What was in it is gone.`,
  ),
  SLUICE_DOCTOR_BUCKET_REGION: problem(
    'The bucket is in another region than the stack: Firehose, Athena and the functions expect it in theirs.',
    'Deploy to the region of the bucket, or name another bucket.',
  ),
  SLUICE_DOCTOR_BUCKET_NOT_OURS: problem(
    "The bucket is another account's, or may not be read.",
    'Name a bucket of this account: `bucket` in the configuration. Bucket names are global.',
  ),
  SLUICE_DOCTOR_BUCKET_EVENTS: problem(
    'The bucket sends no events to EventBridge.',
    'Turn them on with the command.',
  ),
  SLUICE_DOCTOR_BUCKET_ENCRYPTION: problem(
    'The bucket does not encrypt with the key by default.',
    'Set it with the command; what is there already stays as it is encrypted.',
  ),
  SLUICE_DOCTOR_BUCKET_POLICY: problem(
    "The bucket's policy lets requests in that use no TLS.",
    'Set it with the command, which keeps every other statement.',
  ),
  SLUICE_DOCTOR_BUCKET_LIFECYCLE: problem(
    'Lifecycle rules are missing, or others than the configuration asks for.',
    'Set them with the command, which keeps every other rule.',
  ),
  SLUICE_DOCTOR_BUCKET_SHARED: problem(
    'Other things lie in our folders of the brought bucket, and our lifecycle rules, which are missing, would let them go.',
    'Move them elsewhere and run the doctor again, which then prints the command; or bring another bucket. Everything works without the rules, but nothing goes by itself.',
  ),
  SLUICE_DOCTOR_BUCKET_PUBLIC: problem(
    'The bucket could be made public.',
    'Block public access with the command.',
  ),
  SLUICE_DOCTOR_BUCKET_OWNERSHIP: problem(
    'Objects may belong to whoever wrote them.',
    'Set the ownership with the command.',
  ),
  SLUICE_DOCTOR_BUCKET_VERSIONING: warning(
    'The bucket keeps no versions of state.',
    'Turn versioning on with the command.',
  ),
  SLUICE_DOCTOR_HOLDOUTS_UNKNOWN: warning(
    'SDKs send holdouts like any other gate, so nobody knows which units are held out: they count as one more group of each experiment.',
    "Run `npx sluice groups pull`, or list the names of all holdouts in the configuration, `holdouts: ['spring_holdout']` (`[]` if there are none), and deploy. The views also apply it to rows that landed before (docs/statsig.md).",
  ),
  SLUICE_DOCTOR_KEY_MISSING: problem(
    'The key is not there, or about to be deleted: without it nobody reads the data.',
    'Keep it (`aws kms cancel-key-deletion`), or name another: `existing.keyArn`.',
  ),
  SLUICE_DOCTOR_KEY_DISABLED: problem(
    'The key is disabled: nothing can be written or read.',
    'Enable it with the command.',
  ),
  SLUICE_DOCTOR_KEY_UNFIT: problem(
    'The key is not symmetric, not for encryption, or of many regions, which S3 or Statsig cannot use.',
    'Bring a symmetric key of one region: `existing.keyArn`; or none, and the stack makes one.',
  ),
  SLUICE_DOCTOR_KEY_UNROTATED: warning(
    'The key is never rotated.',
    'Turn rotation on with the command: it costs nothing to readers.',
  ),
  SLUICE_DOCTOR_KEY_POLICY: problem(
    "The key's policy neither leaves the say to IAM nor lets these roles in.",
    "Add to its policy a statement that allows the account's root `kms:*`, or these roles kms:Decrypt and kms:GenerateDataKey.",
  ),
  SLUICE_DOCTOR_DATABASE_MISSING: problem(
    'The Glue database is not there.',
    `${BLIND} Make it with the command, then run the doctor again for its tables. ${NEW}`,
  ),
  SLUICE_DOCTOR_TABLE_MISSING: problem(
    'A table is not there.',
    `${BLIND} Make it with the command: its rows are files and still there, and the next daily run registers their days. ${NEW}`,
  ),
  SLUICE_DOCTOR_TABLE_COLUMNS: problem(
    "A table's columns differ from those that are written: rows go to quarantine, or are read wrongly.",
    TABLE_SET_BACK,
  ),
  SLUICE_DOCTOR_TABLE_COMMENTS: warning(
    'Comments of a table differ: readers show them beside its columns.',
    TABLE_SET_BACK,
  ),
  SLUICE_DOCTOR_TABLE_PARTITION_KEY: problem(
    'A table is partitioned by something else than the day: no partition can be registered.',
    'Drop it and make it anew with the commands: the data stays, and the next daily run registers its days. Deploying makes no table again that was dropped by hand.',
  ),
  SLUICE_DOCTOR_TABLE_LOCATION: problem(
    'A table lies elsewhere than where its rows are written.',
    TABLE_SET_BACK,
  ),
  SLUICE_DOCTOR_TABLE_FORMAT: problem('A table is not read as the Parquet that is written.', TABLE_SET_BACK),
  SLUICE_DOCTOR_VIEW_MISSING: problem('A view is not there.', `${BLIND} Make it with the command. ${NEW}`),
  SLUICE_DOCTOR_VIEW_DIFFERS: problem('A view is another than that of lib/views.', TABLE_SET_BACK),
  SLUICE_DOCTOR_PARTITION_MISSING: problem(
    'Days have files and no partition: their rows are not read.',
    'Files of the last minute may still be on their way. Else look at the register queue and its dead letters; the next daily run at 00:05 UTC registers them.',
  ),
  SLUICE_DOCTOR_PARTITION_EMPTY: warning(
    'Days have a partition and no files: nothing came, or what came has expired or was deleted.',
    'Nothing, unless rows are missed: then look for who deleted them.',
  ),
  SLUICE_DOCTOR_PARTITION_MISPLACED: problem(
    "Partitions point elsewhere than to their day's folder: its rows are not read.",
    'Drop them in Glue: the next daily run registers them where the files are.',
  ),
  SLUICE_DOCTOR_PARTITION_STALE: problem(
    'Partitions have the columns that their table had before.',
    'The next daily run at 00:05 UTC brings them along.',
  ),
  SLUICE_DOCTOR_WORKGROUP_MISSING: problem(
    'The Athena workgroup is not there.',
    `${REMADE} One that was brought is made in Athena.`,
  ),
  SLUICE_DOCTOR_WORKGROUP_DISABLED: problem(
    'The Athena workgroup is disabled: nobody can query.',
    'Enable it with the command.',
  ),
  SLUICE_DOCTOR_WORKGROUP_RESULTS: problem(
    'Results go elsewhere than to query-results/ in the bucket, where readers may read them and they expire.',
    'Set the location with the command.',
  ),
  SLUICE_DOCTOR_WORKGROUP_ENCRYPTION: problem(
    'Results are not encrypted with the key, or not at all.',
    'Set it with the command; what is there already stays as it is.',
  ),
  SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED: problem(
    "Clients may override the workgroup's settings, result location and encryption first of all.",
    'Enforce them with the command.',
  ),
  SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF: warning(
    'A query of the workgroup may scan any amount, and cost it.',
    'Limit it with the command.',
  ),
  SLUICE_DOCTOR_PRIMARY_DISABLED: problem(
    'The workgroup `primary` is disabled, and OWOX Data Marts, which sends no workgroup, queries in that one.',
    'Enable it with the command: it is for everyone in the account who names no workgroup.',
  ),
  SLUICE_DOCTOR_PRIMARY_ENFORCED: problem(
    'The workgroup `primary` enforces its own result location: OWOX Data Marts, which sends no workgroup, may neither write nor read there.',
    'Let clients say where results go, with the command: it is for everyone in the account who names no workgroup.',
  ),
  SLUICE_DOCTOR_STREAM_MISSING: problem('A delivery stream is not there: what is for it overflows.', REMADE),
  SLUICE_DOCTOR_STREAM_INACTIVE: problem(
    'A delivery stream takes no records, or not yet.',
    'Wait while it is created; else look at its log group, /aws/kinesisfirehose/<stream>, and at its role and key.',
  ),
  SLUICE_DOCTOR_STREAM_DIFFERS: problem('A delivery stream is set up otherwise than configured.', SET_BACK),
  SLUICE_DOCTOR_QUEUE_MISSING: problem('A queue is not there.', REMADE),
  SLUICE_DOCTOR_DEAD_LETTERS: problem(
    'Messages were set aside that could not be worked off.',
    "The function's log says why, by code. Once that is mended, start moving them back with the command.",
  ),
  SLUICE_DOCTOR_SOURCE_UNREADABLE: problem(
    "A dataset's folder could not be listed when it was looked at last.",
    'docs/ingest.md, "Alarms", says for each code what to do. Then: `npx sluice ingest run`.',
  ),
  SLUICE_DOCTOR_SOURCE_UNSEEN: warning(
    'A dataset was not looked at for longer than its schedule.',
    'Of a new one: wait for the schedule, or `npx sluice ingest run`. Else look at the log of the function ingest-plan and at its queues.',
  ),
  SLUICE_DOCTOR_SOURCE_STOPPED: warning(
    'No day of the lookback of a dataset has files.',
    'Compare `folder` and `dayFormat` with where they are dropped, or ask whoever drops them.',
  ),
  SLUICE_DOCTOR_SOURCE_LATE: problem(
    'A drop has not come by the time it is expected.',
    'Ask whoever drops it. If it is never that early, change `expectedBy` of the dataset and deploy. Once it is there: `npx sluice ingest run`.',
  ),
  SLUICE_DOCTOR_LOAD_FAILED: problem(
    'Days of a dataset could not be loaded: queries see what they saw before.',
    '`npx sluice ingest explain` names the file and why, docs/ingest.md what to do.',
  ),
  SLUICE_DOCTOR_FILES_LEFT_OUT: warning(
    'Days of a dataset were loaded without objects that look as if they were meant to be loaded.',
    '`npx sluice ingest explain` names each and why, docs/ingest.md, "What is left out", what the reasons mean. Drop them as Parquet files, or ask whoever drops them to write them elsewhere.',
  ),
  SLUICE_DOCTOR_EXPORT_FAILED: problem(
    "Days of a table could not be brought up to date in the customer's bucket.",
    '`npx sluice export status` says why, docs/export.md, "When an export fails", what to do.',
  ),
  SLUICE_DOCTOR_REQUEST_LIMIT: problem(
    'API Gateway takes fewer requests in this account than the configuration says: it answers 429, after which some SDKs drop events, before the alarm `stage-limit` rings.',
    "Ask AWS for more (docs/limits.md), or set `endpoint.accountRequestsPerSecond` and `endpoint.burst` to the account's numbers and deploy.",
  ),
  SLUICE_DOCTOR_QUOTA_LOW: warning(
    'A quota of the account is lower than the default, or than what is configured needs.',
    'Ask AWS for more in Service Quotas.',
  ),
  SLUICE_DOCTOR_QUOTA_NEAR: warning('A quota is nearly used up.', 'Ask AWS for more in Service Quotas.'),
  SLUICE_DOCTOR_QUOTA_UNKNOWN: {
    severity: 'unchecked',
    cause: 'Service Quotas lists no quota of this name here.',
    cure: 'Look for it in Service Quotas: docs/limits.md says what it must be enough for.',
  },
  SLUICE_DOCTOR_READER_MISSING: problem(
    'A configured reader has no role or user.',
    `It is not in the stack: ${DEPLOY}.`,
  ),
  SLUICE_DOCTOR_READER_DENIED: problem(
    'A reader may not do what it needs.',
    'Look for what takes it away: its policies, a permissions boundary, a service control policy. docs/readers.md lists what it needs.',
  ),
  SLUICE_DOCTOR_READER_ALLOWED: problem(
    'A reader may do what it must not.',
    'Take away whichever policy gives it: the stack gives none of this.',
  ),
  SLUICE_DOCTOR_NOT_ALLOWED: problem(
    'This could not be looked at: a permission is missing.',
    'Allow it to whoever runs the doctor; docs/doctor.md lists all that it needs.',
  ),
  SLUICE_DOCTOR_FAILED: problem(
    'This could not be looked at: AWS answered otherwise than expected.',
    'Look at the detail; run it again when AWS was only busy.',
  ),
  SLUICE_DOCTOR_NOT_EMULATED: {
    severity: 'unchecked',
    cause: 'The local cloud has nothing of the kind.',
    cure: 'Run the doctor on what is deployed.',
  },
  SLUICE_DOCTOR_NO_READERS: {
    severity: 'unchecked',
    cause: 'No reader is configured, so there is none to try.',
    cure: 'Name Statsig, OWOX Data Marts or Metabase in `readers`: docs/readers.md.',
  },
  SLUICE_DOCTOR_SKIPPED: {
    severity: 'unchecked',
    cause: 'Another check must pass before.',
    cure: 'Mend that first.',
  },
} as const satisfies Readonly<Record<ErrorCode, Entry>>;

/** A stable code of a finding. */
export type FindingCode = keyof typeof doctorFindings;

/** One thing that a check found. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The thing at hand: which bucket, table, day; what came and what was expected. */
  readonly detail: string;
  readonly cause: string;
  readonly cure: string;
  /** Commands that mend it, ready to be pasted into a shell. Often none. */
  readonly commands: readonly string[];
}

/** A finding of a code: its cause and cure, and the thing at hand. */
export function finding(code: FindingCode, detail: string, commands: readonly string[] = []): Finding {
  return { code, ...doctorFindings[code], detail, commands };
}

/** What keeps a check, or a part of one, from looking. It is a finding of its own. */
export class CheckImpossible extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(`${finding.code}: ${finding.detail}`);
    this.name = 'CheckImpossible';
    this.finding = finding;
  }
}
