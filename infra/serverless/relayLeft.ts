import type { CloudFormationClientConfig } from '@aws-sdk/client-cloudformation';
import {
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { errorName } from '../../lib/base/errors.ts';
import { ConfigError } from '../../lib/config/ConfigError.ts';
import {
  parseRelayRefusedKey,
  parseRelayWaitingKey,
  RELAY_REFUSED_FOLDER,
  RELAY_WAITING_FOLDER,
} from '../../lib/tables/objectKeys.ts';
import { relayIds } from '../template/Stack.ts';
import type { DeployedStack } from './deployedStack.ts';
import type { DeployedTemplate } from './requirements.ts';

type AwsSettings = Pick<CloudFormationClientConfig, 'region' | 'endpoint' | 'credentials'>;

/**
 * Milliseconds within which SQS may not count messages of the previous functions: five minutes, and ten for the
 * deployment, whose start CloudFormation reports.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
 */
const SETTLE_MS = 900_000;
/** The variable by which a collector keeps copies: serverless.yml. */
const KEEPS = 'SLUICE_RELAY_QUEUE';
/** Pages of 1,000 versions that are read. */
const MOST_PAGES = 100;

/**
 * Refuses a deployment that removes relay while copies of requests may be left: in its queues, which go with them, and in the
 * bucket, where nothing would deliver them, or delete them with the SDK keys in them. The removal of a whole stack leaves the
 * bucket with its rules, so that only what waits counts.
 *
 * @param stack What is deployed.
 * @param packaged Default nothing: the stack is removed.
 * @param now Epoch milliseconds.
 * @throws ConfigError `SLUICE_CONFIG_RELAY_NOT_EMPTY`; what the clients of SQS and S3 throw.
 */
export async function requireRelayEmpty(
  aws: AwsSettings,
  stackName: string,
  stack: DeployedStack | null,
  packaged: DeployedTemplate = {},
  now: number = Date.now(),
): Promise<void> {
  if (stack === null || !hasQueue(stack.template) || hasQueue(packaged)) return;
  const isRemoval = packaged.Resources === undefined;
  const why =
    whyKeeping(stack, now) ??
    (await whyQueued(aws, stackName)) ??
    (await whyStored(aws, stack.outputs['DataBucketName'] ?? '', isRemoval));
  if (why !== null) throw new ConfigError('SLUICE_CONFIG_RELAY_NOT_EMPTY', why);
}

function hasQueue({ Resources = {} }: DeployedTemplate): boolean {
  return relayIds.queue in Resources;
}

/** Whether a collector may have kept a copy lately. */
function whyKeeping({ template, updatedAt }: DeployedStack, now: number): string | null {
  const keeps = Object.values(template.Resources ?? {}).some(
    ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && variablesOf(Properties).includes(KEEPS),
  );
  if (keeps) return 'The deployed collector keeps copies.';
  return now - (updatedAt ?? now) < SETTLE_MS
    ? 'The collector may have kept copies until the last deployment, which began less than a quarter of an hour ago.'
    : null;
}

function variablesOf(properties: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  const environment = properties?.['Environment'];
  if (typeof environment !== 'object' || environment === null || !('Variables' in environment)) return [];
  const { Variables } = environment;
  return typeof Variables === 'object' && Variables !== null ? Object.keys(Variables) : [];
}

async function whyQueued(aws: AwsSettings, stackName: string): Promise<string | null> {
  const sqs = new SQSClient(aws);
  try {
    for (const part of ['relay', 'relay-dead-letters']) {
      const QueueName = `${stackName}-${part}`;
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      const messages = Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
      if (messages > 0) return `${QueueName} has about ${messages} messages.`;
    }
    return null;
  } catch (error) {
    // A queue that is gone has nothing to lose.
    if (errorName(error) === 'QueueDoesNotExist') return null;
    if (errorName(error).startsWith('AccessDenied'))
      return `It is not known whether ${stackName}-relay has messages: your credentials need sqs:GetQueueUrl and sqs:GetQueueAttributes for it and its dead letters.`;
    throw error;
  } finally {
    sqs.destroy();
  }
}

/** Copies in the bucket, also deleted ones that S3 still has as versions, if the deployer may list those. */
async function whyStored(aws: AwsSettings, Bucket: string, isRemoval: boolean): Promise<string | null> {
  const s3 = new S3Client({ ...aws, forcePathStyle: aws.endpoint !== undefined });
  try {
    for (const Prefix of isRemoval ? [RELAY_WAITING_FOLDER] : [RELAY_WAITING_FOLDER, RELAY_REFUSED_FOLDER]) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
      if (Contents.some(({ Key = '' }) => isCopy(Key))) return `s3://${Bucket}/${Prefix} has copies.`;
      if (!isRemoval && (await hasVersions(s3, Bucket, Prefix)))
        return `s3://${Bucket}/${Prefix} has versions of copies that were deleted.`;
    }
    return null;
  } catch (error) {
    // A bucket that is gone has no copies.
    if (error instanceof Error && error.name === 'NoSuchBucket') return null;
    if (error instanceof Error && error.name === 'AccessDenied')
      return `It is not known whether s3://${Bucket}/relay/ has copies: your credentials need s3:ListBucket for it.`;
    throw error;
  } finally {
    s3.destroy();
  }
}

/** Whether relay has written an object: an existing bucket may have others there. */
function isCopy(key: string): boolean {
  return parseRelayWaitingKey(key) !== null || parseRelayRefusedKey(key) !== null;
}

/** The policy that `sluice policy print --for deploy` prints does not let versions be listed: then only objects are judged. */
async function hasVersions(s3: S3Client, Bucket: string, Prefix: string): Promise<boolean> {
  let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  try {
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer: ListObjectVersionsCommandOutput = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix, ...after }),
      );
      if ((answer.Versions ?? []).some(({ Key = '' }) => isCopy(Key))) return true;
      if (answer.IsTruncated !== true) return false;
      after = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
    }
    // So many markers of deletions, between which versions may be.
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDenied') return false;
    throw error;
  }
}
