import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  type Stack as DescribedStack,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { parseJson } from '../../lib/base/json.ts';
import type { DeployedTemplate } from './requirements.ts';

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
  readonly template: DeployedTemplate;
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
): Promise<DeployedTemplate | null> {
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
