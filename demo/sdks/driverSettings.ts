import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** Settings that every driver takes. */
const common = {
  /** Base URL of the collector, e.g. `http://127.0.0.1:4700`. */
  collector: z.url(),
  /** Path that the events are posted to. Default: the SDK's own. */
  path: z.string().startsWith('/').optional(),
  /** SDK key: `client-…` for the browser, `secret-…` for the server. */
  key: z.string().min(1),
  /** Number of users. Default: 10. */
  users: z.int().min(1).max(10_000).default(10),
  /** Beginning of the user IDs. Default: `user`. */
  userPrefix: z.string().default('user'),
  /** Tier to report. Default: none, which Statsig takes for production. */
  environment: z.string().optional(),
};

/** Settings of SDKs that read their clock in JavaScript. Server Core reads it in native code. */
const clock = {
  /**
   * Epoch milliseconds of each day's first visit. Visits are a second apart. Default: one day, whose last visit is a
   * second ago.
   */
  days: z
    .array(z.int())
    .min(1)
    .refine((days) => days.every((day, i) => day > (days[i - 1] ?? Number.NEGATIVE_INFINITY)), 'ascending')
    .refine((days) => days.every((day) => day <= Date.now()), 'none in the future')
    .optional(),
  /** How many milliseconds the sender's clock is ahead; negative if it is behind. Default: 0. */
  clockOffsetMs: z.int().default(0),
};

/** Settings of browser SDKs. */
const browser = {
  ...common,
  ...clock,
  /** How names inside the initialize response are hashed. Default: djb2, as the browser SDK does by itself. */
  hash: z.enum(['none', 'djb2']).default('djb2'),
};

/** Settings that drivers of browser SDKs take. */
type BrowserSettings = z.output<typeof driverSettings.statsigJs>;

/** The settings of each driver, by its SDK. A driver refuses settings that it does not take. */
export const driverSettings = {
  /** Of `@statsig/statsig-node-core`. */
  nodeCore: z.strictObject(common),
  /** Of `@statsig/js-client`. */
  jsClient: z.strictObject({
    ...browser,
    /** Whether bodies are compressed with gzip. Default: false, as the SDK does for a custom URL. */
    compress: z.boolean().default(false),
  }),
  /** Of `statsig-js`. */
  statsigJs: z.strictObject(browser),
  /** Of `statsig-node`. */
  statsigNode: z.strictObject({
    ...common,
    ...clock,
    /**
     * Whether the SDK also gets its rules at the collector's address, which is for a collector that passes other
     * requests on to Statsig. Default: false, it gets them from a server of its own.
     */
    oneAddress: z.boolean().default(false),
  }),
};

/**
 * Reads a driver's settings: one JSON object as the first argument, or on stdin when there is none.
 *
 * @throws ZodError for settings that are not of the schema; SyntaxError for a text that is no JSON.
 */
export function readSettings<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
  return schema.parse(JSON.parse(process.argv[2] ?? readFileSync(0, 'utf8')));
}

/** A user of an SDK, in the form that both browser SDKs take. */
interface BrowserUser {
  /** ID of the user. */
  readonly userID: string;
  /** Language and country of the browser, as `en_GB`. */
  readonly locale: string;
  /** Other unit IDs by their names. */
  readonly customIDs: Record<string, string>;
  /** Traits of the user by their names. */
  readonly custom: Record<string, string>;
}

/**
 * One of the users of a browser SDK.
 *
 * @param i Number of the user, from 0.
 */
export function browserUser({ userPrefix }: Pick<BrowserSettings, 'userPrefix'>, i: number): BrowserUser {
  return {
    userID: `${userPrefix}-${i}`,
    locale: 'en_GB',
    customIDs: { companyID: `company-${i % 3}` },
    custom: { plan: i % 2 === 0 ? 'pro' : 'free' },
  };
}
