/** Milliseconds for which a client waits for a connection. */
export const CONNECT_MS = {
  /** Of most calls, also of S3's in a request that a sender waits for. */
  usual: 2_000,
  /** Of Firehose and of the relay's queue in a request that a sender waits for: what they do not take becomes an object. */
  ofSender: 1_000,
} as const;

/** Milliseconds for which a client waits for the head of an answer. */
export const ANSWER_MS = {
  /** Of most calls. */
  usual: 5_000,
  /** Of S3 and Glue, which may take longer. */
  long: 10_000,
} as const;

/**
 * How long a client waits in one attempt of a call before that fails with a `TimeoutError`. The client may make the
 * attempt again: that is one of the errors that it calls transient,
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
interface ClientLimits {
  /** Milliseconds until there is a connection. */
  readonly connectionTimeout: number;
  /**
   * Milliseconds from the beginning of the request until there is the head of the answer. The body has no limit:
   * https://github.com/smithy-lang/smithy-typescript/blob/main/packages/node-http-handler/src/node-http-handler.ts
   */
  readonly requestTimeout: number;
  /** Without it, the SDK only warns. */
  readonly throwOnRequestTimeout: true;
}

/**
 * Limits of a client of AWS, its `requestHandler`. The SDK has none of its own:
 * https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-timeouts.html
 *
 * @param waits Milliseconds for the head of an answer, and for a connection. Default: the usual time for a connection.
 */
export function clientLimits(waits: {
  readonly answerMs: number;
  readonly connectMs?: number;
}): ClientLimits {
  const { answerMs, connectMs = CONNECT_MS.usual } = waits;
  return { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true };
}
