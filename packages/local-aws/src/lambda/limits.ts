/** Lambda's limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const LAMBDA_LIMITS = {
  /** Largest request payload of a synchronous invocation, bytes. */
  requestBytes: 6 * 1024 * 1024,
  /** Largest response payload of a synchronous invocation, bytes. */
  responseBytes: 6 * 1024 * 1024,
} as const;
