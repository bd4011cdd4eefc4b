const GB = 2 ** 30;

/**
 * List prices of us-east-1 in USD, on demand, first tier, without the free tier. All prices are in this file: check the pages
 * of the services, `https://aws.amazon.com/<service>/pricing/`, before you quote a figure.
 */
export const prices = {
  /** A request to an HTTP API, per started 512 KB: api-gateway. */
  httpApiRequest: 1 / 1e6,
  /** An invocation, and a GB-second by the millisecond: lambda. */
  lambdaRequest: 0.2 / 1e6,
  lambdaGbSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 },
  /** A byte put directly, each record rounded up to 5 KB: firehose. */
  firehoseByte: 0.029 / GB,
  /** A byte stored for a month in S3 Standard, an object put, and one read: s3. */
  s3ByteMonth: 0.023 / GB,
  s3Put: 0.005 / 1_000,
  s3Get: 0.0004 / 1_000,
  /** An event of a bucket that sends its events to EventBridge, whether or not a rule matches it: eventbridge. */
  s3Event: 1 / 1e6,
  /** A request to a standard queue, per started 64 KB: sqs. */
  sqsRequest: 0.4 / 1e6,
  /** A byte of ingested logs, with 26 bytes a line; a custom metric; a metric that an alarm reads: cloudwatch. */
  logByte: 0.5 / GB,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  /** A customer-managed key: kms. */
  keyMonth: 1,
  /** A secret: secrets-manager. */
  secretMonth: 0.4,
} as const;

/** HTTP APIs meter requests in these steps: https://aws.amazon.com/api-gateway/pricing/ */
export const HTTP_API_STEP_BYTES = 512 * 1024;

/**
 * Athena's list price for SQL in us-east-1 and most other regions. Athena bills the bytes that a query reads, rounded up to
 * a megabyte, at least 10 MB; failed queries and DDL are free. https://aws.amazon.com/athena/pricing/
 */
export const ATHENA_PRICE = { usdPerTerabyte: 5, leastBytes: 10_000_000 } as const;
