/** Milliseconds for which a client waits for a connection: of any call, and of one that a sender waits for. */
export const CONNECT_MS = { usual: 2_000, ofSender: 1_000 };
/** Milliseconds for which a client waits for an answer: of a small one, and of one that may take longer. */
export const ANSWER_MS = { small: 5_000, large: 10_000 };

/** How long the client waits before a call fails with a `TimeoutError`. */
export interface ClientLimits {
  /** Milliseconds until there is a connection. */
  readonly connectionTimeout: number;
  /** Milliseconds until there is an answer. */
  readonly requestTimeout: number;
  /** Without it, the SDK only warns. */
  readonly throwOnRequestTimeout: boolean;
}

/**
 * Limits of a client of AWS, its `requestHandler`. The SDK has none of its own:
 * https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-timeouts.html
 */
export function clientLimits(requestTimeout: number, connectionTimeout = CONNECT_MS.usual): ClientLimits {
  return { connectionTimeout, requestTimeout, throwOnRequestTimeout: true };
}
