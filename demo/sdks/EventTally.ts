import * as z from 'zod';
import { sum } from '../../lib/base/sum.ts';
import { utcDay } from '../../lib/base/time.ts';
import { EXPOSURE_KINDS, TELEMETRY_EVENTS } from '../../lib/wire/readEvent.ts';

/** Counts by name. */
const countsSchema = z.record(z.string(), z.number());

/** What a driver reports when its SDK has flushed, as one line of JSON. The demo compares the stored rows with it. */
export const driverReportSchema = z.strictObject({
  /** Name of the SDK. */
  sdk: z.string(),
  /** Events by what they are. */
  sent: z.strictObject({
    /** Exposures of gates. */
    gate: z.number(),
    /** Exposures of dynamic configs and experiments. */
    config: z.number(),
    /** Exposures of layers. */
    layer: z.number(),
    /** Other events that are stored, by name. */
    custom: countsSchema,
    /** SDK telemetry by name, which the collector counts and does not store. */
    telemetry: countsSchema,
  }),
  /** Rows that are expected, by UTC day and table. */
  byDay: z.record(z.string(), z.strictObject({ exposures: z.number(), events: z.number() })),
  /** Exposure rows by experiment and rule ID. */
  groups: z.record(z.string(), countsSchema),
});

/** The events of one SDK, as its driver reports them. */
export type DriverReport = z.output<typeof driverReportSchema>;

/** An experiment and the rule of it that an exposure states. */
interface StatedRule {
  /** Name of the experiment. */
  readonly experiment: string;
  /** ID of the rule. */
  readonly ruleId: string;
}

/** The part of an event that is counted. */
export interface TalliedEvent {
  /** Name of the event, e.g. `statsig::gate_exposure` for an exposure of a gate. */
  readonly eventName: string;
  /** Time of the event, epoch milliseconds. */
  readonly time: number;
  /** The rule of an exposure that is counted by group; absent for all other events. */
  readonly rule?: StatedRule;
}

/** Counts events of an SDK: in total, by UTC day and, for experiments, by group. */
export class EventTally {
  readonly #sent: DriverReport['sent'] = { gate: 0, config: 0, layer: 0, custom: {}, telemetry: {} };
  readonly #byDay: DriverReport['byDay'] = {};
  readonly #groups: DriverReport['groups'] = {};

  /** How many rows the counted events are. */
  get rows(): number {
    return sum(Object.values(this.#byDay).map(({ exposures, events }) => exposures + events));
  }

  /**
   * Makes a function that counts an event by its name, at the time at which it is called.
   *
   * @param now The clock of the SDK.
   */
  counter(now: () => number): (eventName: string, rule?: StatedRule) => void {
    return (eventName, rule) =>
      this.count({ eventName, time: now(), ...(rule === undefined ? {} : { rule }) });
  }

  /** The line that a driver prints: a {@link DriverReport} as JSON. */
  line(sdk: string): string {
    const report: DriverReport = { sdk, sent: this.#sent, byDay: this.#byDay, groups: this.#groups };
    return `${JSON.stringify(report)}\n`;
  }

  /** Counts SDK telemetry, which makes no rows. */
  countTelemetry(name: string, count: number): void {
    add(this.#sent.telemetry, name, count);
  }

  /** Counts an event. Whether it was logged or also acknowledged is for the driver to choose. */
  count({ eventName, time, rule }: TalliedEvent): void {
    if (TELEMETRY_EVENTS.has(eventName)) {
      this.countTelemetry(eventName, 1);
      return;
    }
    const day = utcDay(time);
    const rows = this.#byDay[day] ?? { exposures: 0, events: 0 };
    this.#byDay[day] = rows;
    const exposure = EXPOSURE_KINDS.get(eventName);
    if (exposure === undefined) {
      add(this.#sent.custom, eventName, 1);
      rows.events += 1;
      return;
    }
    this.#sent[exposure] += 1;
    rows.exposures += 1;
    if (rule === undefined) return;
    const group = this.#groups[rule.experiment] ?? {};
    this.#groups[rule.experiment] = group;
    add(group, rule.ruleId, 1);
  }
}

/** Adds to a count by name. */
function add(counts: Record<string, number>, name: string, count: number): void {
  counts[name] = (counts[name] ?? 0) + count;
}
