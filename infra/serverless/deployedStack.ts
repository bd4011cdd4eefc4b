import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseJson } from '../../lib/base/json.ts';
import { type Drain, readHolds } from '../../lib/landing/hold/StreamHolds.ts';
import type { StreamTemplate } from './requirements.ts';

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

/**
 * Reads the template of a deployed stack.
 *
 * @param stackName `<service>-<stage>`.
 * @returns Null if there is no such stack, it never took events, or its removal has begun.
 * @throws What CloudFormation's client throws.
 */
export async function readDeployedTemplate(
  aws: AwsSettings,
  stackName: string,
): Promise<StreamTemplate | null> {
  const client = new CloudFormationClient(aws);
  try {
    const status = await readStatus(client, stackName);
    if (status === null || EMPTY_STATES.includes(status)) return null;
    const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName: stackName }));
    return templateSchema.parse(parseJson(TemplateBody));
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

async function readStatus(client: CloudFormationClient, StackName: string): Promise<string | null> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    return Stacks?.[0]?.StackStatus ?? null;
  } catch (error) {
    // CloudFormation has no error of its own for it.
    if (error instanceof Error && /does not exist/.test(error.message)) return null;
    throw error;
  }
}
