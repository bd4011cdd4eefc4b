import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type Deployment, ObserveError } from '../../deployment.ts';

/** Outputs of the deployed stack by their names: CloudFormation names what holds data. */
export type StackOutputs = ReadonlyMap<string, string>;

/** Reads the outputs of the deployed stack. @throws What CloudFormation's client throws. */
export async function readStackOutputs({
  aws,
  stack,
}: Pick<Deployment, 'aws' | 'stack'>): Promise<StackOutputs> {
  const client = new CloudFormationClient(aws);
  try {
    const StackName = `${stack.service}-${stack.stage}`;
    const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    return new Map(
      (found?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } finally {
    client.destroy();
  }
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
