import * as z from 'zod';

/**
 * The far ceiling of the HTTP API's stage. What goes beyond is answered 429 by the gateway, which some SDKs take for
 * final, so it is no means against load: docs/deploy.md, "Overload".
 */
export const endpointSchema = z
  .strictObject({
    /**
     * Requests a second in the long run. Default 10,000, the quota of an account in most regions: with it raised, raise
     * this. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
     */
    requestsPerSecond: z
      .int('a whole number')
      .min(1, '1 or more: 0 would take nothing')
      .max(1_000_000, '1000000 at most')
      .default(10_000),
    /** Requests at once. Default 5,000, the quota as well. */
    burst: z.int('a whole number').min(1, '1 or more').max(1_000_000, '1000000 at most').default(5_000),
  })
  .prefault({});
