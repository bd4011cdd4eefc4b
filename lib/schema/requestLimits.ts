import type { Endpoint } from './endpoint.ts';
import { gatewayQuota, type Region } from './regions.ts';

/** The limits of the HTTP API: what the stage takes, and what the account takes. */
export interface RequestLimits {
  /** The stage's rate, requests a second. */
  readonly requestsPerSecond: number;
  /** The stage's burst, requests at once. */
  readonly burst: number;
  /** The rate from which on the gateway answers 429: the lower one of the stage's and the account's. */
  readonly effectiveRequestsPerSecond: number;
}

/** Settings that determine these limits. */
interface LimitedEndpoint {
  /** The region of the deployment. */
  readonly region: Region;
  /** The endpoint as the configuration has it. */
  readonly endpoint: Endpoint;
}

/**
 * The limits of the deployment's HTTP API: `endpoint` of the configuration, and where it is silent the region's quota
 * of an account.
 */
export function requestLimits({ region, endpoint }: LimitedEndpoint): RequestLimits {
  const quota = gatewayQuota(region);
  const accountRate = endpoint.accountRequestsPerSecond ?? quota.requestsPerSecond;
  const requestsPerSecond = endpoint.requestsPerSecond ?? accountRate;
  return {
    requestsPerSecond,
    burst: endpoint.burst ?? quota.burst,
    effectiveRequestsPerSecond: Math.min(requestsPerSecond, accountRate),
  };
}

/**
 * Lambda's default for an account and region; new accounts may have 10.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const ACCOUNT_CONCURRENCY = 1_000;

/**
 * Requests a second that Lambda takes for each execution at once:
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#concurrency-vs-requests-per-second
 */
const REQUESTS_PER_EXECUTION = 10;

/** Limits on the collector's executions. */
interface Concurrency {
  /** Executions at once above which Lambda throttles the collector. */
  readonly executions: number;
  /** Requests a second above which Lambda throttles the collector. */
  readonly requestsPerSecond: number;
  /**
   * Whether these executions are the collector's own. Otherwise all functions of the account and region that have no
   * reservation share them.
   */
  readonly isReserved: boolean;
}

/** Lambda's limits of the collector: what is reserved for it, else what the account has without reservations. */
export function collectorConcurrency(collector: {
  readonly reservedConcurrency: number | null;
  readonly accountConcurrency: number | null;
}): Concurrency {
  const { reservedConcurrency, accountConcurrency } = collector;
  const executions = reservedConcurrency ?? accountConcurrency ?? ACCOUNT_CONCURRENCY;
  return {
    executions,
    requestsPerSecond: executions * REQUESTS_PER_EXECUTION,
    isReserved: reservedConcurrency !== null,
  };
}
