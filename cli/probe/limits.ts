const KIB = 1_024;
/** Of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAMBDA_REQUEST_BYTES = 6 * KIB * KIB;
/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const HTTP_API_PAYLOAD_BYTES = 10 * KIB * KIB;

/** Bytes of the bodies that are sent around the limits of Lambda and the gateway, docs/limits.md. */
export const BODY_BYTES = {
  /** Lambda counts the event around the body, too: 64 KiB are left for it. */
  textUnderLimit: LAMBDA_REQUEST_BYTES - 64 * KIB,
  /** As base64 it is a third more. */
  binaryUnderLimit: Math.floor(4.4 * KIB * KIB),
  overLambdaLimit: LAMBDA_REQUEST_BYTES + 512 * KIB,
  overGatewayLimit: HTTP_API_PAYLOAD_BYTES + 64 * KIB,
} as const;

/** Events of one request that are followed one by one: more than a Firehose record holds. */
export const PACKED_EVENTS = 600;

/** Events of the slowest request, the most that a body may have, and how many bytes of metadata each. */
export const SLOW_EVENTS = 100_000;
/** Bytes of metadata of each of them. */
export const SLOW_EVENT_BYTES = 240;

/** How long an answer may take, milliseconds: HTTP APIs give up after 30 s, and 10 MiB take their time. */
export const REQUEST_TIMEOUT_MS = 120_000;

/** How long writing an object may take, milliseconds. */
export const PUT_TIMEOUT_MS = 30_000;

/** An answer later than this is too late for the SDKs of Go and Python, milliseconds. */
export const PATIENCE_MS = 3_000;

/** The most requests of a burst, and how many are under way at once. */
export const MAX_BURST = 20_000;
/** Requests of a burst that are under way at once. */
export const BURST_AT_ONCE = 200;

/** How long a query may take, milliseconds. */
export const QUERY_TIMEOUT_MS = 120_000;

/** Pause between two looks for rows, milliseconds: deployed, and locally, where a flush brings them. */
export const LOOK_EVERY_MS = 20_000;
/** The same locally, where a flush brings rows at once. */
export const LOOK_LOCALLY_EVERY_MS = 500;

/** Firehose takes up to 1.5 times the buffer's interval: the source is in landingQuestions.ts. */
export const DELIVERY_FACTOR = 1.5;
/** For registering the partition and for the query, milliseconds. */
export const DELIVERY_MARGIN_MS = 60_000;
/** How much longer rows are waited for, milliseconds. */
export const EXTRA_WAIT_MS = 180_000;

/** Series of conditional writes that are begun: a call of each may fail in passing. */
export const CONDITIONAL_TRIES = 3;

/** How long metrics may take after the last row, milliseconds: CloudWatch reads them out of logs. */
export const METRICS_WAIT_MS = 180_000;
/** How far back a run of the stragglers is looked for, milliseconds: there is one every five minutes. */
export const SCHEDULED_MS = 20 * 60_000;

/** The largest day that is loaded again to see whether DuckDB starts, bytes. */
export const MAX_LOAD_BYTES = 64 * KIB * KIB;
/** How long a load may take after the last row, milliseconds: Lambda, two queues and a file of 64 MiB. */
export const LOAD_WAIT_MS = 180_000;
