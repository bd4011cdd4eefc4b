import { entriesOf } from './entry.ts';
import {
  BOUNDARY_CURE,
  DENIALS,
  DEPLOY_NOW,
  EXPIRED_CREDENTIALS,
  REFUSED_CREDENTIALS,
  UNSAID_WHO,
  WHO,
} from './wording.ts';

const { problem, unchecked, warning } = entriesOf(null);

/** Findings about what `sluice doctor` alone looks at: the account, the stack, its names, roles and readers. */
export const setupFindings = {
  SLUICE_FINDING_CREDENTIALS: problem('AWS cannot be asked with these credentials.', {
    expired: EXPIRED_CREDENTIALS,
    refused: REFUSED_CREDENTIALS,
    otherAccount: [
      'The configuration has `account`, and the credentials are of another.',
      'Set AWS_PROFILE to a profile of the configured account, and sign in (`aws sso login`).',
    ],
  }),
  SLUICE_FINDING_REGION_UNFIT: problem('The stack cannot be in this region.', {
    unknown: [
      'The region lacks a service that the stack needs, or there is none of this name.',
      'Choose one of the regions that docs/reference/configuration.md lists.',
    ],
    functionUrl: [
      'Lambda has no Function URLs in this region.',
      'Set `endpoint.kind` to http-api, and run the command again.',
    ],
    key: [
      'S3 encrypts with keys of its own region alone.',
      'Set `existing.keyArn` to a key of the region of the bucket, or name that region with --region.',
    ],
    logsKey: [
      'CloudWatch Logs encrypts with keys of its own region alone.',
      'Set `logs.kmsKeyArn` to a key of the region of the stack.',
    ],
    bucket: [
      'Functions, queries and the key work in one region.',
      'Name the region of the bucket with --region. If the stack is to be where it is, set `bucket` to one of that region.',
    ],
  }),
  SLUICE_FINDING_STACK_MISSING: problem(
    'There is no stack for this stage in this account and region.',
    'The command lists the stacks that are there. If one of them is meant, name its --stage; if none is, look at --region and AWS_PROFILE, and then deploy: `npx serverless deploy`.',
  ),
  SLUICE_FINDING_VERSION_DIFFERS: warning('The stack was deployed by another version of Sluice.', {
    earlier: [
      'The stack was deployed by an earlier version, or by one that names none.',
      `CHANGELOG.md says what changes. ${DEPLOY_NOW}`,
    ],
    later: [
      'The stack was deployed by a later version, of which this one does not know all.',
      'Install the version of the stack in place of this one.',
    ],
  }),
  SLUICE_FINDING_READER_REPLACED: warning(
    'The next deployment makes the role or user of a reader anew, with another ARN, and removes the present one: the reader is denied until its new values are entered.',
    'If that is not meant, set `as` and `iamName` of the reader as they were. If it is, deploy when the reader can be told: the detail has what to enter then.',
  ),
  SLUICE_FINDING_NAME_TAKEN: problem(
    'A name of the stack is taken by a resource outside of it or by the stack of another stage.',
    {
      reader: [
        'Another role or user of the stack has this name until the end of the deployment, and IAM does not tell names by case.',
        'Give the reader another `iamName`, deploy, and set the name that is wanted with the deployment after it.',
      ],
      bucket: [
        `The bucket is in this account, outside of the stack: a removed stack has left it, or somebody made it. ${WHO} CreateBucket.`,
        'To use it, set `existing.bucket`, and `existing.keyArn` or `encryption` (docs/remove.md, "Redeploying after `remove`"). If its objects are not of Sluice, choose another `bucket`.',
      ],
      foreignBucket: [
        'Names of buckets are global, and S3 denies this one: it is of another account, or these credentials lack `s3:GetBucketLocation`.',
        'The command prints the name if the bucket is of this account: allow `s3:GetBucketLocation` then. If it prints nothing, choose another name for the bucket in the configuration.',
      ],
      statsigBucket: [
        `The bucket for Statsig is in this account, outside of the stack: a removed stack has left it, or somebody made it. ${WHO} CreateBucket.`,
        'To use it, set `statsigBucket.existing`: its settings are yours then, and its policy is applied by hand. If it is not for Statsig, choose another `statsigBucket.bucket`.',
      ],
      ofReader: [
        `A reader is to have a bucket, database or workgroup of this name, and one is in this account, outside of the stack: a removed stack has left it, another stage has it, or somebody made it. ${WHO} CreateBucket, CreateDatabase, CreateWorkGroup.`,
        'Give the reader another name for it (`resultsBucket`, `ownDatabase`), or delete it if nobody needs it. To use a bucket, set `existingResultsBucket` of the reader; to use a workgroup, set `workgroup` of the reader.',
      ],
      database: [
        `The database is in this account, outside of the stack: a removed stack has left it, or somebody made it. ${WHO} CreateDatabase.`,
        'To use it, set `existing.database`, or `existing.stagingDatabase` for the one of staging (docs/deploy.md, "Bringing your own"). If its tables are not of Sluice, choose another name for it.',
      ],
      table: [
        'A removed source, or a removed or rolled back stack, has left the table: it describes files of the bucket.',
        'Run the command, then deploy at once: it deletes the description with its partitions, and no file. Within the hour the days of SDKs have partitions again. Of days of customers, `sluice status` then names those that lack one, with the command that makes it.',
      ],
      foreignTable: [
        `The database has a table or view of this name, whose files are not in the bucket: another stage has it, or somebody made it. ${WHO} CreateTable.`,
        'Choose another `database`, or other names (`tables`, `curatedTables`, of a dataset `table`). If nobody needs it, delete it.',
      ],
      workgroup: [
        `Somebody made a workgroup of this name, or another stage has it. ${WHO} CreateWorkGroup.`,
        'To use it, set `existing.workgroup` (docs/deploy.md, "Bringing your own"). If it is of another stage, choose another `athena.workgroup`.',
      ],
      identity: [
        `Somebody made a role or user of this name, or another stage has it. ${WHO} CreateRole, CreateUser.`,
        'Choose another `iamName` for the reader, or take it out: CloudFormation then makes a name.',
      ],
      domain: [
        `A stack has left the domain, which goes on taking events, or somebody made it. ${WHO} CreateDomainName.`,
        'If nobody uses it, run the command, deploy at once, and point its DNS record to the new output `DomainTarget`: until then requests to it fail. If it is in use, choose another `endpoint.domain`.',
      ],
      secret: [
        "A removed stack has left its keys' secret.",
        'Run the first commands of docs/remove.md, "Redeploying after `remove`": they keep its keys in a file, and delete it.',
      ],
      deletedSecret: [
        'The secret is scheduled for deletion, and Secrets Manager reserves the name until then.',
        'Run the command: it deletes the secret at once, with its keys.',
      ],
      logGroup: [
        'A removed stack has left the group, or a function has written once more after its removal.',
        'Run the command: it deletes the group with its lines.',
      ],
    },
  ),
  SLUICE_FINDING_DEPLOY_DENIED: problem("By IAM's simulator, a deployment would be denied.", {
    ...DENIALS,
    missing: ['No policy allows it.', 'Attach the policies that the command prints.'],
    passRole: [
      'No policy lets the caller pass this role to CloudFormation.',
      'Allow `iam:PassRole` on the role that the detail names to the caller.',
    ],
  }),
  SLUICE_FINDING_LAKE_FORMATION: warning(
    'Lake Formation is in use, and no grant is seen that lets these credentials make a database: CloudFormation then stops with `Required Create Database on Catalog`.',
    'Have a Lake Formation administrator run the command before the first deployment. docs/deploy.md, "Lake Formation", says what is granted after it.',
  ),
  SLUICE_FINDING_STACK_TOO_LARGE: problem(
    'The stack is larger than CloudFormation, IAM or another service takes: packaging refuses it.',
    {
      template: [
        'CloudFormation limits a template, and packaging refuses this one.',
        'Move some of what the detail says that it grows with into a second stage: docs/deploy.md, "Stages".',
      ],
      resource: [
        'AWS limits the policies and documents of a resource, and packaging refuses this one.',
        'Take some of what the detail says that it grows with out, or give it shorter names: names are most of the characters.',
      ],
    },
  ),
  SLUICE_FINDING_BOUNDARY_UNFIT: problem('The permissions boundary denies roles of the stack what they do.', {
    trial: [
      'It is the boundary of a trial, which allows only what has the name of a trial.',
      'Take `permissionsBoundary` out of the configuration of this stage, or name the one that your organization demands.',
    ],
    missing: [
      'The account has no policy of this ARN.',
      'Correct `permissionsBoundary`: `aws iam list-policies --scope Local` lists the ARNs of the account.',
    ],
    denies: ['It does not allow what these roles do.', BOUNDARY_CURE],
  }),
  SLUICE_FINDING_UNCHECKED: unchecked('This cannot be checked here.', {
    local: ['The local cloud does not have it.', 'Run the doctor on a deployment.'],
    caller: [
      "IAM's simulator takes the ARN of a role or a user alone.",
      'Run the doctor with a role or a user, and write the ARN of `iam.deploymentRole` in serverless.yml if it is a variable.',
    ],
    silent: [
      'AWS does not say it to these credentials.',
      'Run the doctor with credentials that may ask for what the title names.',
    ],
    many: [
      'The folder has more files than one look reads, and those that it read have none to tell.',
      "The command lists all of them: look for others than Sluice's own, whose names end with a time and a UUID.",
    ],
  }),
  SLUICE_FINDING_ENCRYPTION_DIFFERS: problem(
    'The stack or the existing bucket is encrypted otherwise than the configuration says: no role could read what lies there, or write to it. The deployment refuses it.',
    {
      stack: [
        'Encryption is chosen with the first deployment of a stage.',
        'Set the field as the title expects it. For another encryption deploy a stage with a bucket of its own: docs/platform.md, "Encryption".',
      ],
      bucket: [
        'The bucket encrypts with another key than the configuration names.',
        'Set `existing.keyArn` to the ARN of the key that the title names, and `encryption` to kms. If the title has its ID alone, `aws kms describe-key --key-id` with it prints the ARN.',
      ],
      changed: [
        `Somebody changed the default encryption of the bucket after the first deployment of the stage. ${WHO} PutBucketEncryption.`,
        'Set the default encryption of the bucket back to the key that the title says of the stack.',
      ],
      awsKey: [
        "Nobody can change the policy of AWS's own key for S3, so no role could use it.",
        "Have the bucket encrypt with a key of yours, or with S3's own keys (AES256).",
      ],
      alias: [
        'An alias is a key of the account that writes, and another one once it is moved.',
        'Have the bucket name its key by the ARN.',
      ],
    },
  ),
  SLUICE_FINDING_NAMES_UNKNOWN: warning(
    'Names that SDKs do not send are not known: of holdouts, which then count as groups, or of experiments of layers, which browsers hash.',
    {
      holdouts: [
        'SDKs do not say which gates are holdouts: until they are known, they count as groups.',
        'Run the command, which asks Statsig. Without its key: list them as `holdouts`, `[]` for none, and deploy.',
      ],
      unlisted: [
        'A gate that is true for one rule of an experiment alone is most often a holdout, which keeps its units out. Until its name is known, its rule counts as a group.',
        'If it is a holdout, add its name to `holdouts` of the configuration and deploy: views then leave its units out, also of earlier rows. If the gate overrides the experiment for somebody, nothing is to be done.',
      ],
      experiments: [
        'Browsers send the names of experiments of layers as hashes.',
        'Run the command, which asks Statsig. Without its key: list the names as `experiments`, and deploy.',
      ],
    },
  ),
  SLUICE_FINDING_DOMAIN_UNFIT: problem('Requests to the domain do not reach the gateway.', {
    updating: ['API Gateway changes it, which takes up to an hour.', 'Wait, and run the doctor again.'],
    status: [
      'API Gateway does not serve it, as the detail says.',
      'See that its certificate is ISSUED, for this name, and in the region of the stack: docs/platform.md, "A domain of your own".',
    ],
    certificate: [
      `The domain has another certificate than the configuration: somebody changed it, or the configuration is not deployed yet. ${WHO} UpdateDomainName.`,
      DEPLOY_NOW,
    ],
    unresolved: [
      'No DNS record of this name is seen from this machine.',
      'Make the DNS record, to the output `DomainTarget` of the stack: docs/platform.md, "A domain of your own".',
    ],
    elsewhere: [
      'The DNS record leads to another place, where the gateway does not answer the preflight of a browser, as seen from this machine.',
      'Point the record to the output `DomainTarget` of the stack (docs/platform.md, "A domain of your own"). If a proxy is to answer there, see that it passes on OPTIONS and `Host`.',
    ],
  }),
  SLUICE_FINDING_FORWARDED: warning(
    `Somebody else writes into the folders of the forwarded tables: queries read these rows too, and fail on a column that has another type there than in the table (HIVE_BAD_DATA). Statsig's own forwarding does if it has the names of these tables. ${UNSAID_WHO}`,
    'If Data Connection of Statsig forwards to this bucket, turn it off there, or set `tables` to other names. If it does not, have whoever writes there use another folder. Of each of the newest files one command copies it into this directory, and the next deletes it, with which its rows leave queries of the raw table: docs/platform.md says who may. Of a day that is curated already `SLUICE_FINDING_CURATE_KEPT` then has the command that lets the rows go there, too, and of an export `SLUICE_FINDING_EXPORT_KEPT`.',
  ),
  SLUICE_FINDING_READER_DENIED: problem(
    'A reader lacks a permission that it needs.',
    {
      ...DENIALS,
      missing: [
        `The policy of the reader does not allow it: somebody changed the policy, or the configuration is not deployed yet. ${WHO} PutRolePolicy, PutUserPolicy, CreatePolicyVersion.`,
        'Run the command. If it names the policy of the reader, it has the commands that set it back; if not, deploy.',
      ],
    },
    { section: 'readerDenied' },
  ),
  SLUICE_FINDING_QUOTA: warning(
    'A quota of the account is nearly exhausted, or another than the configuration says. Beyond the requests of API Gateway AWS answers 429, on which most SDKs drop events. Beyond the executions of Lambda the gateway answers 5xx, and a Function URL 429.',
    {
      gateway: [
        'The quota of API Gateway in this account is lower than the configuration says. Above it AWS answers 429, on which some SDKs drop events, and no alarm rings before.',
        'Ask AWS for the quota (docs/limits.md, "Ten times, a hundred times the traffic"). Until it is there, set `endpoint.accountRequestsPerSecond` and `endpoint.burst` to the numbers of the title, and deploy: alarms go by them.',
      ],
      raised: [
        'API Gateway takes more in this account than by default, and the stage goes by the default: above it the stage answers 429, on which some SDKs drop events.',
        'Set `endpoint.accountRequestsPerSecond` and `endpoint.burst` to the numbers of the account, and deploy. To hold the stage back, set `endpoint.requestsPerSecond` and `endpoint.burst`.',
      ],
      functionUrl: [
        'Lambda runs fewer collectors at once in this account than the configuration says. Above it AWS answers 429, on which some SDKs drop events, and no alarm rings before.',
        'Ask AWS for more concurrent executions. Until they are there, set `collector.accountConcurrency` to the number of the title, and deploy: alarms go by it.',
      ],
      reservation: [
        'The configuration reserves more executions for the collector than Lambda runs at once in this account: AWS refuses the deployment.',
        "Ask AWS for more concurrent executions. Until they are there, lower `collector.reservedConcurrency`, and deploy: Lambda keeps 100 of the account's executions for functions without a reservation.",
      ],
      executions: [
        'All functions of the account and region share its executions, and a new account has few. Without one the gateway answers 5xx, and no alarm rings before; a Function URL answers 429, and the alarms `concurrency` and `request-rate` ring at half of what the configuration says.',
        'Ask AWS for 1,000 or more: docs/deploy.md, "0. Check the account", has the command.',
      ],
    },
  ),
  SLUICE_FINDING_READER_ALLOWED: problem(
    `A reader has a permission that it must not have: somebody attached a policy that is not of the stack. ${WHO} AttachRolePolicy, PutRolePolicy, AttachUserPolicy, PutUserPolicy.`,
    "Take out of the policy that the title names what it allows too much. Where it names none: the policies of the role or user in IAM are the stack's own, and one more.",
  ),
} as const;
