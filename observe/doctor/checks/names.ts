import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeDeliveryStreamCommand } from '@aws-sdk/client-firehose';
import { GetDatabaseCommand, GetTableCommand } from '@aws-sdk/client-glue';
import { ListAliasesCommand } from '@aws-sdk/client-kms';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { resources as templateResources } from '../../../infra/resources.ts';
import { unusedFunctions } from '../../../infra/serverless/requirements.ts';
import { valueAt } from '../../../lib/base/json.ts';
import { functionNames } from '../../../lib/config/functionConfig.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { CheckImpossible, type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';
import { bucket } from './bucket.ts';
import { readDatabase } from './catalog.ts';
import { unfinishedWords } from './stack.ts';

/** Pages of 100 aliases. */
const MOST_ALIAS_PAGES = 20;

/** A name that the stack gives to a resource. */
interface StackName {
  readonly type: string;
  readonly name: string;
  /** Glue database of a table. */
  readonly database?: string;
}

/** Where the template has the name of a resource, for types that a removed stack retains or others can create. */
const NAME_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['AWS::S3::Bucket', ['BucketName']],
  ['AWS::Glue::Database', ['DatabaseInput', 'Name']],
  ['AWS::Glue::Table', ['TableInput', 'Name']],
  ['AWS::Athena::WorkGroup', ['Name']],
  ['AWS::SecretsManager::Secret', ['Name']],
  ['AWS::KMS::Alias', ['AliasName']],
  ['AWS::Logs::LogGroup', ['LogGroupName']],
  ['AWS::KinesisFirehose::DeliveryStream', ['DeliveryStreamName']],
  ['AWS::SQS::Queue', ['QueueName']],
]);

/** Names that must be free for a deployment. */
export const names: Check = {
  name: 'names',
  expects:
    'the names that the stack gives are free or its own, and existing resources that it uses are there',
  needs: ['region'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_NAME_TAKEN',
    'SLUICE_DOCTOR_STACK_UNFINISHED',
    'SLUICE_DOCTOR_RESOURCE_MISSING',
    ...bucket.codes,
  ],
  permissions: [
    'cloudformation:DescribeStacks',
    'cloudformation:ListStackResources',
    's3:ListBucket',
    's3:GetBucketLocation',
    'glue:GetDatabase',
    'glue:GetTable',
    'athena:GetWorkGroup',
    'secretsmanager:DescribeSecret',
    'kms:ListAliases',
    'logs:DescribeLogGroups',
    'firehose:DescribeDeliveryStream',
    'sqs:GetQueueUrl',
  ],
  async run(doctor) {
    const config = await doctor.config();
    const deployed = await deployedStack(doctor);
    const findings: Finding[] = [...deployed.findings];
    if (config.existing.bucket) findings.push(...(await bucket.run(doctor)));
    if (config.existing.database && !(await readDatabase(doctor)))
      findings.push(finding('SLUICE_DOCTOR_RESOURCE_MISSING', `${config.database}, an existing database.`));
    const wanted = stackNames(config, doctor.stack).filter(({ name }) => !deployed.names.has(name));
    const taken = await checkEach(
      wanted,
      async (one) => judgeName(doctor, one),
      (impossible) => impossible.finding,
    );
    return [...findings, ...taken];
  },
};

/** The names of the resources that a configuration's stack creates. */
function stackNames(config: Config, stack: DoctorContext['stack']): readonly StackName[] {
  const { Resources } = templateResources({ config, ...stack });
  const made = Object.values(Resources).flatMap(({ Type, Properties }): StackName[] => {
    const path = NAME_OF.get(Type);
    const name = path === undefined ? undefined : valueAt(Properties, path);
    if (typeof name !== 'string') return [];
    // If the name of the database is free, so are the names of its tables.
    if (Type !== 'AWS::Glue::Table') return [{ type: Type, name }];
    return config.existing.database ? [{ type: Type, name, database: config.database }] : [];
  });
  const unused = new Set(unusedFunctions(config));
  const groups = functionNames
    .filter((one) => !unused.has(one))
    .map((one) => ({
      type: 'AWS::Logs::LogGroup',
      name: `/aws/lambda/${stack.service}-${stack.stage}-${one}`,
    }));
  return [...made, ...groups];
}

/** The names that a stack of this name already has, and whether it can be deployed to. */
async function deployedStack(doctor: DoctorContext) {
  const { cloudFormation } = await doctor.clients();
  const StackName = doctor.stackName;
  try {
    const { Stacks: [found] = [] } = await doctor.ask('cloudformation:DescribeStacks', () =>
      cloudFormation.send(new DescribeStacksCommand({ StackName })),
    );
    if (found === undefined) return { findings: [], names: new Set<string>() };
    const words = doctor.isLocal ? undefined : unfinishedWords(found);
    const findings =
      words === undefined
        ? []
        : [
            finding('SLUICE_DOCTOR_STACK_UNFINISHED', `${StackName} is ${found.StackStatus}.`, [
              await doctor.command(words),
            ]),
          ];
    const resources = [...(await doctor.resources()).values()];
    return { findings, names: new Set(resources.map(({ physicalId, type }) => nameOf(type, physicalId))) };
  } catch (error) {
    // CloudFormation has no specific error for a stack that does not exist.
    if (!isAwsError(error, 'ValidationError')) throw error;
    return { findings: [], names: new Set<string>() };
  }
}

/** The name in a physical ID: that of a queue is its URL, that of a secret its ARN. */
function nameOf(type: string, physicalId: string): string {
  if (type === 'AWS::SQS::Queue') return physicalId.replace(/^.*\//, '');
  // Secrets Manager appends a hyphen and six characters.
  if (type === 'AWS::SecretsManager::Secret') return physicalId.replace(/^.*:secret:(.*)-\w{6}$/, '$1');
  return physicalId;
}

async function judgeName(doctor: DoctorContext, one: StackName): Promise<readonly Finding[]> {
  const why = await findOwner(doctor, one);
  if (why === undefined) return [];
  const { detail, words } = why;
  const commands = words === undefined || doctor.isLocal ? [] : [await doctor.command(words)];
  return [finding('SLUICE_DOCTOR_NAME_TAKEN', `${one.type} ${one.name}: ${detail}.`, commands)];
}

interface NameOwner {
  readonly detail: string;
  /** The words after `aws` that free the name, if nothing of value is lost. */
  readonly words?: readonly string[];
}

const THIS_ACCOUNT: NameOwner = { detail: 'it exists in this account, outside of the stack' };

/** Who owns a name; undefined if it is free. */
async function findOwner(
  doctor: DoctorContext,
  { type, name, database }: StackName,
): Promise<NameOwner | undefined> {
  const clients = await doctor.clients();
  switch (type) {
    case 'AWS::S3::Bucket':
      return bucketOwner(doctor, name);
    case 'AWS::Glue::Database':
      return findExisting(doctor, 'glue:GetDatabase', 'EntityNotFoundException', () =>
        clients.glue.send(new GetDatabaseCommand({ Name: name })),
      );
    case 'AWS::Glue::Table':
      return findExisting(doctor, 'glue:GetTable', 'EntityNotFoundException', () =>
        clients.glue.send(new GetTableCommand({ DatabaseName: database, Name: name })),
      );
    case 'AWS::Athena::WorkGroup':
      // Athena has no specific error for it.
      return findExisting(doctor, 'athena:GetWorkGroup', 'InvalidRequestException', () =>
        clients.athena.send(new GetWorkGroupCommand({ WorkGroup: name })),
      );
    case 'AWS::KinesisFirehose::DeliveryStream':
      return findExisting(doctor, 'firehose:DescribeDeliveryStream', 'ResourceNotFoundException', () =>
        clients.firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name })),
      );
    case 'AWS::SQS::Queue':
      return findExisting(
        doctor,
        'sqs:GetQueueUrl',
        /^(AWS\.SimpleQueueService\.NonExistentQueue|QueueDoesNotExist)$/,
        () => clients.sqs.send(new GetQueueUrlCommand({ QueueName: name })),
      );
    case 'AWS::SecretsManager::Secret':
      return secretOwner(doctor, name);
    case 'AWS::KMS::Alias':
      return aliasOwner(doctor, name);
    default:
      return logGroupOwner(doctor, name);
  }
}

async function findExisting(
  doctor: DoctorContext,
  permission: string,
  missing: string | RegExp,
  call: () => Promise<unknown>,
): Promise<NameOwner | undefined> {
  try {
    await doctor.ask(permission, call);
    return THIS_ACCOUNT;
  } catch (error) {
    const { name } = error instanceof Error ? error : { name: '' };
    if (typeof missing === 'string' ? name === missing : missing.test(name)) return undefined;
    throw error;
  }
}

/** Bucket names are global. S3 answers 403 for a bucket of another account. */
async function bucketOwner(doctor: DoctorContext, Bucket: string): Promise<NameOwner | undefined> {
  const { s3 } = await doctor.clients();
  const { account } = await doctor.identity();
  try {
    await doctor.ask('s3:ListBucket', () =>
      s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: account })),
    );
    return { detail: `${THIS_ACCOUNT.detail}; to use it, set \`existing.bucket\` and \`existing.keyArn\`` };
  } catch (error) {
    if (isAwsError(error, 'NotFound', 'NoSuchBucket')) return undefined;
    if (!(error instanceof CheckImpossible) || !error.isDenied) throw error;
    return { detail: 'S3 denies access, so it belongs to another account, or s3:ListBucket is missing' };
  }
}

async function secretOwner(doctor: DoctorContext, SecretId: string): Promise<NameOwner | undefined> {
  const { secrets } = await doctor.clients();
  try {
    const { DeletedDate } = await doctor.ask('secretsmanager:DescribeSecret', () =>
      secrets.send(new DescribeSecretCommand({ SecretId })),
    );
    if (DeletedDate === undefined) return THIS_ACCOUNT;
    return {
      detail: 'it is scheduled for deletion, and Secrets Manager reserves the name until then',
      words: [
        ...['secretsmanager', 'delete-secret', '--secret-id', SecretId],
        '--force-delete-without-recovery',
      ],
    };
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

async function aliasOwner(doctor: DoctorContext, name: string): Promise<NameOwner | undefined> {
  const { kms } = await doctor.clients();
  let Marker: string | undefined;
  for (let page = 0; page < MOST_ALIAS_PAGES; page += 1) {
    const marker = Marker;
    const { Aliases = [], NextMarker } = await doctor.ask('kms:ListAliases', () =>
      kms.send(new ListAliasesCommand(marker === undefined ? {} : { Marker: marker })),
    );
    if (Aliases.some(({ AliasName }) => AliasName === name))
      return { ...THIS_ACCOUNT, words: ['kms', 'delete-alias', '--alias-name', name] };
    Marker = NextMarker;
    if (Marker === undefined) break;
  }
  return undefined;
}

/** If a function logs after its log group was deleted, Lambda creates the group again. */
async function logGroupOwner(doctor: DoctorContext, name: string): Promise<NameOwner | undefined> {
  const { logs } = await doctor.clients();
  const { logGroups = [] } = await doctor.ask('logs:DescribeLogGroups', () =>
    logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name })),
  );
  if (!logGroups.some(({ logGroupName }) => logGroupName === name)) return undefined;
  return { ...THIS_ACCOUNT, words: ['logs', 'delete-log-group', '--log-group-name', name] };
}
