import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  type Stack as DescribedStack,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { lastArrivals, type StreamNames, streamReadings } from '../../lib/aws/streamReadings.ts';
import { parseJson } from '../../lib/base/json.ts';
import { type Drain, readHolds } from '../../lib/landing/hold/StreamHolds.ts';
import { parseStreamId } from '../../lib/tables/streams.ts';
import {
  deletedStreams,
  type RemovedShard,
  removedShards,
  requireDrained,
  requireShardEmpty,
  type StreamTemplate,
} from './requirements.ts';

/** Region, endpoint and credentials, as AWS clients take them. */
type AwsSettings = CloudFormationClientConfig;

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

/** What is deployed. */
export interface DeployedStack {
  readonly template: StreamTemplate;
  readonly outputs: Readonly<Record<string, string>>;
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
 * Refuses a deployment that deletes streams which may hold events: all of them must be drained, or, for one of several streams
 * of a table, that one must be out of rotation and empty.
 *
 * @param stackName `<service>-<stage>`.
 * @param packaged Default nothing: the stack is removed.
 * @param now Epoch milliseconds.
 * @throws ConfigError `SLUICE_CONFIG_NOT_DRAINED`, `SLUICE_CONFIG_SHARD_NOT_DRAINED`; HoldError; what the clients throw.
 */
export async function requireStreamsDrained(
  aws: AwsSettings,
  stackName: string,
  packaged?: StreamTemplate,
  now: number = Date.now(),
): Promise<void> {
  const stack = await readDeployedStack(aws, stackName);
  if (stack === null) return;
  const deployed = stack.template;
  const deleted = deletedStreams(deployed, packaged);
  if (deleted.length === 0) return;
  const drain = await readDrain(aws, stackName);
  if (drain !== null && drain.drained !== null) return;
  const shards = packaged === undefined ? [] : removedShards(deployed, packaged);
  const others = deleted.filter((id) => shards.every((shard) => shard.id !== id));
  requireDrained(others, drain);
  if (shards.length > 0) await requireShardsEmpty(aws, stackName, shards, now);
}

async function requireShardsEmpty(
  aws: AwsSettings,
  stackName: string,
  shards: readonly RemovedShard[],
  now: number,
): Promise<void> {
  for (const shard of shards) if (shard.isInRotation) requireShardEmpty(shard, undefined, now);
  const named = shards.map((shard) => ({
    shard,
    stream: parseStreamId(shard.name.slice(stackName.length + 1)),
  }));
  const names: StreamNames = new Map(
    named.flatMap(({ shard, stream }) => (stream === null ? [] : [[stream, shard.name] as const])),
  );
  const client = new CloudWatchClient(aws);
  try {
    const [readings, arrivals] = await Promise.all([
      streamReadings(client, names, { now: () => now })(),
      lastArrivals(client, names, now),
    ]);
    for (const { shard, stream } of named) {
      const reading = stream === null ? undefined : readings.get(stream);
      const lastArrival = stream === null ? null : (arrivals.get(stream) ?? null);
      requireShardEmpty(shard, reading && { ...reading, lastArrival }, now);
    }
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
