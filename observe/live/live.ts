import type { Deployment } from '../deployment.ts';
import type { LiveAnswer, LiveOptions } from '../facts/flow/liveEntries.ts';
import { readDeployedLive } from './deployedLive.ts';
import { readLocalLive } from './localLive.ts';

/** The longest wait of one read. */
const MOST_WAIT_MS = 25_000;
/** Entries of one answer. */
const USUAL_ENTRIES = 500;

/**
 * Reads what happens, as it comes: requests, and in the local cloud the rows that streams accepted. Of a deployment it reads
 * the collector's log.
 *
 * @throws ObserveError; what the clients of AWS throw.
 */
export async function readLive(deployment: Deployment, options: LiveOptions): Promise<LiveAnswer> {
  const { waitMs = 0, most = USUAL_ENTRIES, ...rest } = options;
  const asked = { ...rest, most, waitMs: Math.min(waitMs, MOST_WAIT_MS) };
  return deployment.localControl === undefined
    ? readDeployedLive(deployment, asked)
    : readLocalLive(deployment, asked);
}
