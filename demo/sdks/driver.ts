import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { sum } from '../../lib/base/sum.ts';
import { utcDay } from '../../lib/base/time.ts';

/** The settings of a driver, which the demo hands over as JSON. */
const settingsSchema = z.strictObject({
  /** Base URL of the collector, e.g. `http://127.0.0.1:4700`. */
  collector: z.url(),
  /** Path that the events are posted to. Default: the SDK's own. */
  path: z.string().startsWith('/').optional(),
  /** Whether the SDK gets its rules at the collector's address, too: `passThrough`. Default: false. */
  oneAddress: z.boolean().default(false),
  /** SDK key: `client-…` for the browser, `secret-…` for the server. */
  key: z.string().min(1),
  /** Number of users. Default: 10. */
  users: z.int().min(1).max(10_000).default(10),
  /** Beginning of the user IDs. Default: `user`. */
  userPrefix: z.string().default('user'),
  /**
   * Epoch milliseconds of each day's first visit, ascending and none in the future. Default: now. Server Core cannot
   * have it, because it reads its clock in native code.
   */
  days: z.array(z.int()).min(1).optional(),
  /**
   * How many milliseconds the sender's clock is ahead; negative if it is behind. The clock of Server Core can't be set.
   */
  clockOffsetMs: z.int().default(0),
  /** Tier to report. Default: none, which Statsig takes for production. */
  environment: z.string().optional(),
  /** How names inside the initialize response are hashed. Default: djb2, as the browser SDK does by itself. */
  hash: z.enum(['none', 'djb2']).default('djb2'),
  /**
   * Whether bodies are compressed with gzip, by the browser SDK only. By default it sends plain text to a custom URL.
   */
  compress: z.boolean().default(false),
});

/** The settings of a driver. */
export type DriverSettings = z.output<typeof settingsSchema>;

/** Reads a driver's settings: one JSON object as the first argument, or on stdin when there is none. */
export function driverSettings(): DriverSettings {
  return settingsSchema.parse(JSON.parse(process.argv[2] ?? readFileSync(0, 'utf8')));
}

/** A user of an SDK, in the form that both browser SDKs take. */
export interface DrivenUser {
  /** ID of the user. */
  readonly userID: string;
  /** `en_GB` */
  readonly locale: string;
  /** Other unit IDs by their names. */
  readonly customIDs: Record<string, string>;
  /** Traits of the user by their names. */
  readonly custom: Record<string, string>;
}

/** One of the users of a browser SDK. @param i Its number, from 0. */
export function browserUser({ userPrefix }: Pick<DriverSettings, 'userPrefix'>, i: number): DrivenUser {
  return {
    userID: `${userPrefix}-${i}`,
    locale: 'en_GB',
    customIDs: { companyID: `company-${i % 3}` },
    custom: { plan: i % 2 === 0 ? 'pro' : 'free' },
  };
}

/** The part of a logged event that the tally looks at. */
export interface SentEvent {
  /** Name of the event, which begins with `statsig::` for an exposure. */
  readonly eventName: string;
  /** Time of the event, epoch milliseconds. */
  readonly time: number;
  /** The experiment of an exposure, to count rows by group. */
  readonly experiment?: string;
  /** The rule that an exposure states; absent for other events. */
  readonly ruleId?: string;
}

/** The events that an SDK logged, as the drivers print them. The demo compares the stored rows with them. */
export interface Sent {
  /** Exposures of gates. */
  gate: number;
  /** Exposures of dynamic configs and experiments. */
  config: number;
  /** Exposures of layers. */
  layer: number;
  /** Custom events by name. */
  custom: Record<string, number>;
  /** SDK telemetry by name, which the collector counts and does not store. */
  telemetry: Record<string, number>;
}

/** What each event of an exposure is of. */
const EXPOSURES = new Map<string, 'gate' | 'config' | 'layer'>([
  ['statsig::gate_exposure', 'gate'],
  ['statsig::config_exposure', 'config'],
  ['statsig::layer_exposure', 'layer'],
]);

/** Counts what an SDK sent: in total, by UTC day and, for experiments, by group. */
export class SentTally {
  /** What the SDK has logged so far. */
  readonly sent: Sent = { gate: 0, config: 0, layer: 0, custom: {}, telemetry: {} };
  /** Rows by UTC day and table. */
  readonly byDay: Record<string, { exposures: number; events: number }> = {};
  /** Exposure rows by experiment and rule ID. */
  readonly groups: Record<string, Record<string, number>> = {};

  /** Total of the rows in the tables. */
  get rows(): number {
    return sum(Object.values(this.byDay).map(({ exposures, events }) => exposures + events));
  }

  /** Counts events that happen now. @param now The clock of the SDK. */
  counter(now: () => number): (eventName: string, experiment?: string, ruleId?: string) => void {
    return (eventName, experiment, ruleId) =>
      this.count({
        eventName,
        time: now(),
        ...(experiment !== undefined && ruleId !== undefined ? { experiment, ruleId } : {}),
      });
  }

  /** The line that a driver prints: all counts as JSON. */
  line(sdk: string): string {
    const { sent, byDay, groups } = this;
    return `${JSON.stringify({ sdk, sent, byDay, groups })}\n`;
  }

  /** Counts an event that the SDK has logged. */
  count(event: SentEvent): void {
    const exposure = EXPOSURES.get(event.eventName);
    if (exposure === undefined && event.eventName.startsWith('statsig::')) {
      this.sent.telemetry[event.eventName] = (this.sent.telemetry[event.eventName] ?? 0) + 1;
      return;
    }
    const day = utcDay(event.time);
    const rows = this.byDay[day] ?? { exposures: 0, events: 0 };
    this.byDay[day] = rows;
    if (exposure === undefined) {
      this.sent.custom[event.eventName] = (this.sent.custom[event.eventName] ?? 0) + 1;
      rows.events += 1;
      return;
    }
    this.sent[exposure] += 1;
    rows.exposures += 1;
    if (event.experiment !== undefined && event.ruleId !== undefined) {
      const group = this.groups[event.experiment] ?? {};
      group[event.ruleId] = (group[event.ruleId] ?? 0) + 1;
      this.groups[event.experiment] = group;
    }
  }
}
