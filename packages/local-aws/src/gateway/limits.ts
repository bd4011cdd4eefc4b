/** HTTP API quotas: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
export const HTTP_API_LIMITS = {
  /** Largest body, bytes. */
  payloadBytes: 10 * 1024 * 1024,
  /** Request line and all header values together, bytes. */
  headerBytes: 10_240,
  /** Longest an integration may take, milliseconds. */
  integrationTimeoutMs: 30_000,
} as const;
