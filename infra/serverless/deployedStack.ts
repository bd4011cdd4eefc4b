import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { GetBucketEncryptionCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type DefaultEncryption, defaultEncryption } from '../../lib/access/buckets/bucketSettings.ts';
import { s3Refusal } from '../../lib/aws/customerRefusal.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { refusedFields } from '../../lib/config/ConfigError.ts';

/** A stack that is deployed, as the next deployment compares it with the configuration. */
export interface DeployedStack {
  /** `sluice-prod` */
  readonly stackName: string;
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
  /** The account of the stack: twelve digits. */
  readonly account: string;
  /** Values of its outputs by name; none before a deployment is complete. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Physical IDs of its resources by logical ID: of a role or user, its name. */
  readonly resources: ReadonlyMap<string, string>;
}

/**
 * Reads the stack that a deployment updates.
 *
 * @returns Undefined if there is none.
 * @throws What CloudFormation's client throws.
 */
export async function readDeployedStack(
  options: CloudFormationClientConfig,
  StackName: string,
): Promise<DeployedStack | undefined> {
  const client = new CloudFormationClient(options);
  try {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const { partition, account } = parseArn(found?.StackId ?? '');
    const resources = new Map<string, string>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      for (const { LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
        resources.set(LogicalResourceId, PhysicalResourceId);
    const outputs = new Map(
      found?.Outputs?.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
    return { stackName: StackName, partition, account, outputs, resources };
  } catch (error) {
    // CloudFormation has no specific error for a stack that does not exist.
    if (error instanceof Error && error.name === 'ValidationError') return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

/**
 * What a bucket does with objects whose writers ask for no encryption. Without a setting, S3's own keys encrypt them.
 *
 * @throws ConfigError `SLUICE_CONFIG_INVALID` for a bucket in another region; what S3's client throws.
 */
export async function readDefaultEncryption(
  options: S3ClientConfig,
  Bucket: string,
): Promise<DefaultEncryption> {
  const client = new S3Client(options);
  try {
    const answer = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    return defaultEncryption(answer.ServerSideEncryptionConfiguration?.Rules?.[0]);
  } catch (error) {
    if (s3Refusal(error)?.refusal !== 'region') throw error;
    const text = `${Bucket} is in another region than the stack: Firehose, S3's events and functions need it in the same.`;
    throw refusedFields([{ field: 'existing.bucket', text }], { cause: error });
  } finally {
    client.destroy();
  }
}
