import * as z from 'zod';

const rate = () => z.int('a whole number').max(1_000_000, '1000000 at most');

/**
 * The ceiling of the HTTP API's stage. The gateway answers 429 beyond it, which some SDKs take as final, so it is no
 * means against load: docs/deploy.md, "Overload".
 */
export const endpointSchema = z
  .strictObject({
    /**
     * Requests a second that the stage takes. Default null: as many as the account takes in the region.
     */
    requestsPerSecond: rate().min(1, '1 or more: 0 would take nothing').nullable().default(null),
    /** Requests at once that the stage takes. Default null: the account's quota in the region, 5,000 or 1,250. */
    burst: rate().min(1, '1 or more').nullable().default(null),
    /**
     * Requests a second that AWS takes for the whole account in the region. Default null: the quota of the region,
     * 10,000 or 2,500 (lib/schema/regions.ts). Set it after AWS has raised yours: the alarm `stage-limit` goes by it.
     * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
     */
    accountRequestsPerSecond: rate().min(1, '1 or more').nullable().default(null),
  })
  .prefault({});
