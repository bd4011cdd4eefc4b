import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  type Stack as DescribedStack,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
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
