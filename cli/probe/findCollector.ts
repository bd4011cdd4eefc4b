import * as z from 'zod';
import type { Deployment } from '../../observe/deployment.ts';
import { readStackOutputs } from '../../observe/facts/flow/stackOutputs.ts';
import { ProbeError } from './Probe.ts';

/** The part of the local cloud's control API that a probe reads: docs/local.md, "Control". */
const statusSchema = z.object({ collector: z.string() });

/**
 * Finds the collector's URL: of a deployment in the outputs of its stack, of the local cloud in its status.
 *
 * @throws ProbeError `SLUICE_PROBE_NO_COLLECTOR`; what CloudFormation's client throws.
 */
export async function findCollector(
  deployment: Pick<Deployment, 'aws' | 'stack' | 'localControl'>,
): Promise<string> {
  const { localControl, stack } = deployment;
  if (localControl !== undefined) {
    const answered = await fetch(new URL('/_sluice/status', localControl))
      .then((response) => response.json())
      .catch(() => undefined);
    const { data: status } = statusSchema.safeParse(answered);
    if (status !== undefined) return status.collector;
    throw new ProbeError('SLUICE_PROBE_NO_COLLECTOR', `No local cloud at ${localControl}.`);
  }
  const collector = (await readStackOutputs(deployment)).get('CollectorUrl');
  if (collector !== undefined) return collector;
  const detail = `${stack.service}-${stack.stage} has no output CollectorUrl.`;
  throw new ProbeError('SLUICE_PROBE_NO_COLLECTOR', detail);
}
