import * as z from 'zod';
import { parseArn } from '../base/arn.ts';
import { unexpected } from '../base/text.ts';
import { certificateArn, domainName, logDays } from './fields/platform.ts';
import { whole } from './formats.ts';
import { noted } from './noted.ts';
import { gatewayQuota, hasFunctionUrls, type Region } from './regions.ts';

/** The kinds of endpoints that SDKs can post to. */
const ENDPOINT_KINDS = ['http-api', 'function-url', 'both'] as const;

/** Requests a second, or at once. `because` says why the number is bounded. */
const rate = (because?: string) => whole('a whole number', 1, 1_000_000, because);

/** Where SDKs post to, and how much it takes. */
export const endpointSchema = z
  .strictObject({
    kind: noted(
      z.enum(ENDPOINT_KINDS, 'http-api, function-url or both').default('http-api'),
      '`http-api` (API Gateway), `function-url`, or `both` while SDKs move: [A Function URL](endpoint.md#a-function-url).',
    ),
    domain: noted(
      domainName().nullable().default(null),
      'A domain of your own for the gateway, with `certificateArn`: [A domain of your own](platform.md#a-domain-of-your-own).',
      "SDKs post to the gateway's own address",
    ),
    certificateArn: noted(
      certificateArn().nullable().default(null),
      'The certificate of `domain`, in AWS Certificate Manager, in the region of the stack.',
      'none',
    ),
    accessLogDays: noted(
      logDays().nullable().default(null),
      "Days for which the gateway's [access log](endpoint.md#an-access-log) is kept.",
      'no such log',
    ),
    requestsPerSecond: noted(
      rate('0 would take nothing').nullable().default(null),
      "Requests a second that the gateway's stage takes.",
      'as many as the account takes in the region',
    ),
    burst: noted(
      rate().nullable().default(null),
      'Requests at once that the stage takes.',
      "the account's quota in the region, 5,000 or 1,250",
    ),
    accountRequestsPerSecond: noted(
      rate().nullable().default(null),
      'Requests a second that API Gateway takes for the whole account in the region.',
      'the quota of the region, 10,000 or 2,500',
    ),
  })
  .prefault({});

/** `endpoint` of the configuration. */
export type Endpoint = z.output<typeof endpointSchema>;

/** Hosts whose traffic does not leave the machine. */
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/** Whether a text is an https address, or an http one of this machine, without query, fragment and credentials. */
function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isSafe && [search, hash, username, password].every((part) => part === '');
}

/** Reads of SDKs under the collector's address, and their hosts: docs/sdks.md, "SDKs with one address". */
export const passThroughSchema = z
  .strictObject({
    statsig: noted(
      z.literal(true, 'true').optional(),
      'Fetch from Statsig: GET from `api.statsigcdn.com`, POST from `statsigapi.net`.',
      '`url` says from where',
    ),
    url: noted(
      z
        .string('an address')
        .refine(isBaseUrl, 'https://host or https://host/base, without query; http:// only for 127.0.0.1')
        .optional(),
      "Fetch from another host in Statsig's place, for example a forward proxy.",
      '`statsig: true`',
    ),
  })
  .refine((host) => (host.statsig === undefined) !== (host.url === undefined), {
    error: '{ statsig: true } or { url: "https://…" }',
  });

/** `passThrough` of the configuration. */
export type PassThrough = z.output<typeof passThroughSchema>;

/** Whether there is an API Gateway. */
export function hasGateway({ kind }: Pick<Endpoint, 'kind'>): boolean {
  return kind !== 'function-url';
}

/** Whether there is a Function URL. */
export function hasFunctionUrl({ kind }: Pick<Endpoint, 'kind'>): boolean {
  return kind !== 'http-api';
}

/** Finds settings that are valid alone but not together. */
export function endpointProblems(
  { kind, accessLogDays, domain, certificateArn: certificate }: Endpoint,
  passThrough: PassThrough | null = null,
): string[] {
  const problems: string[] = [];
  if (domain === null && certificate !== null)
    problems.push(
      unexpected('endpoint.domain', null, 'the domain name that `endpoint.certificateArn` is for'),
    );
  if (domain !== null && certificate === null)
    problems.push(
      unexpected('endpoint.certificateArn', null, 'the ARN of the certificate for `endpoint.domain`'),
    );
  if (kind !== 'function-url') return problems;
  return [
    ...problems,
    ...(domain === null
      ? []
      : [
          unexpected(
            'endpoint.domain',
            domain,
            'null with `endpoint.kind` function-url, as only CloudFront gives a Function URL a domain: examples/waf has a template. Or set `endpoint.kind` to http-api or both',
          ),
        ]),
    ...(accessLogDays === null
      ? []
      : ['endpoint.accessLogDays: expected null, as a Function URL has no log of requests.']),
    ...(passThrough === null
      ? []
      : [
          'passThrough: expected null with `endpoint.kind` function-url, which is the address of one function. Set `endpoint.kind` to http-api or both.',
        ]),
  ];
}

/** Settings that a region must fit. */
export interface RegionalSettings {
  /** The kind of the endpoint. */
  readonly endpoint: Pick<Endpoint, 'kind'>;
  /** The key of a bucket that exists already; null without one. */
  readonly existing: { readonly keyArn: string | null };
  /** The key of the log groups; null without one. */
  readonly logs: { readonly kmsKeyArn: string | null };
}

/** What of a configuration does not fit the region of the deployment. */
export interface RegionProblem {
  /** `functionUrl`: the region has none. `key`, `logsKey`: the bucket's key, or that of the log groups, is of another region. */
  readonly kind: 'functionUrl' | 'key' | 'logsKey';
  /** A sentence with field and value. */
  readonly text: string;
}

/**
 * Finds a Function URL in a region that has none, and keys of another region. S3 would look at its key only with the first
 * object, and CloudWatch Logs would stop the deployment at the first log group.
 *
 * @param region The deployment's region, which `--region` may have chosen.
 */
export function regionProblems(
  region: Region,
  { endpoint, existing, logs }: RegionalSettings,
): readonly RegionProblem[] {
  const problems: RegionProblem[] = [];
  if (hasFunctionUrl(endpoint) && !hasFunctionUrls(region))
    problems.push({
      kind: 'functionUrl',
      text: unexpected(
        'endpoint.kind',
        endpoint.kind,
        `"http-api", as Lambda has no Function URLs in ${region}`,
      ),
    });
  const keys = [
    { kind: 'key', field: 'existing.keyArn', arn: existing.keyArn, place: 'the bucket is' },
    { kind: 'logsKey', field: 'logs.kmsKeyArn', arn: logs.kmsKeyArn, place: 'the log groups are' },
  ] as const;
  for (const { kind, field, arn, place } of keys) {
    if (arn === null) continue;
    const { region: keyRegion } = parseArn(arn);
    if (keyRegion !== region) {
      const text = `${field}: got a key of ${keyRegion}, expected one of ${region}, where ${place}.`;
      problems.push({ kind, text });
    }
  }
  return problems;
}

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
export interface LimitedEndpoint {
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

/** Lambda's default for an account and region; new accounts may have 10. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const ACCOUNT_CONCURRENCY = 1_000;

/** Requests a second that Lambda takes for each execution at once: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#concurrency-vs-requests-per-second */
const REQUESTS_PER_EXECUTION = 10;

/** Limits on the collector's executions. */
export interface Concurrency {
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
