import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type Deployment, ObserveError } from '../../deployment.ts';

/** Outputs of the deployed stack by their names: CloudFormation names what holds data. */
export type StackOutputs = ReadonlyMap<string, string>;

/** Waits for CloudFormation at most that long. */
const LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
};

/** Reads the ID and the outputs of the deployed stack. @throws What CloudFormation's client throws. */
export async function readStack({ aws, stack }: Pick<Deployment, 'aws' | 'stack'>): Promise<{
  /** Its ARN. */
  readonly id: string;
  readonly outputs: StackOutputs;
}> {
  const client = new CloudFormationClient({ ...aws, ...LIMITS });
  try {
    const StackName = `${stack.service}-${stack.stage}`;
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const outputs = found?.Outputs ?? [];
    return {
      id: found?.StackId ?? '',
      outputs: new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
    };
  } finally {
    client.destroy();
  }
}

/** Reads the outputs of the deployed stack. @throws What CloudFormation's client throws. */
export async function readStackOutputs(deployment: Pick<Deployment, 'aws' | 'stack'>): Promise<StackOutputs> {
  return (await readStack(deployment)).outputs;
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
