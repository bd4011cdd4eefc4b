import { readFileSync } from 'node:fs';
import { z } from 'zod';

const settingsSchema = z.strictObject({
  /** Base URL of the collector, e.g. `http://127.0.0.1:4700`. */
  collector: z.url(),
  /** Path the events are posted to; default is the SDK's own. */
  path: z.string().startsWith('/').optional(),
  /** SDK key: `client-…` for the browser, `secret-…` for the server. */
  key: z.string().min(1),
  /** How many users visit. Default 10. */
  users: z.int().min(1).max(10_000).default(10),
  /** Start of the user IDs; default `user`. */
  userPrefix: z.string().default('user'),
  /**
   * Epoch milliseconds of each day's first visit, ascending and none in the future; default now.
   * Server Core can't be taken into the past: it reads its clock in native code.
   */
  days: z.array(z.int()).min(1).optional(),
  /** How many milliseconds the sender's clock is ahead, negative for behind; Server Core's can't be set. */
  clockOffsetMs: z.int().default(0),
  /** Tier to report; default none, which Statsig takes for production. */
  environment: z.string().optional(),
  /** How names inside the initialize response are hashed; default the browser SDK's own, djb2. */
  hash: z.enum(['none', 'djb2']).default('djb2'),
  /** Gzip the bodies (browser SDK only); by default it sends plain text to a custom URL. */
  compress: z.boolean().default(false),
});

/** What a driver is told. */
export type DriverSettings = z.output<typeof settingsSchema>;

/** Reads a driver's settings: one JSON object as the first argument, or on stdin when there is none. */
export function driverSettings(): DriverSettings {
  return settingsSchema.parse(JSON.parse(process.argv[2] ?? readFileSync(0, 'utf8')));
}
