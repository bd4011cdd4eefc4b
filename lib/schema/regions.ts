/** Processors of Lambda, as `Architectures` names them. */
export const ARCHITECTURES = ['arm64', 'x86_64'] as const;
/** A processor of Lambda. */
export type Architecture = (typeof ARCHITECTURES)[number];

/** Requests a second that API Gateway takes in an account, and how many at once. */
interface GatewayQuota {
  /** Requests a second. */
  readonly requestsPerSecond: number;
  /** Requests at once. */
  readonly burst: number;
}

/**
 * API Gateway's quota of an account. Service Quotas shows 10,000 even where 2,500 holds, so this table is the source:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const FULL = { requestsPerSecond: 10_000, burst: 5_000 } as const;
/** The lower quota, which some regions have. */
const REDUCED = { requestsPerSecond: 2_500, burst: 1_250 } as const;

/**
 * Regions of the partition `aws` in which CloudFormation's registry has every resource type of the template, by the
 * schemas of cfn-lint 1.58.0; `npm run test:aws` compares. China and GovCloud are partitions of their own, which Statsig
 * does not reach.
 */
const QUOTAS = {
  'af-south-1': REDUCED,
  'ap-east-1': FULL,
  'ap-east-2': FULL,
  'ap-northeast-1': FULL,
  'ap-northeast-2': FULL,
  'ap-northeast-3': FULL,
  'ap-south-1': FULL,
  'ap-south-2': REDUCED,
  'ap-southeast-1': FULL,
  'ap-southeast-2': FULL,
  'ap-southeast-3': REDUCED,
  'ap-southeast-4': REDUCED,
  'ap-southeast-5': REDUCED,
  'ap-southeast-6': FULL,
  'ap-southeast-7': REDUCED,
  'ca-central-1': FULL,
  'ca-west-1': REDUCED,
  'eu-central-1': FULL,
  'eu-central-2': REDUCED,
  'eu-north-1': FULL,
  'eu-south-1': REDUCED,
  'eu-south-2': REDUCED,
  'eu-west-1': FULL,
  'eu-west-2': FULL,
  'eu-west-3': FULL,
  'il-central-1': REDUCED,
  'me-central-1': REDUCED,
  'mx-central-1': REDUCED,
  'sa-east-1': FULL,
  'us-east-1': FULL,
  'us-east-2': FULL,
  'us-west-1': FULL,
  'us-west-2': FULL,
} as const satisfies Readonly<Record<string, GatewayQuota>>;

/** Regions without Function URLs: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
const WITHOUT_FUNCTION_URLS: readonly string[] = [
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
] satisfies readonly (keyof typeof QUOTAS)[];

/** A region that the stack can be deployed to. */
export type Region = keyof typeof QUOTAS;

/** Every region that the stack can be deployed to. */
export const REGIONS: readonly Region[] = Object.keys(QUOTAS).filter(isRegion);

/** Regions of customers' buckets: S3 is also in me-south-1, which CloudFormation's registry no longer lists. */
export const BUCKET_REGIONS: readonly (Region | 'me-south-1')[] = [...REGIONS, 'me-south-1' as const].sort();

/** Whether the stack can be deployed to a region. */
export function isRegion(name: string): name is Region {
  return Object.hasOwn(QUOTAS, name);
}

/** The region's quota of an account: what API Gateway takes there unless AWS has raised it. */
export function gatewayQuota(region: Region): GatewayQuota {
  return QUOTAS[region];
}

/** Whether Lambda has Function URLs in a region. */
export function hasFunctionUrls(region: Region): boolean {
  return !WITHOUT_FUNCTION_URLS.includes(region);
}
