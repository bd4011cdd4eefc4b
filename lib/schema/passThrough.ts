import * as z from 'zod';

/** Hosts whose traffic does not leave the machine. */
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/;

/** Whether a text is an https address, or an http one of this machine, without query, fragment and credentials. */
function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isSafe && [search, hash, username, password].every((part) => part === '');
}

/** What SDKs read under the collector's address, and from whom it is fetched: docs/sdks.md, "SDKs with one address". */
export const passThroughSchema = z
  .strictObject({
    /** Fetch from Statsig: GET from `api.statsigcdn.com`, POST from `statsigapi.net`. */
    statsig: z.literal(true, 'true').optional(),
    /**
     * Fetch from another host in Statsig's place, for example a forward proxy: `https://statsig-proxy.internal.example.com`.
     * The paths below it are Statsig's. `http://` only for this machine.
     */
    url: z
      .string('an address')
      .refine(isBaseUrl, 'https://host or https://host/base, without query; http:// only for 127.0.0.1')
      .optional(),
    /**
     * Executions at once that are kept for the function, and its most, so that it takes none from the collector. Default 20.
     * Null reserves none: AWS refuses a reservation that leaves the account fewer than 100, as in new accounts.
     * https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
     */
    concurrency: z
      .int('a whole number')
      .min(1, '1 or more: 0 would answer nothing')
      .max(10_000, '10000 at most')
      .nullable()
      .default(20),
    /**
     * Seconds for which an answer is given again to the same request: the same key, path, query, headers and body, in the
     * same execution environment. Default 5, as Statsig's forward proxy. 0 asks each time.
     */
    cacheSeconds: z.number('a number').min(0, '0 or more').max(60, '60 at most').default(5),
  })
  .refine(({ statsig, url }) => (statsig === undefined) !== (url === undefined), {
    error: '{ statsig: true } or { url: "https://…" }',
  });

/** `passThrough` of the configuration. */
export type PassThrough = z.output<typeof passThroughSchema>;
