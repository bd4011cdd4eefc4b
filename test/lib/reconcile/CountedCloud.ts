import type { MetricSeries, MetricTime, WantedMetric } from '../../../lib/base/metrics.ts';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { readReceivedHours } from '../../../lib/reconcile/receivedHours.ts';
import { type Reconciler, reconcileDays } from '../../../lib/reconcile/reconcileDays.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

export const config = defineConfig({ bucket: 'acme' });
/** The day that tests are about, and the night after it. */
export const DAY = '2026-11-24';
export const NIGHT = Date.parse('2026-11-25T01:10:00Z');
/** A time of UTC, in milliseconds. */
export const at = (time: string): number => Date.parse(`${time}Z`);

/** A row of Athena's answer. @param doubles Further rows of the same events. */
export function found(hour: number, events: number, doubles = 0): readonly string[] {
  return ['events', `${hour}`, '', `${events}`, `${doubles}`, '0', '0'];
}

/** What a night reads: a bucket, metrics and Athena, which tests fill. */
export class CountedCloud {
  now = NIGHT;
  config = config;
  readonly store = new MemoryObjects({ now: () => this.now });
  /** Values of metrics, by metric and minute. */
  readonly series = new Map<string, Map<number, number>>();
  /** What Athena answers; null: it fails. */
  athenaRows: readonly (readonly string[])[] | null = null;
  /** How many queries Athena was asked, and the last one. */
  queries = 0;
  lastQuery = '';
  /** What was read of CloudWatch. */
  metricReads: (MetricTime & { readonly metrics: readonly WantedMetric[] })[] = [];
  /** What nights have logged. */
  lines: Readonly<Record<string, unknown>>[] = [];

  constructor() {
    // The registrar runs each hour.
    for (let hour = at('2026-11-18T00:05:00'); hour < NIGHT + 199 * HOUR_MS; hour += HOUR_MS)
      this.count('hourly', new Date(hour).toISOString().slice(0, 19), 1);
  }

  /** Sets the value of a metric in a minute. */
  count(id: string, minute: string, value: number): void {
    const values = this.series.get(id) ?? new Map<number, number>();
    this.series.set(id, values.set(at(minute), value));
  }

  /** Sets the value of a metric in a minute of the day. @param time `HH:mm`. */
  countAt(id: string, time: string, value: number): void {
    this.count(id, `${DAY}T${time}:00`, value);
  }

  /**
   * Counts requests in an hour of the day, of three events each.
   *
   * @param hour `HH`.
   * @param counts `many`: requests. `finished`: their events that were written, all unless it is given.
   */
  requests(
    hour: string,
    { many = 100, finished = 3 * many }: { readonly many?: number; readonly finished?: number } = {},
  ): void {
    const half = `${hour}:30`;
    for (const id of ['received', 'invoked']) this.countAt(id, half, many);
    this.countAt('events_landed', half, 3 * many);
    this.countAt('events_finished', `${hour}:00`, finished);
  }

  reconciler(): Reconciler {
    return {
      config: this.config,
      names: { stage: 'dev', collect: 'c', register: 'r', stream: 's' },
      afterMs: 150_000,
      store: this.store,
      readMetrics: async (metrics, { start, end, ...time }): Promise<MetricSeries> => {
        this.metricReads.push({ metrics, start, end, ...time });
        const isWanted = (id: string) => metrics.some((metric) => metric.id === id);
        const within = [...this.series].map(
          ([id, values]) =>
            [id, new Map([...values].filter(([minute]) => minute >= start && minute < end))] as const,
        );
        // As of CloudWatch, a metric without values is not in the answer.
        return new Map(within.filter(([id, values]) => isWanted(id) && values.size > 0));
      },
      ask: async (sql) => {
        this.queries += 1;
        this.lastQuery = sql;
        return this.athenaRows;
      },
      now: this.now,
    };
  }

  /** Runs a night. @param later Nights after the first one. */
  async night(later = 0): Promise<void> {
    this.now = NIGHT + later * DAY_MS;
    await reconcileDays(this.reconciler(), (line) => this.lines.push(line));
  }

  /** What was judged of a day. */
  async rowsOf(day = DAY) {
    return (await readReceivedHours(this.store, config, day)).rows;
  }

  /** An hour of the day as a night judges it. @param later Nights after the first one. */
  async hourAfterNight(hour: number, later?: number) {
    await this.night(later);
    return (await this.hoursOf(hour))[0];
  }

  /** Hours of the day as they are judged, of the events. */
  async hoursOf(...hours: readonly number[]) {
    const rows = await this.rowsOf();
    const events = rows.filter(({ table_name }) => table_name === 'events');
    return hours.map((hour) => events[hour]);
  }

  /** Refuses to read one object. */
  deny(key: string): void {
    const refused = async () => {
      throw Object.assign(new Error(), { name: 'AccessDenied' });
    };
    const { store } = this;
    const { read, head } = store;
    store.read = async (readKey, options) =>
      readKey === key ? refused() : read.call(store, readKey, options);
    store.head = async (headKey) => (headKey === key ? refused() : head.call(store, headKey));
  }
}
