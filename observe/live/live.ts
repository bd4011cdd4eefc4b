import type { Deployment } from '../deployment.ts';
import type { LiveAnswer } from '../facts/flow/liveEntries.ts';
import { readDeployedLive } from './deployedLive.ts';
import { type LiveOptions, MOST_WAIT_MS } from './LiveOptions.ts';
import { readLocalLive } from './localLive.ts';

/**
 * Reads what happens, as it comes: requests, and in the local cloud the rows that streams accepted. Of a deployment it reads
 * the collector's log.
 *
 * @throws ObserveError; what the clients of AWS throw.
 */
export async function readLive(deployment: Deployment, options: LiveOptions): Promise<LiveAnswer> {
  const asked = { ...options, waitMs: Math.min(options.waitMs ?? 0, MOST_WAIT_MS) };
  const { localControl } = deployment;
  return localControl === undefined
    ? readDeployedLive(deployment, asked)
    : readLocalLive({ ...deployment, localControl }, asked);
}
