import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { CONFIGURATION_OUTPUT, undeployedSettings } from '../../../infra/template/deployedConfiguration.ts';
import { VERSION } from '../../../lib/base/version.ts';
import { type Deployment, ObserveError } from '../../deployment.ts';

/** Outputs of the deployed stack by their names: CloudFormation names what holds data. */
export type StackOutputs = ReadonlyMap<string, string>;

/** The parts of a deployment that are asked. */
export type AskedStack = Pick<Deployment, 'aws' | 'stack'>;

/** Where the last deployment of a stack has come to. */
export interface StackState {
  /** CloudFormation's word, such as `UPDATE_COMPLETE`. */
  readonly status: string;
  /** Why, in CloudFormation's words; null if it says nothing. */
  readonly reason: string | null;
  /** When that deployment began, ISO 8601; null of a stack that was never updated. */
  readonly since: string | null;
}

/** The state of a stack that CloudFormation has described. */
export function stackStateOf({
  StackStatus = '',
  StackStatusReason,
  LastUpdatedTime,
}: Partial<Pick<Stack, 'StackStatusReason' | 'LastUpdatedTime'>> & {
  readonly StackStatus?: string | undefined;
}): StackState {
  return {
    status: StackStatus,
    reason: StackStatusReason ?? null,
    since: LastUpdatedTime?.toISOString() ?? null,
  };
}

/** A stack, as its last deployment has left it. */
export interface ReadStack {
  /** Its ARN. */
  readonly id: string;
  /** Its outputs; none before it is complete. */
  readonly outputs: StackOutputs;
  /** When it was deployed last, ISO 8601; null if CloudFormation does not say it. */
  readonly deployedAt: string | null;
  /** Where that deployment has come to. */
  readonly state: StackState;
}

/** The outputs of a stack; none before it is complete. */
export function outputsOf(stack: Pick<Stack, 'Outputs'> | undefined): StackOutputs {
  const outputs = stack?.Outputs ?? [];
  return new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** When a stack was made or updated last, ISO 8601; null without a stack, or if CloudFormation does not say it. */
export function deployedAtOf(
  stack: Partial<Pick<Stack, 'CreationTime' | 'LastUpdatedTime'>> | undefined,
): string | null {
  return (stack?.LastUpdatedTime ?? stack?.CreationTime)?.toISOString() ?? null;
}

/** Whether another release of Sluice has deployed a stack, or a commit of before stacks stated their configuration. */
export function isOtherRelease(outputs: StackOutputs): boolean {
  return outputs.get('SluiceVersion') !== VERSION || !outputs.has(CONFIGURATION_OUTPUT);
}

/** The configured settings with which a stack was not deployed, in words; none if all are deployed, or if the stack states none. */
export function undeployedOf(config: Deployment['config'], outputs: StackOutputs): readonly string[] {
  return undeployedSettings(config, outputs.get(CONFIGURATION_OUTPUT), isOtherRelease(outputs));
}

/** Reads the ID and the outputs of the deployed stack. @throws What CloudFormation's client throws. */
export function readStack(deployment: AskedStack): Promise<ReadStack> {
  return askStack(deployment, async (client, input) => {
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand(input));
    return {
      id: found?.StackId ?? '',
      deployedAt: deployedAtOf(found),
      outputs: outputsOf(found),
      state: stackStateOf(found ?? {}),
    };
  });
}

/**
 * Physical IDs of the deployed stack's resources by logical ID: usually the name; of a queue its URL.
 *
 * @throws What CloudFormation's client throws.
 */
export function readStackResources(deployment: AskedStack): Promise<ReadonlyMap<string, string>> {
  return askStack(deployment, async (client, input) => {
    const found = new Map<string, string>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, input))
      for (const { LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
        found.set(LogicalResourceId, PhysicalResourceId);
    return found;
  });
}

/** Asks CloudFormation about the stack by a client of its own. */
export async function askStack<Answer>(
  { aws, stack }: AskedStack,
  ask: (client: CloudFormationClient, input: { readonly StackName: string }) => Promise<Answer>,
): Promise<Answer> {
  const client = new CloudFormationClient(aws);
  try {
    return await ask(client, { StackName: `${stack.service}-${stack.stage}` });
  } finally {
    client.destroy();
  }
}

/** Reads the outputs of the deployed stack. @throws What CloudFormation's client throws. */
export async function readStackOutputs(deployment: AskedStack): Promise<StackOutputs> {
  return (await readStack(deployment)).outputs;
}

/** The ID of the gateway, by its address; empty without one. */
export function gatewayId(outputs: StackOutputs): string {
  const address = outputs.get('GatewayUrl') ?? outputs.get('CollectorUrl') ?? '';
  return (URL.canParse(address) && new URL(address).hostname.split('.')[0]) || '';
}

/** An output that the deployed stack has to have. @throws ObserveError `SLUICE_OBSERVE_OUTPUT_MISSING` */
export function requireOutput(
  outputs: StackOutputs,
  name: 'LandingStreamName' | 'WriteQueueUrl' | 'WriteDeadLettersUrl',
): string {
  const value = outputs.get(name);
  if (value === undefined) throw new ObserveError('SLUICE_OBSERVE_OUTPUT_MISSING', `${name}.`);
  return value;
}
