import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  type Stack as DescribedStack,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { type StreamNames, streamActivities } from '../../lib/aws/streamReadings.ts';
import { parseJson } from '../../lib/base/json.ts';
import type { StreamActivity } from '../../lib/landing/hold/emptyStream.ts';
import { type Drain, readHolds } from '../../lib/landing/hold/StreamHolds.ts';
import type { StreamId } from '../../lib/tables/streams.ts';
import { streamOf } from '../streams/streams.ts';
import {
  deletedStreams,
  removedStreams,
  requireDrained,
  requireRemovable,
  requireStreamEmpty,
  type StreamTemplate,
  streamsOfTemplate,
} from './requirements.ts';

/** Region, endpoint and credentials, as AWS clients take them. */
type AwsSettings = Pick<CloudFormationClientConfig, 'region' | 'endpoint' | 'credentials'>;

/**
 * States of a stack that never took events, or whose removal has begun:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
 */
const EMPTY_STATES: readonly string[] = [
  ...['REVIEW_IN_PROGRESS', 'CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'],
  ...['DELETE_FAILED', 'DELETE_COMPLETE'],
];

const templateSchema = z.looseObject({
  Resources: z
    .record(
      z.string(),
      z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() }),
    )
    .default({}),
});

/** The state of a deployed stack. */
export interface DeployedStack {
  readonly template: StreamTemplate;
  readonly outputs: Readonly<Record<string, string>>;
  /** When it was last updated, or else made, epoch milliseconds; null if CloudFormation does not say. */
  readonly updatedAt: number | null;
}

/**
 * Reads the template and the outputs of a deployed stack.
 *
 * @param stackName `<service>-<stage>`.
 * @returns Null if there is no such stack, it never took events, or its removal has begun.
 * @throws What CloudFormation's client throws.
 */
export async function readDeployedStack(aws: AwsSettings, stackName: string): Promise<DeployedStack | null> {
  const client = new CloudFormationClient(aws);
  try {
    const stack = await describeStack(client, stackName);
    if (stack === null || EMPTY_STATES.includes(stack.StackStatus ?? '')) return null;
    const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName: stackName }));
    return {
      template: templateSchema.parse(parseJson(TemplateBody)),
      outputs: Object.fromEntries(
        (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      ),
      updatedAt: (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? null,
    };
  } finally {
    client.destroy();
  }
}

/**
 * Reads whether a stack is drained.
 *
 * @returns Null without a drain, and for a stack of version 0.2, which has no secret for it.
 * @throws HoldError `SLUICE_HOLD_UNREADABLE`; what the client of Secrets Manager throws.
 */
export async function readDrain(aws: AwsSettings, stackName: string): Promise<Drain | null> {
  const client = new SecretsManagerClient(aws);
  try {
    const { SecretString = '' } = await client.send(
      new GetSecretValueCommand({ SecretId: `${stackName}-holds` }),
    );
    return readHolds(SecretString).drain;
  } catch (error) {
    // Without the secret, or with one that is scheduled for deletion, nothing says that the stack is drained.
    const unknown = ['ResourceNotFoundException', 'InvalidRequestException'];
    if (error instanceof Error && unknown.includes(error.name)) return null;
    throw error;
  } finally {
    client.destroy();
  }
}

/**
 * Refuses a deployment that may lose events with a stream: one that deletes streams which may hold some. What is deleted must
 * be drained with the whole stack, or, as streams of release 0.2 after the upgrade, be out of use; and it must be seen to be empty.
 *
 * @param stackName `<service>-<stage>`.
 * @param packaged Default nothing: the stack is removed.
 * @param now Epoch milliseconds.
 * @throws ConfigError `SLUICE_CONFIG_NOT_DRAINED`, `SLUICE_CONFIG_FORMER_STREAMS_IN_USE`; HoldError; what the clients throw.
 */
export async function requireStreamsKept(
  aws: AwsSettings,
  stackName: string,
  packaged?: StreamTemplate,
  now: number = Date.now(),
): Promise<void> {
  const stack = await readDeployedStack(aws, stackName);
  if (stack === null) return;
  const { template: deployed, updatedAt } = stack;
  const named = streamsOfTemplate(deployed);
  // Nobody writes files of what a stream delivers when the stack is gone, though CloudFormation retains the stream.
  const deleted = packaged === undefined ? [...named.keys()] : deletedStreams(deployed, packaged);
  if (deleted.length === 0) return;
  const drain = await readDrain(aws, stackName);
  const isDrained = drain !== null && drain.drained !== null;
  const removed = packaged === undefined || isDrained ? [] : removedStreams(deployed, packaged);
  const others = deleted.filter((id) => removed.every((stream) => stream.id !== id));
  requireDrained(others, drain);
  const times = { now, updatedAt: updatedAt ?? now };
  for (const stream of removed) if (stream.isUsed) requireRemovable(stream, undefined, times);

  const physicalIds = await readPhysicalIds(aws, stackName);
  const nameOf = (id: string) => physicalIds.get(id) ?? named.get(id);
  const activities = await readActivities(
    aws,
    deleted.flatMap((id) => {
      const [stream, name] = [streamOf(id), nameOf(id)];
      return stream === null || name === undefined ? [] : [[stream, name] as const];
    }),
    now,
  );
  const activityOf = (id: string) => {
    const stream = streamOf(id);
    return stream === null ? undefined : activities.get(stream);
  };
  for (const id of others) requireStreamEmpty(nameOf(id) ?? id, activityOf(id), now);
  for (const stream of removed) requireRemovable(stream, activityOf(stream.id), times);
}

/** Physical IDs of a stack's resources, by their logical IDs. @throws What CloudFormation's client throws. */
export async function readPhysicalIds(
  aws: AwsSettings,
  StackName: string,
): Promise<ReadonlyMap<string, string>> {
  const client = new CloudFormationClient(aws);
  try {
    const ids = new Map<string, string>();
    for await (const page of paginateListStackResources({ client }, { StackName }))
      for (const { LogicalResourceId = '', PhysicalResourceId } of page.StackResourceSummaries ?? [])
        if (PhysicalResourceId !== undefined) ids.set(LogicalResourceId, PhysicalResourceId);
    return ids;
  } finally {
    client.destroy();
  }
}

async function readActivities(
  aws: AwsSettings,
  streams: readonly (readonly [StreamId, string])[],
  now: number,
): Promise<ReadonlyMap<StreamId, StreamActivity>> {
  const names: StreamNames = new Map(streams);
  const client = new CloudWatchClient(aws);
  try {
    return await streamActivities(client, names, now);
  } finally {
    client.destroy();
  }
}

/** Where Serverless keeps the templates of a stage's deployments. */
export interface DeploymentsFolder {
  readonly bucket: string;
  /** `serverless/<service>/<stage>` */
  readonly folder: string;
  /** Name of a template. */
  readonly file: string;
}

/**
 * Reads the template to which `serverless rollback --timestamp` goes back.
 *
 * @param timestamp As Serverless takes it: epoch milliseconds, or any date.
 * @returns Null if there is none: Serverless then says so.
 * @throws What the client of S3 throws.
 */
export async function readRollbackTemplate(
  aws: AwsSettings,
  { bucket, folder, file }: DeploymentsFolder,
  timestamp: string,
): Promise<StreamTemplate | null> {
  // As Serverless does: https://github.com/oss-serverless/osls/blob/main/lib/plugins/aws/rollback.js
  const [date = null] = [new Date(timestamp), new Date(Number(timestamp))].filter(
    (one) => !Number.isNaN(one.getTime()),
  );
  if (date === null) return null;
  const client = new S3Client(aws);
  try {
    const Key = `${folder}/${date.getTime()}-${date.toISOString()}/${file}`;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return templateSchema.parse(parseJson((await Body?.transformToString()) ?? ''));
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return null;
    throw error;
  } finally {
    client.destroy();
  }
}

async function describeStack(
  client: CloudFormationClient,
  StackName: string,
): Promise<DescribedStack | null> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks?.[0] ?? null;
  } catch (error) {
    // CloudFormation has no error of its own for it.
    if (error instanceof Error && /does not exist/.test(error.message)) return null;
    throw error;
  }
}
