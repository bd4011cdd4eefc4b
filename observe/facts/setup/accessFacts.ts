import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetDatabaseCommand } from '@aws-sdk/client-glue';
import {
  type ContextEntry,
  type EvaluationResult,
  GetRoleCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { type DataLakeSettings, GetDataLakeSettingsCommand } from '@aws-sdk/client-lakeformation';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { Statement } from '../../../lib/access/policyDocument.ts';
import { isAwsError, Unread } from '../askAws.ts';
import type { Setup } from './Setup.ts';

/** What a role or user may do of a statement, and what not, by IAM's simulator. */
export interface Simulated {
  /** The statement's name. */
  readonly sid: string;
  /** Pairs of action and resource. */
  readonly decisions: readonly {
    readonly action: string;
    readonly resource: string;
    readonly isAllowed: boolean;
  }[];
}

/** The simulator takes no wildcards: single actions of each that the printed policies have. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'cloudformation:*': ['CreateChangeSet', 'DeleteStack', 'DescribeStacks', 'ExecuteChangeSet'],
  's3:*': ['CreateBucket', 'PutBucketPolicy', 'PutLifecycleConfiguration'],
  's3:*Object*': ['DeleteObject', 'GetObject', 'PutObject'],
  'lambda:*': ['AddPermission', 'CreateFunction', 'DeleteFunction', 'UpdateFunctionCode'],
  'firehose:*': ['CreateDeliveryStream', 'UpdateDestination'],
  'sqs:*': ['CreateQueue', 'SetQueueAttributes'],
  'events:*': ['PutRule', 'PutTargets'],
  'scheduler:*': ['CreateSchedule', 'DeleteSchedule'],
  'logs:Create*': ['CreateLogGroup', 'CreateLogStream'],
  'logs:Delete*': ['DeleteLogGroup'],
  'logs:Describe*': ['DescribeLogStreams'],
  'logs:Put*': ['PutMetricFilter', 'PutRetentionPolicy'],
  'apigateway:*': ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'],
  'cloudwatch:*': ['PutDashboard', 'PutMetricAlarm'],
};

/** Actions that stand for one of a printed policy: itself, unless it is a wildcard. */
export function sampleActions(action: string): readonly string[] {
  const [service] = action.split(':');
  return SAMPLES[action]?.map((name) => `${service}:${name}`) ?? [action];
}

/** A name that a pattern matches: the simulator accepts resources, not patterns. `*` alone stays and means all. */
function sampleResource(pattern: string): string {
  return pattern === '*' ? pattern : pattern.replaceAll(/[*?]/g, 'x');
}

/** Asks IAM's simulator about everything that a statement allows. @param arn Of a role or user. */
export async function simulateStatement(
  { ask, clients: { iam } }: Setup,
  arn: string,
  statement: Statement,
): Promise<Simulated> {
  const results: EvaluationResult[] = [];
  for (const ContextEntries of requestContexts(statement)) {
    let Marker: string | undefined;
    do {
      const from = Marker;
      const answer = await ask('iam:SimulatePrincipalPolicy', () =>
        iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: arn,
            ActionNames: statement.Action.flatMap(sampleActions),
            ResourceArns: (statement.Resource ?? ['*']).map(sampleResource),
            ContextEntries: [...ContextEntries],
            MaxItems: 1_000,
            ...(from === undefined ? {} : { Marker: from }),
          }),
        ),
      );
      results.push(...(answer.EvaluationResults ?? []));
      Marker = answer.IsTruncated === true ? answer.Marker : undefined;
    } while (Marker !== undefined);
  }
  return { sid: statement.Sid, decisions: results.flatMap(decisionsOf) };
}

function decisionsOf({
  EvalActionName: action = '',
  EvalResourceName = '',
  EvalDecision,
  ResourceSpecificResults = [],
}: EvaluationResult): Simulated['decisions'] {
  return ResourceSpecificResults.length === 0
    ? [{ action, resource: EvalResourceName, isAllowed: EvalDecision === 'allowed' }]
    : ResourceSpecificResults.map((one) => ({
        action,
        resource: one.EvalResourceName ?? '',
        isAllowed: one.EvalResourceDecision === 'allowed',
      }));
}

/** The request contexts that meet a statement's condition: one for each value. */
function requestContexts({ Condition = {} }: Statement): readonly (readonly ContextEntry[])[] {
  const [one] = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([name, values]) => ({
      operator,
      name,
      values: [values].flat().map(sampleResource),
    })),
  );
  if (one === undefined) return [[]];
  const { operator, name, values } = one;
  const several = operator.startsWith('ForAllValues:');
  return (several ? [values] : values.map((value) => [value])).map((ContextKeyValues) => [
    { ContextKeyName: name, ContextKeyType: several ? 'stringList' : 'string', ContextKeyValues },
  ]);
}

/** The user or role behind the caller; undefined for root and federated users, which cannot be simulated. */
export async function readCallerArn({
  ask,
  clients: { iam },
  identity: { arn },
}: Setup): Promise<string | undefined> {
  if (/:user\//.test(arn)) return arn;
  const [, RoleName] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (RoleName === undefined) return undefined;
  // The ARN of a session lacks the role's path, which roles of IAM Identity Center have.
  const { Role } = await ask('iam:GetRole', () => iam.send(new GetRoleCommand({ RoleName })));
  return Role?.Arn;
}

/** Lake Formation's settings of the account. */
export async function readDataLake({ ask, clients: { lakeFormation } }: Setup): Promise<DataLakeSettings> {
  const { DataLakeSettings: settings = {} } = await ask('lakeformation:GetDataLakeSettings', () =>
    lakeFormation.send(new GetDataLakeSettingsCommand({})),
  );
  return settings;
}

/** A name that the stack gives to a resource. */
export interface StackName {
  readonly type: keyof typeof ownerReaders;
  readonly name: string;
}

/** Who has a name that the stack is to give, and the words after `aws` that free it, if nothing of value is lost. */
export interface NameOwner extends StackName {
  readonly detail: string;
  readonly words?: readonly string[];
}

/** Types of resources that a removed stack retains, or that others can create. */
const ownerReaders = {
  'AWS::S3::Bucket': readBucketOwner,
  'AWS::Glue::Database': ({ ask, glue }: Setup, Name: string) =>
    existing(() => ask('glue:GetDatabase', () => glue.send(new GetDatabaseCommand({ Name })))),
  'AWS::Athena::WorkGroup': ({ ask, athena }: Setup, WorkGroup: string) =>
    existing(() => ask('athena:GetWorkGroup', () => athena.send(new GetWorkGroupCommand({ WorkGroup })))),
  'AWS::SecretsManager::Secret': readSecretOwner,
  'AWS::Logs::LogGroup': readLogGroupOwner,
};

/** Whether a name of a template's resource is one that {@link readNameOwner} knows to look for. */
export function isLookedFor(type: string): type is StackName['type'] {
  return Object.hasOwn(ownerReaders, type);
}

/** Who has a name; null if it is free. */
export async function readNameOwner(setup: Setup, one: StackName): Promise<NameOwner | null> {
  const owner = await ownerReaders[one.type](setup, one.name);
  return owner === null ? null : { ...one, ...owner };
}

type Owner = Omit<NameOwner, keyof StackName>;

const THIS_ACCOUNT: Owner = { detail: 'it exists in this account, outside of the stack' };

async function existing(call: () => Promise<unknown>): Promise<Owner | null> {
  try {
    await call();
    return THIS_ACCOUNT;
  } catch (error) {
    // Athena has no specific error for it.
    if (isAwsError(error, 'EntityNotFoundException', 'InvalidRequestException')) return null;
    throw error;
  }
}

/** Bucket names are global. S3 answers 403 for a bucket of another account. */
async function readBucketOwner(
  { ask, s3, identity: { account } }: Setup,
  Bucket: string,
): Promise<Owner | null> {
  try {
    await ask('s3:ListBucket', () =>
      s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: account })),
    );
    return { detail: `${THIS_ACCOUNT.detail}; to use it, set \`existing.bucket\` and \`existing.keyArn\`` };
  } catch (error) {
    if (isAwsError(error, 'NotFound', 'NoSuchBucket')) return null;
    if (!(error instanceof Unread) || error.reason !== 'denied') throw error;
    return { detail: 'S3 denies access, so it belongs to another account, or s3:ListBucket is missing' };
  }
}

async function readSecretOwner(
  { ask, clients: { secrets } }: Setup,
  SecretId: string,
): Promise<Owner | null> {
  try {
    const { DeletedDate } = await ask('secretsmanager:DescribeSecret', () =>
      secrets.send(new DescribeSecretCommand({ SecretId })),
    );
    if (DeletedDate === undefined) return THIS_ACCOUNT;
    const words = ['secretsmanager', 'delete-secret', '--secret-id', SecretId];
    return {
      detail: 'it is scheduled for deletion, and Secrets Manager reserves the name until then',
      words: [...words, '--force-delete-without-recovery'],
    };
  } catch (error) {
    if (isAwsError(error, 'ResourceNotFoundException')) return null;
    throw error;
  }
}

/** If a function logs after its log group was deleted, Lambda creates the group again. */
async function readLogGroupOwner({ ask, logs }: Setup, name: string): Promise<Owner | null> {
  const { logGroups = [] } = await ask('logs:DescribeLogGroups', () =>
    logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name })),
  );
  if (!logGroups.some(({ logGroupName }) => logGroupName === name)) return null;
  return { ...THIS_ACCOUNT, words: ['logs', 'delete-log-group', '--log-group-name', name] };
}
