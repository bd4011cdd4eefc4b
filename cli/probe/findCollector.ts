import * as z from 'zod';
import type { Deployment } from '../../observe/deployment.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { readStackOutputs } from '../../observe/facts/flow/stackOutputs.ts';
import { ProbeError } from './Probe.ts';

/** The part of the local cloud's control API that a probe reads: docs/local.md, "Control". */
const statusSchema = z.object({ collector: z.string() });

/**
 * Finds the collector's URL: of a deployment in the outputs of its stack, of the local cloud in its status.
 *
 * @throws ProbeError `SLUICE_PROBE_NO_COLLECTOR`, `SLUICE_PROBE_NOT_ALLOWED`; AwsAccessError.
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
  try {
    const collector = (await readStackOutputs(deployment)).get('CollectorUrl');
    if (collector !== undefined) return collector;
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    // CloudFormation has no specific error for a stack that does not exist.
    const isMissing = problem.name === 'ValidationError';
    const code = isMissing ? 'SLUICE_PROBE_NO_COLLECTOR' : 'SLUICE_PROBE_NOT_ALLOWED';
    throw new ProbeError(code, problem.detail, { cause: error });
  }
  throw new ProbeError(
    'SLUICE_PROBE_NO_COLLECTOR',
    `${stack.service}-${stack.stage} has no output CollectorUrl.`,
  );
}
