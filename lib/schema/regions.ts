/** Processors of Lambda, as `Architectures` names them. */
export const ARCHITECTURES = ['arm64', 'x86_64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Values that differ between regions. */
interface RegionFacts {
  /** Requests a second that API Gateway takes in an account, and how many at once. */
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** Whether AWS has announced Lambda's arm64 there. */
  readonly arm64: boolean;
}

/**
 * API Gateway's quota of an account. Service Quotas shows 10,000 even where 2,500 holds, so this table is the source:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
const FULL = { requestsPerSecond: 10_000, burst: 5_000 } as const;
const REDUCED = { requestsPerSecond: 2_500, burst: 1_250 } as const;

/**
 * Lambda's arm64, by AWS's announcements: ten regions at first
 * (https://aws.amazon.com/about-aws/whats-new/2021/09/better-price-performance-aws-lambda-functions-aws-graviton2-processor/),
 * then twelve (https://aws.amazon.com/about-aws/whats-new/2022/10/aws-lambda-functions-graviton2-12-regions/), then six
 * (https://aws.amazon.com/about-aws/whats-new/2023/08/aws-lambda-functions-graviton2-6-regions/). Of later regions AWS
 * only says that most have it, so they need `architecture: 'x86_64'`.
 */
const ARM64 = { arm64: true } as const;
const NO_ARM64 = { arm64: false } as const;

/**
 * Regions of the partition `aws` in which CloudFormation's registry has every resource type of the template, by the
 * schemas of cfn-lint 1.58.0; `npm run test:aws` compares. China and GovCloud are partitions of their own, which Statsig
 * does not reach.
 */
const FACTS = {
  'af-south-1': { ...REDUCED, ...ARM64 },
  'ap-east-1': { ...FULL, ...ARM64 },
  'ap-east-2': { ...FULL, ...NO_ARM64 },
  'ap-northeast-1': { ...FULL, ...ARM64 },
  'ap-northeast-2': { ...FULL, ...ARM64 },
  'ap-northeast-3': { ...FULL, ...ARM64 },
  'ap-south-1': { ...FULL, ...ARM64 },
  'ap-south-2': { ...REDUCED, ...ARM64 },
  'ap-southeast-1': { ...FULL, ...ARM64 },
  'ap-southeast-2': { ...FULL, ...ARM64 },
  'ap-southeast-3': { ...REDUCED, ...ARM64 },
  'ap-southeast-4': { ...REDUCED, ...ARM64 },
  'ap-southeast-5': { ...REDUCED, ...NO_ARM64 },
  'ap-southeast-6': { ...FULL, ...NO_ARM64 },
  'ap-southeast-7': { ...REDUCED, ...NO_ARM64 },
  'ca-central-1': { ...FULL, ...ARM64 },
  'ca-west-1': { ...REDUCED, ...NO_ARM64 },
  'eu-central-1': { ...FULL, ...ARM64 },
  'eu-central-2': { ...REDUCED, ...ARM64 },
  'eu-north-1': { ...FULL, ...ARM64 },
  'eu-south-1': { ...REDUCED, ...ARM64 },
  'eu-south-2': { ...REDUCED, ...ARM64 },
  'eu-west-1': { ...FULL, ...ARM64 },
  'eu-west-2': { ...FULL, ...ARM64 },
  'eu-west-3': { ...FULL, ...ARM64 },
  'il-central-1': { ...REDUCED, ...ARM64 },
  'me-central-1': { ...REDUCED, ...ARM64 },
  'mx-central-1': { ...REDUCED, ...NO_ARM64 },
  'sa-east-1': { ...FULL, ...ARM64 },
  'us-east-1': { ...FULL, ...ARM64 },
  'us-east-2': { ...FULL, ...ARM64 },
  'us-west-1': { ...FULL, ...ARM64 },
  'us-west-2': { ...FULL, ...ARM64 },
} as const satisfies Readonly<Record<string, RegionFacts>>;

/** A region that the stack can be deployed to. */
export type Region = keyof typeof FACTS;

/** Every region that the stack can be deployed to. */
export const REGIONS: readonly Region[] = Object.keys(FACTS).filter(isRegion);

/** Regions of customers' buckets: S3 is also in me-south-1, which CloudFormation's registry no longer lists. */
export const BUCKET_REGIONS: readonly (Region | 'me-south-1')[] = [...REGIONS, 'me-south-1' as const].sort();

/** Whether the stack can be deployed to a region. */
export function isRegion(name: string): name is Region {
  return Object.hasOwn(FACTS, name);
}

/** Whether AWS has announced that Lambda runs functions on arm64 in a region. */
export function hasArm64(region: Region): boolean {
  return FACTS[region].arm64;
}

/**
 * Regions without Function URLs: https://docs.aws.amazon.com/lambda/latest/dg/lambda-urls.html
 */
const WITHOUT_FUNCTION_URLS: ReadonlySet<Region> = new Set<Region>([
  ...(['ap-east-2', 'ap-south-2', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6'] as const),
  ...(['ap-southeast-7', 'ca-west-1', 'eu-central-2', 'eu-south-2', 'il-central-1', 'me-central-1'] as const),
]);

/** Whether Lambda has Function URLs in a region. */
export function hasFunctionUrls(region: Region): boolean {
  return !WITHOUT_FUNCTION_URLS.has(region);
}

/** The region's quota of an account: what API Gateway takes there unless AWS has raised it. */
export function gatewayQuota(region: Region): Pick<RegionFacts, 'requestsPerSecond' | 'burst'> {
  return FACTS[region];
}
