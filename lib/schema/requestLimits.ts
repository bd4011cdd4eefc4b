import type { Config } from './config.ts';
import { gatewayQuota } from './regions.ts';

/** The limits of the HTTP API: what the stage takes, and what the account takes. */
export interface RequestLimits {
  /** The stage's rate, requests a second. */
  readonly requestsPerSecond: number;
  /** The stage's burst, requests at once. */
  readonly burst: number;
  /** The rate from which on the gateway answers 429: the lower one of the stage's and the account's. */
  readonly effectiveRequestsPerSecond: number;
}

/**
 * The limits of the deployment's HTTP API: `endpoint` of the configuration, and where it is silent the region's quota
 * of an account.
 */
export function requestLimits({ region, endpoint }: Pick<Config, 'region' | 'endpoint'>): RequestLimits {
  const quota = gatewayQuota(region);
  const accountRate = endpoint.accountRequestsPerSecond ?? quota.requestsPerSecond;
  const requestsPerSecond = endpoint.requestsPerSecond ?? accountRate;
  return {
    requestsPerSecond,
    burst: endpoint.burst ?? quota.burst,
    effectiveRequestsPerSecond: Math.min(requestsPerSecond, accountRate),
  };
}
