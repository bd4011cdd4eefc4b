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

const DEPLOY = 'run `npx serverless deploy` with the same stage and region';
const NEW = `If it is new in the configuration or the release and no command is shown, ${DEPLOY}.`;
const CHANGED = `If the configuration or the release has changed since, ${DEPLOY}.`;
/** CloudFormation compares a new template with the last one, not with the resources. */
const BLIND = 'Redeploying does not revert manual changes.';

/** Everything that `sluice status` and `sluice doctor` can find. Codes are stable; none of them is thrown. */
export const findingCatalogue = {
  SLUICE_FINDING_CONFIGURATION: problem(
    'The configuration is not valid, or not for this stage, so nothing else can be checked.',
    'Correct the named field. docs/reference/errors.md has the cure of the code in the message.',
  ),
  SLUICE_FINDING_CREDENTIALS: problem(
    'AWS does not accept the credentials, none were found, or they are of another account than `account` in the configuration.',
    'Sign in (`aws sso login`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, of that account. For the local cloud: --local.',
  ),
  SLUICE_FINDING_REGION_UNFIT: problem(
    'The region lacks a service that the stack needs, or a resource is in another region: Firehose, Athena and the functions need the bucket in their own.',
    'Choose a region that docs/reference/configuration.md lists with `region` in the configuration or with --region, or change the named field.',
  ),
  SLUICE_FINDING_STACK_MISSING: problem(
    'There is no stack for this stage in this account and region.',
    'Deploy it, or choose another stage, region or account: --stage, --region, AWS_PROFILE.',
  ),
  SLUICE_FINDING_STACK_UNFINISHED: problem(
    'The last deployment is in progress or failed.',
    "If it is in progress, wait. If it failed, find the first failure in the stack's events in CloudFormation, correct its cause, run the command if one is shown, and deploy again.",
  ),
  SLUICE_FINDING_STACK_DIFFERS: problem(
    'The stack was deployed from another configuration.',
    `Check the configuration (SLUICE_CONFIG), then ${DEPLOY}.`,
  ),
  SLUICE_FINDING_VERSION_DIFFERS: warning(
    'The stack was deployed by another version of Sluice. By a later one, deploying this working tree would downgrade it, and the doctor compares it with what this version expects.',
    `Of an earlier one, CHANGELOG.md says what changes: ${DEPLOY}. Of a later one, use the working tree of that version or a later one.`,
  ),
  SLUICE_FINDING_NAME_TAKEN: problem(
    'A name of the stack is taken by a resource outside of it or by the stack of another stage.',
    'Choose another name or stage: the named value can depend on the stage (docs/deploy.md). Or use the existing resource (docs/deploy.md, "Bringing your own"). If a stack was removed before, or another stage was deployed with this name by mistake, read docs/remove.md, "Redeploying after `remove`" first. If a command is shown and nobody needs the resource, run it.',
  ),
  SLUICE_FINDING_LAKE_FORMATION: warning(
    'In this account, Lake Formation controls access to new databases and tables in addition to IAM. It denies the functions and readers what nobody grants.',
    'Deploy, then run what `npx sluice policy grants` prints, before you send events: docs/deploy.md, "Lake Formation".',
  ),
  SLUICE_FINDING_DEPLOY_DENIED: problem(
    'According to the IAM policy simulator, these credentials lack permissions that a deployment needs.',
    'Attach the policies that `npx sluice policy print --for deploy` prints. If they are attached, look for a permissions boundary, a service control policy or a Deny statement.',
  ),
  SLUICE_FINDING_UNCHECKED: {
    severity: 'unchecked',
    cause: 'This cannot be checked here.',
    cure: 'docs/aws.md says what only a first deployment tells. Run the doctor on a deployment for what the local cloud has not, and look up a quota in Service Quotas. The owner of a bucket of another account gets the page that the command makes.',
  },
  SLUICE_FINDING_RESOURCE_MISSING: problem(
    'A resource that the stack has, or that it uses, does not exist.',
    `${BLIND} If a command is shown, run it: of several, they compare the template with the resources, show the changes and apply them; read the output of the third before you run the last one. Rows of a table are files, which still exist. ${NEW} A key that is scheduled for deletion: keep it (\`aws kms cancel-key-deletion\`). For the local cloud: stop it and start it again.`,
  ),
  SLUICE_FINDING_BUCKET_UNFIT: problem(
    'The bucket is not as Sluice needs it: it is of another account, a setting is missing, or other objects are in folders of Sluice, which its lifecycle rules would delete.',
    'Set it with the command, which keeps every other statement and rule. Move objects of others first and run the doctor again. A bucket of another account: choose one of this account with `bucket` in the configuration.',
  ),
  SLUICE_FINDING_NAMES_UNKNOWN: warning(
    'Names that SDKs do not send are not known: of holdouts, which then count as one more group of each experiment, or of experiments of layers, which browsers send hashed.',
    'Run `npx sluice groups pull`, or list them in the configuration, as `holdouts` (`[]` for none) and `experiments`, and deploy. The views then apply it to existing rows, too.',
  ),
  SLUICE_FINDING_UNREADABLE: cheap(
    'deployment',
    'not readable',
    problem(
      'A part of the deployment could not be read, so it may have problems that are not listed.',
      'The detail has what AWS answered, or the permission that is missing: docs/observe.md and docs/doctor.md list them. Otherwise correct what other findings name, and ask again.',
    ),
  ),
  SLUICE_FINDING_KEY_UNUSABLE: {
    ...problem(
      'The key is disabled, or of a kind that S3 or Statsig cannot use. Then data can be neither written nor read.',
      'Enable it with the command. Of another kind: set a symmetric single-Region key with `existing.keyArn`, or none.',
    ),
    section: 'late',
  },
  SLUICE_FINDING_DRIFT: problem(
    'A setting of a resource differs from what was deployed. Somebody changed it, or the configuration is newer than the stack.',
    `${BLIND} Run the command; of several, the first three show what they change. ${CHANGED} Of a role or user without its permissions boundary: \`aws iam put-role-permissions-boundary\` or \`put-user-permissions-boundary\`.`,
  ),
  SLUICE_FINDING_TABLE_DIFFERS: problem(
    'A table or view differs from its definition. Rows go to quarantine, are read incorrectly, or are not found.',
    `${BLIND} Restore it with the commands: the data stays, and the next hourly run registers the days of a table that is created again. ${CHANGED}`,
  ),
  SLUICE_FINDING_PARTITION_WRONG: cheap(
    'partitions',
    'partition wrong',
    problem(
      'Days have files but no partition, or one with another folder or an earlier set of columns, so queries do not read their rows, or not all columns.',
      'Register them with the command; the next hourly run does so too. Drop partitions with another folder in Glue first. If they are missing again, look at the register queue and its dead letters.',
    ),
    'partitions',
  ),
  SLUICE_FINDING_PRIMARY_UNFIT: problem(
    'A workgroup that the stack does not make, `primary` for OWOX Data Marts or the `workgroup` of a reader, is disabled, or enforces a result location where the reader may neither write nor read.',
    'Change it with the command. This affects everyone who queries there; in `primary`, everyone in the account who sends no workgroup.',
  ),
  SLUICE_FINDING_DOMAIN_UNFIT: problem(
    'The domain is not available, has another certificate than configured, or its name does not lead to the gateway, seen from this machine. SDKs that post to it may lose events.',
    `Wait if it is UPDATING. Else look at the certificate in AWS Certificate Manager: it has to be ISSUED and for this name. Point the DNS record to the output \`DomainTarget\` (docs/platform.md); if a CDN, a proxy or the same domain in another region answers, this is as it should be. ${CHANGED}`,
  ),
  SLUICE_FINDING_STREAM_INACTIVE: problem(
    'A delivery stream does not accept records.',
    'If it is being created, wait. Otherwise check its log group, /aws/kinesisfirehose/<stream>, its role and its key.',
  ),
  SLUICE_FINDING_DEAD_LETTERS: {
    ...problem(
      'A dead-letter queue holds messages that could not be processed.',
      "The function's log has the error code. After you have corrected the cause, move the messages back with the command.",
    ),
    section: 'alarms',
  },
  SLUICE_FINDING_RELAY_LATE: cheap(
    'collector',
    'relay is late',
    warning(
      'Copies of requests have waited for more than an hour to be relayed. They are tried for six days and a half, and then put aside.',
      'Is the target reachable? `retried` in the log of `relay` says what it answers. If there are more copies than the function delivers, raise `relay.concurrency`: docs/relay.md, "Limits".',
    ),
    'relay',
  ),
  SLUICE_FINDING_RELAY_LEFT: problem(
    'Copies of requests are left under relay/, and the configuration has no `relay`: nothing delivers them, and nothing deletes them. They hold SDK keys.',
    'The command says what would be deleted; without `--dry-run` it deletes it. To have them delivered first, deploy `relay` again: docs/relay.md, "Turning it off".',
  ),
  SLUICE_FINDING_FORWARDED: warning(
    "Somebody else writes into the folders of the forwarded tables, most likely Statsig's own forwarding. Queries read these files as rows of Sluice. With relay to Statsig, events are in one table twice.",
    "Turn Statsig's forwarding off, or give its tables other names in Data Connection: `npx sluice connect statsig` prints some. If it has to keep them, give Sluice other names with `tables` and deploy. Then move the named files elsewhere. Files that you put there on purpose may stay: the finding goes seven days later. docs/why.md says what each way delivers.",
  ),
  SLUICE_FINDING_SOURCE_UNREADABLE: cheap(
    'drops',
    'drop cannot be listed',
    problem(
      "The last attempt to list a dataset's folder failed.",
      'docs/ingest.md, "Alarms", says what to do for each code. Then run `npx sluice ingest run`.',
    ),
    'drops',
  ),
  SLUICE_FINDING_INGEST_LATE: cheap(
    'drops',
    'drop is late',
    problem(
      'A drop has not arrived by the time it is expected, its folder was not listed within its schedule, or no day of its lookback has files.',
      'Ask whoever delivers it, and compare `folder`, `dayFormat` and `expectedBy` with the keys of the files. If it is new, wait for the schedule or run `npx sluice ingest run`. If it was not listed, look at the log of `ingest-plan` and its queues.',
    ),
    'drops',
  ),
  SLUICE_FINDING_READER_DENIED: problem(
    'A reader, or the role of `ingest-load`, lacks a permission that it needs, for queries of curated days before `curate: true` also.',
    'Deploy if the stack makes it. Else look for a permissions boundary, a service control policy or a Deny statement, or print its policy again and have it applied (docs/readers.md).',
  ),
  SLUICE_FINDING_LOAD_STUCK: cheap(
    'drops',
    'load takes too long',
    problem(
      'Athena has worked on a day of a dataset for more than three hours. Queries still read the previous version.',
      'The command shows the step and its execution, and docs/large-days.md, "When Athena fails or does not end", says what to do. If AWS has raised your quota for the time of a statement, it may need the time.',
    ),
    'drops',
  ),
  SLUICE_FINDING_RECEIPTS_FAILED: cheap(
    'drops',
    'receipts failed',
    warning(
      "A customer's bucket did not take the receipt of a day. The load itself is done, and the day's next load has a receipt again.",
      'docs/reference/errors.md says what to do for the code. Then `sluice ingest backfill` writes it.',
    ),
    'drops',
  ),
  SLUICE_FINDING_FILES_LEFT_OUT: cheap(
    'drops',
    'files left out',
    warning(
      'Days of a dataset were loaded without objects that may have been meant to be loaded.',
      'The command names each object and the reason; docs/ingest.md, "What is left out", explains the reasons. Deliver them as Parquet files, or ask whoever delivers them to write them elsewhere.',
    ),
    'drops',
  ),
  SLUICE_FINDING_CURATE_STALE: problem(
    'Views read curated days whose raw files have changed since, or whose own files were deleted: rows are missing from their answers. The raw rows are still there.',
    'If a file has just arrived, run the doctor again in five minutes. The command curates the days again. If it happens again, look at the log of `curate-plan`, its queue and its dead letters, or find out who deleted the files; docs/curated.md says how to delete them safely.',
  ),
  SLUICE_FINDING_CURATE_LATE: cheap(
    'partitions',
    'days wait to be curated',
    problem(
      'Days that should be curated are not: they were never queued, wait for more than a day, or have no room in the text of a view. Views read their raw rows: no answer is wrong, but queries read more.',
      'The command queues them now, or says why. If the stage is new, wait for the night, 00:20 UTC. Otherwise look at the logs, queues and dead letters of `curate-plan` and `curate`. docs/curated.md, "What views read".',
    ),
    'curated',
  ),
  SLUICE_FINDING_QUOTA: warning(
    'A quota of the account is nearly exhausted, lower than the default, or lower than the configuration says. Above the limits of API Gateway or a Function URL, AWS answers 429, on which some SDKs drop events.',
    "Request an increase (docs/limits.md), or set `endpoint.accountRequestsPerSecond`, `endpoint.burst` or `collector.accountConcurrency` to the account's numbers and deploy: alarms go by them.",
  ),
  SLUICE_FINDING_READER_ALLOWED: problem(
    'A reader has a permission that it must not have.',
    'Remove the policy that grants it. The stack grants none of these permissions.',
  ),
  SLUICE_FINDING_LANDING_LATE: cheap(
    'streams',
    'landing waits',
    problem(
      'Objects have waited in landing/ for more than 20 minutes to become files of tables. Nothing is lost.',
      'The log of the function `write` says why: docs/reference/errors.md has the cure of each code. Messages that failed ten times are dead letters. The command sends them again.',
    ),
    'landing',
  ),
  SLUICE_FINDING_DAMAGED: cheap(
    'streams',
    'damaged objects',
    problem(
      'Objects of the landing could not be read to their end. Rows before the damage are in tables.',
      'Look for a whole version of the object among the noncurrent ones of landing/, and copy it back; else delete the object once you know what it was.',
    ),
    'damaged',
  ),
  SLUICE_FINDING_STREAM_LATE: cheap(
    'streams',
    'delivers late',
    problem(
      'A stream delivers late. Firehose drops records 24 hours after it has accepted them.',
      "Read the stream's log group with the command, and correct its role, the bucket, the key or the table before the hours are over. If that is not possible, move the stream to a rescue bucket.",
    ),
    'late',
  ),
  SLUICE_FINDING_QUOTA_NEAR: cheap(
    'streams',
    'near its quota',
    warning(
      'A stream is near its quota, or above it. Requests that it does not accept become objects of landing/.',
      'Raise `streams`, or ask AWS for a higher quota. Firehose also raises the limit of a stream that is throttled by itself: docs/limits.md, "Requests a second".',
    ),
    'overflow',
  ),
  SLUICE_FINDING_NOT_STORED: cheap(
    'collector',
    'requests answered 503',
    problem(
      'Requests of the last hour were answered 503: neither Firehose nor the bucket stored them, or the collector was not able to. SDKs send them again.',
      'Look at the refusals with the command. Correct the role, the bucket or its key; the detail has the cure of other codes.',
    ),
    'failed',
  ),
  SLUICE_FINDING_REFUSED: cheap(
    'collector',
    'requests refused',
    problem(
      'Requests of the last hour were refused with 4xx. SDKs do not send them again.',
      'The detail has the codes, with the key label and the SDK where they are known. The first command shows the requests; docs/answers.md has each code.',
    ),
    'refused',
  ),
  SLUICE_FINDING_NO_KEY: cheap(
    'collector',
    'no key may send',
    problem(
      "No key may send events: the configuration and the keys' secret list none. Every request is answered 401, and its events are lost.",
      'Add the key that the app sends with the command, which reads it from stdin: docs/keys.md. Collectors accept it within half a minute.',
    ),
    'refused',
  ),
  SLUICE_FINDING_SILENT: cheap(
    'collector',
    'no events come in',
    warning(
      'No request came within the last hour, and events came before.',
      'If that is unusual at this hour, look at the app, its address and its last release.',
    ),
    'silent',
  ),
  SLUICE_FINDING_QUARANTINED: cheap(
    'collector',
    'rows in quarantine',
    warning(
      'Events that were received within 24 hours are in quarantine.',
      'The first command shows why, with the cure of each reason. Once it is corrected, the others say what would be delivered.',
    ),
    'quarantine',
  ),
  SLUICE_FINDING_INGEST_FAILED: cheap(
    'drops',
    'days failed',
    problem(
      "Days of a customer's dataset could not be loaded. Queries still read the previous version.",
      'The command names the file and the reason; docs/ingest.md says what to do.',
    ),
    'drops',
  ),
  SLUICE_FINDING_EXPORT_FAILED: cheap(
    'drops',
    'export failed',
    problem(
      "Days of a table could not be exported to the customer's bucket.",
      'The command shows the reason; docs/export.md, "When an export fails", says what to do.',
    ),
    'exports',
  ),
  SLUICE_FINDING_CURATE_FAILED: cheap(
    'partitions',
    'days not curated',
    problem(
      'Days could not be curated. Views read their raw rows: no answer is wrong, but queries read more.',
      'The first command says why: docs/curated.md, "When a day is not curated". The plan tries these days again every night; the second command does so now.',
    ),
    'curated',
  ),
  SLUICE_FINDING_RELAY_REFUSED: cheap(
    'collector',
    'refused by the target of relay',
    problem(
      'The target of relay refused copies of requests for good, or did not take them within six days and a half. They are deleted when they are eleven days old.',
      'docs/relay.md, "What was refused", has the likely cause of each reason. Correct it. The second command then says what would be sent again; without `--dry-run` it sends them.',
    ),
    'relay',
  ),
  SLUICE_FINDING_ALARM: cheap(
    'deployment',
    'alarms are on',
    problem('Alarms are on.', 'docs/operate.md, "Which alarm, which section", has the section of each.'),
    'alarms',
  ),
  SLUICE_FINDING_NO_TOPIC: cheap(
    'deployment',
    'alarms notify nobody',
    warning(
      'The alarms notify nobody.',
      'Set `alarms.topicArn` in sluice.config.ts to the ARN of an SNS topic, and deploy: docs/metrics.md.',
    ),
  ),
  SLUICE_FINDING_FAULTS: cheap(
    'deployment',
    'faults are set',
    warning('Faults are set in the local cloud: it fails on purpose.', 'Remove them with the command.'),
  ),
} as const satisfies Readonly<Record<ErrorCode, Entry>>;

/** A stable code of a finding. */
export type FindingCode = keyof typeof findingCatalogue;

const entries: Readonly<Record<FindingCode, Entry>> = findingCatalogue;

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
