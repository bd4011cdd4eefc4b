/** One list price of AWS. */
interface Price {
  readonly usd: number;
  /** The unit of the price. */
  readonly per: string;
  readonly source: string;
}

const GB = 2 ** 30;

/**
 * List prices of us-east-1, on demand, first tier, without the free tier. All prices are in this file: check the sources before
 * you quote a figure.
 */
export const prices = {
  httpApiRequest: {
    usd: 1 / 1e6,
    per: 'request to an HTTP API, per started 512 KB',
    source: 'https://aws.amazon.com/api-gateway/pricing/',
  },
  lambdaRequest: { usd: 0.2 / 1e6, per: 'invocation', source: 'https://aws.amazon.com/lambda/pricing/' },
  lambdaGbSecond: {
    usd: 0.0000133334,
    per: 'GB-second on arm64, by the millisecond',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  lambdaGbSecondX86: {
    usd: 0.0000166667,
    per: 'GB-second on x86_64, by the millisecond',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  firehoseByte: {
    usd: 0.029 / GB,
    per: 'byte put directly, each record rounded up to 5 KB',
    source: 'https://aws.amazon.com/firehose/pricing/',
  },
  s3ByteMonth: {
    usd: 0.023 / GB,
    per: 'byte stored for a month in S3 Standard',
    source: 'https://aws.amazon.com/s3/pricing/',
  },
  s3Put: { usd: 0.005 / 1_000, per: 'object put', source: 'https://aws.amazon.com/s3/pricing/' },
  s3Event: {
    usd: 1 / 1e6,
    per: 'event of a bucket that sends its events to EventBridge, whether or not a rule matches it',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  s3Get: { usd: 0.0004 / 1_000, per: 'object read', source: 'https://aws.amazon.com/s3/pricing/' },
  sqsRequest: {
    usd: 0.4 / 1e6,
    per: 'request to a standard queue, per started 64 KB',
    source: 'https://aws.amazon.com/sqs/pricing/',
  },
  kmsCall: {
    usd: 0.03 / 10_000,
    per: 'request with a symmetric key',
    source: 'https://aws.amazon.com/kms/pricing/',
  },
  transferByte: {
    usd: 0.09 / GB,
    per: 'byte sent to the internet',
    source: 'https://aws.amazon.com/ec2/pricing/on-demand/',
  },
  athenaByte: {
    usd: 5 / 2 ** 40,
    per: 'byte that a query reads, 10 MB at least',
    source: 'https://aws.amazon.com/athena/pricing/',
  },
  logByte: {
    usd: 0.5 / GB,
    per: 'byte of ingested logs, with 26 bytes per line',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  metricMonth: {
    usd: 0.3,
    per: 'custom metric and month; a metric is a name with its dimensions',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  metricRead: {
    usd: 0.01 / 1_000,
    per: 'metric that GetMetricData reads',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  alarmMonth: {
    usd: 0.1,
    per: 'month and metric that an alarm reads',
    source: 'https://aws.amazon.com/cloudwatch/pricing/',
  },
  keyMonth: { usd: 1, per: 'customer-managed key and month', source: 'https://aws.amazon.com/kms/pricing/' },
  secretMonth: {
    usd: 0.4,
    per: 'secret and month',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
  secretCall: {
    usd: 0.05 / 10_000,
    per: 'call to Secrets Manager',
    source: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
} as const satisfies Record<string, Price>;

/** HTTP APIs meter requests in these steps: https://aws.amazon.com/api-gateway/pricing/ */
export const HTTP_API_STEP_BYTES = 512 * 1024;

/** CloudWatch Logs adds this number of bytes to each line: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
export const LOG_LINE_OVERHEAD_BYTES = 26;

/**
 * Athena's list price for SQL in us-east-1 and most other regions. Athena bills the bytes that a query reads, rounded up to
 * a megabyte, at least 10 MB; failed queries and DDL are free. https://aws.amazon.com/athena/pricing/
 */
export const ATHENA_PRICE = { usdPerTerabyte: 5, leastBytes: 10_000_000 } as const;

const TERABYTE = 1_000_000_000_000;

/** The price of one query in USD, by the bytes that it reads. */
export function queryCost(bytes: number): number {
  return (Math.max(bytes, ATHENA_PRICE.leastBytes) / TERABYTE) * ATHENA_PRICE.usdPerTerabyte;
}

/** An amount for people: with cents from $0.10, else with two significant digits, e.g. `$2.40`, `$0.0059`. */
export function usd(amount: number): string {
  if (amount >= 0.1) return `$${amount.toFixed(2)}`;
  const digits = Math.max(2, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(digits).replace(/0+$/, '')}`;
}
