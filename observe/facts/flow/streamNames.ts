import { readPhysicalIds } from '../../../infra/serverless/deployedStack.ts';
import { streamOf } from '../../../infra/streams/streams.ts';
import type { StreamNames } from '../../../lib/aws/streamReadings.ts';
import { sortedStreams } from '../../../lib/tables/streams.ts';
import type { Deployment } from '../../deployment.ts';

/**
 * Every stream of the deployed stack with its name in AWS: those of the landing, then those of release 0.2. CloudFormation is
 * asked, as it makes names, and as the configuration may have changed since: a call for each hundred resources.
 *
 * @throws What CloudFormation's client throws.
 */
export async function readStreamNames({
  aws,
  stack,
}: Pick<Deployment, 'aws' | 'stack'>): Promise<StreamNames> {
  return streamNamesOf(await readPhysicalIds(aws, `${stack.service}-${stack.stage}`));
}

/** The same, by the physical IDs of the stack's resources. */
export function streamNamesOf(
  resources: Iterable<readonly [logicalId: string, physicalId: string]>,
): StreamNames {
  const found = new Map<string, string>();
  for (const [logicalId, physicalId] of resources) {
    const stream = streamOf(logicalId);
    if (stream !== null) found.set(stream, physicalId);
  }
  return new Map(sortedStreams(found.keys()).map((stream) => [stream, found.get(stream) ?? '']));
}
