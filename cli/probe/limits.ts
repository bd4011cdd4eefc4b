const KIB = 1_024;
/** Limit of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAMBDA_REQUEST_BYTES = 6 * KIB * KIB;
/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const HTTP_API_PAYLOAD_BYTES = 10 * KIB * KIB;

/** Sizes of the bodies around the limits of Lambda and the gateway, in bytes: docs/limits.md. */
export const BODY_BYTES = {
  /** Lambda also counts the event around the body, for which 64 KiB are left. */
  textUnderLimit: LAMBDA_REQUEST_BYTES - 64 * KIB,
  /** Base64 adds a third. */
  binaryUnderLimit: Math.floor(4.4 * KIB * KIB),
  overLambdaLimit: LAMBDA_REQUEST_BYTES + 512 * KIB,
  overGatewayLimit: HTTP_API_PAYLOAD_BYTES + 64 * KIB,
} as const;

/** Events of one request that are followed individually: more than fit in a Firehose record. */
export const PACKED_EVENTS = 600;

/** Timeout of a request, milliseconds: an HTTP API times out after 30 s, and sending 10 MiB takes time. */
export const REQUEST_TIMEOUT_MS = 120_000;

/** Timeout of a query, milliseconds. */
export const QUERY_TIMEOUT_MS = 120_000;

/** Interval between two queries for rows of a deployment, milliseconds. */
export const LOOK_EVERY_MS = 20_000;
/** The same interval in the local cloud, where a flush delivers rows at once. */
export const LOOK_LOCALLY_EVERY_MS = 500;

/** Additional time to wait for rows, milliseconds. */
export const EXTRA_WAIT_MS = 180_000;

/** Attempts of the series of conditional writes, in which a call can fail transiently. */
export const CONDITIONAL_TRIES = 3;

/** Maximum time for metrics after the last row, milliseconds: CloudWatch extracts them from logs. */
export const METRICS_WAIT_MS = 180_000;
/** Period in which a look of the writer is expected, milliseconds: there is one every hour. */
export const SCHEDULED_MS = 70 * 60_000;
