import { ApiGatewayV2Client, DeleteApiCommand, GetApiCommand } from '@aws-sdk/client-apigatewayv2';
import {
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import {
  DeleteDeliveryStreamCommand,
  FirehoseClient,
  ListTagsForDeliveryStreamCommand,
} from '@aws-sdk/client-firehose';
import { DeleteDatabaseCommand, DeleteTableCommand, GetTablesCommand } from '@aws-sdk/client-glue';
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
} from '@aws-sdk/client-iam';
import { ListResourceTagsCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { DeleteSecretCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { partialAnswers } from '../../lib/aws/partialAnswers.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { openClients } from '../../observe/doctor/Setup.ts';
import { ifThere, isNamed, whyUnread } from '../../observe/explainAwsError.ts';
import { type Made, madeResources, type Staying } from './madeResources.ts';
import { type Trial, TrialError, trialStack, trialStage } from './Trial.ts';

/** The longest that CloudFormation may work on a stack, milliseconds. */
const STACK_MS = 1_800_000;
const LOOK_MS = 5_000;
/** Rounds in which a bucket is emptied: Firehose and functions may still have written. */
const ROUNDS = 5;
const KEY_DAYS = 7;
/** Types that have nothing to delete of their own: they go with an API, or with a function. */
const GO_WITH_OTHERS = /^AWS::(ApiGatewayV2::(Stage|Route|Integration)|Lambda::(Url|Permission))$/;

/** What a removal has done. */
export interface Removal {
  /** How many resources the stack had. */
  readonly deleted: number;
  /** What can't go at once, a sentence each. */
  readonly later: readonly string[];
  /** What is still there, and why. */
  readonly left: readonly string[];
}

type Clients = ReturnType<typeof openTrialClients>;

/** Clients of what a removal asks. */
function openTrialClients({ aws, s3, glue, isLocal }: Pick<Deployment, 'aws' | 's3' | 'glue' | 'isLocal'>) {
  return {
    ...openClients(aws),
    isLocal,
    api: new ApiGatewayV2Client(aws),
    firehose: new FirehoseClient(aws),
    s3,
    glue,
  };
}

/**
 * Removes the stack of a trial and what stays of it: {@link madeResources} says what that is, and what has no tag of the trial
 * is left alone where the service has tags. It may be done again.
 *
 * @param onProgress Called with what is done.
 * @throws TrialError `SLUICE_TRIAL_ELSEWHERE`, `SLUICE_TRIAL_NOT_REMOVED`; AwsAccessError; what CloudFormation's client throws.
 */
export async function removeTrial(
  deployment: Pick<Deployment, 'aws' | 's3' | 'glue' | 'isLocal' | 'wait' | 'clock'>,
  trial: Trial,
  onProgress: (step: string) => void,
): Promise<Removal> {
  const clients = openTrialClients(deployment);
  try {
    const { Account } = await clients.sts.send(new GetCallerIdentityCommand({}));
    const stackId = trial.stackId ?? (await findStack(clients, trial));
    const [, , , region, account] = stackId?.split(':') ?? ['', '', '', trial.region, trial.account];
    if (Account !== trial.account || account !== trial.account || region !== trial.region)
      throw new TrialError(
        'SLUICE_TRIAL_ELSEWHERE',
        `It began in ${trial.region} of account ${trial.account}.`,
      );
    if (stackId === null) return { deleted: 0, later: [], left: [] };
    const own = { ...trial, stackId };
    onProgress('waiting for CloudFormation');
    const status = await atRest(deployment, clients, stackId);
    const before = madeResources(own, await stackEvents(clients, stackId));
    if (status !== 'DELETE_COMPLETE') {
      onProgress('emptying buckets');
      for (const made of before.staying)
        if (made.type === 'AWS::S3::Bucket' && (await ifThere(isTagged(clients, made, own))) === true)
          await empty(clients, made.id);
      onProgress('removing the stack');
      await clients.cloudFormation.send(new DeleteStackCommand({ StackName: stackId }));
      await atRest(deployment, clients, stackId);
    }
    return await removeStaying(deployment, clients, own, before, onProgress);
  } finally {
    const { s3: _, glue: __, isLocal: ___, ...opened } = clients;
    for (const client of Object.values(opened)) client.destroy();
  }
}

/** The ARN of a stack that exists; null if there is none of the name. */
export async function findStack(
  { cloudFormation }: Pick<Clients, 'cloudFormation'>,
  trial: Pick<Trial, 'id'>,
): Promise<string | null> {
  const found = await ifThere(
    cloudFormation.send(new DescribeStacksCommand({ StackName: trialStack(trial) })),
    // CloudFormation has no specific error for a stack that does not exist.
    /^ValidationError$/,
  );
  return found?.Stacks?.[0]?.StackId ?? null;
}

/** All events of a stack, the newest first. */
export async function stackEvents(
  { cloudFormation: client }: Pick<Clients, 'cloudFormation'>,
  StackName: string,
): Promise<readonly StackEvent[]> {
  const events: StackEvent[] = [];
  for await (const page of paginateDescribeStackEvents({ client }, { StackName }))
    events.push(...(page.StackEvents ?? []));
  return events;
}

/** Waits until CloudFormation does not work on a stack: it deletes none that is being updated. @returns Its status. */
async function atRest(
  { wait, clock }: Pick<Deployment, 'wait' | 'clock'>,
  { cloudFormation }: Clients,
  StackName: string,
): Promise<string> {
  const deadline = clock.now() + STACK_MS;
  for (;;) {
    const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    const status = stack?.StackStatus ?? '';
    if (!status.endsWith('_IN_PROGRESS')) return status;
    if (clock.now() > deadline) throw new TrialError('SLUICE_TRIAL_NOT_REMOVED', `${status}.`);
    await wait(LOOK_MS);
  }
}

/** Deletes what stays of a stack that is gone. */
async function removeStaying(
  { wait }: Pick<Deployment, 'wait'>,
  clients: Clients,
  trial: Trial & { readonly stackId: string },
  before: ReturnType<typeof madeResources>,
  onProgress: (step: string) => void,
): Promise<Removal> {
  const { staying, others } = madeResources(trial, await stackEvents(clients, trial.stackId));
  const later: string[] = [];
  const left = others
    .filter(({ type }) => !GO_WITH_OTHERS.test(type))
    .map((made) => `${text(made)}: CloudFormation has not deleted it`);
  for (const made of staying) {
    onProgress(`deleting ${made.type.slice('AWS::'.length)}`);
    try {
      if (!(await isTagged(clients, made, trial))) {
        left.push(`${text(made)}: it has no tag of the trial`);
        continue;
      }
      await kinds[made.type].remove(clients, made.id, trial, wait);
    } catch (error) {
      if (!isNamed(error, GONE)) left.push(`${text(made)}: ${whyUnread(error)}`);
    }
    if (made.type === 'AWS::KMS::Key')
      later.push(`${text(made)}: scheduled for deletion in ${KEY_DAYS} days, and free until then`);
  }
  return { deleted: before.staying.length + before.others.length - left.length - later.length, later, left };
}

const text = ({ type, id }: Made) => `${type.slice('AWS::'.length)} ${id}`;

/** What is not there any more, or is scheduled for deletion: NoSuchBucket, EntityNotFoundException, NoSuchEntity, … */
const GONE = /NoSuch|NotFound|KMSInvalidState/;

/** Whether a resource has the trial's tag; where the service has no tags, it counts as tagged. */
async function isTagged(
  clients: Clients,
  { type, id }: Made & { readonly type: Staying },
  trial: Trial,
): Promise<boolean> {
  const { tag } = kinds[type];
  if (tag === undefined) return true;
  const found = await tag(clients, id);
  // LocalStack gives a stack's tags to none of its resources.
  return found === trialStage(trial) || (found === undefined && clients.isLocal);
}

type Tags = readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[];

/** Serverless gives it to the stack, and CloudFormation to everything in it that can have tags. */
const TAG = 'STAGE';
const stageOf = (tags: Tags = []) => tags.find(({ Key }) => Key === TAG)?.Value;

/** How a type is asked for the trial's tag, if its service has tags, and deleted. */
const kinds: Readonly<
  Record<
    Staying,
    {
      readonly tag?: (clients: Clients, id: string) => Promise<string | undefined>;
      readonly remove: (
        clients: Clients,
        id: string,
        trial: Trial,
        wait: Deployment['wait'],
      ) => Promise<unknown>;
    }
  >
> = {
  'AWS::KinesisFirehose::DeliveryStream': {
    tag: async ({ firehose }, DeliveryStreamName) =>
      stageOf((await firehose.send(new ListTagsForDeliveryStreamCommand({ DeliveryStreamName }))).Tags),
    remove: ({ firehose }, DeliveryStreamName) =>
      firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName })),
  },
  'AWS::IAM::Role': {
    tag: async ({ iam }, RoleName) => stageOf((await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags),
    async remove({ iam }, RoleName) {
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      for (const PolicyName of PolicyNames)
        await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
      await iam.send(new DeleteRoleCommand({ RoleName }));
    },
  },
  'AWS::ApiGatewayV2::Api': {
    tag: async ({ api }, ApiId) => (await api.send(new GetApiCommand({ ApiId }))).Tags?.[TAG],
    remove: ({ api }, ApiId) => api.send(new DeleteApiCommand({ ApiId })),
  },
  'AWS::Glue::Table': {
    remove: ({ glue }, Name, trial) =>
      glue.send(new DeleteTableCommand({ DatabaseName: databaseOf(trial), Name })),
  },
  'AWS::Glue::Database': {
    async remove({ glue }, Name) {
      const { TableList: [other] = [] } = await glue.send(new GetTablesCommand({ DatabaseName: Name }));
      if (other !== undefined) throw new TrialError('SLUICE_TRIAL_NOT_REMOVED', `${Name} has ${other.Name}.`);
      await glue.send(new DeleteDatabaseCommand({ Name }));
    },
  },
  'AWS::SecretsManager::Secret': {
    tag: async ({ secrets }, SecretId) =>
      stageOf((await secrets.send(new DescribeSecretCommand({ SecretId }))).Tags),
    remove: ({ secrets }, SecretId) =>
      secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
  },
  'AWS::S3::Bucket': {
    tag: async ({ s3 }, Bucket) => {
      const tags = s3.send(new GetBucketTaggingCommand({ Bucket }));
      return stageOf((await ifThere(tags, /^NoSuchTagSet$/))?.TagSet);
    },
    async remove(clients, Bucket, _, wait) {
      for (let round = 1; ; round += 1) {
        await empty(clients, Bucket);
        try {
          return await clients.s3.send(new DeleteBucketCommand({ Bucket }));
        } catch (error) {
          if (round === ROUNDS || !isNamed(error, /^BucketNotEmpty$/)) throw error;
          await wait(LOOK_MS);
        }
      }
    },
  },
  'AWS::KMS::Key': {
    async tag({ kms }, KeyId) {
      const { Tags = [] } = await kms.send(new ListResourceTagsCommand({ KeyId }));
      return Tags.find(({ TagKey }) => TagKey === TAG)?.TagValue;
    },
    remove: ({ kms }, KeyId) =>
      kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: KEY_DAYS })),
  },
};

/** All tables of a trial are in this one. */
function databaseOf(trial: Trial): string {
  return trialStack(trial).replaceAll('-', '_');
}

/** Deletes every version of every object. */
async function empty({ s3 }: Pick<Clients, 's3'>, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return;
    const [failed] = partialAnswers.DeleteObjects(
      await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })),
    );
    if (failed !== undefined)
      throw new TrialError('SLUICE_TRIAL_NOT_REMOVED', `${Bucket}: ${failed.key}: ${failed.why}.`);
  }
}
