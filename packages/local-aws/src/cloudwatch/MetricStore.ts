import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS } from '../base/clock.ts';
import { DiskError, type LocalAwsError } from '../base/errors.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { isChecked, isTorn, parseChecked } from '../disk/checked.ts';
import { readWhole } from '../disk/files.ts';
import { LineJournal } from '../disk/LineJournal.ts';
import type { Metric, MetricDatum } from './Metric.ts';
import { Statistics, type StoredStatistics } from './Statistics.ts';

/**
 * How long values are kept, in milliseconds: by minute, where CloudWatch has longer periods after 15 days.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
 */
export const METRIC_RETENTION_MS = 63 * DAY_MS;

/**
 * A value's time may be this far from the present, in milliseconds: the limits of a log event.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
const LIMITS = { pastMs: 14 * DAY_MS, futureMs: 2 * HOUR_MS } as const;

/** Lines of an hour's file after which equal minutes are merged: about ten minutes of continuous values. */
const LINES_BEFORE_MERGE = 512;

/** The name of an hour's file. */
const FILE = /^(\d{4}-\d{2}-\d{2}T\d{2})\.jsonl$/;

/** Values of one metric in one minute: `metric` is {@link keyOf} it, `minute` its start in epoch milliseconds. */
type Line = readonly [metric: string, minute: number, ...StoredStatistics];

/** Members of a {@link Line}. */
const LINE_MEMBERS = 6;

/** Whether a value is a batch of lines. Only the form is checked: reading them happens beside requests. */
function isBatch(value: unknown): value is readonly Line[] {
  return (
    Array.isArray(value) &&
    value.every((line) => Array.isArray(line) && line.length === LINE_MEMBERS && typeof line[0] === 'string')
  );
}

/** Contents of an hour's file. */
interface Hour {
  /** The lines that can be read. */
  readonly lines: readonly Line[];
  /** Whether a line of the file is not what was written. */
  readonly isDamaged: boolean;
}

/** The values of one metric in one minute. Of one minute there may be several, which the reader adds up. */
export interface StoredMinute {
  /** The metric that the values are of. */
  readonly metric: Metric;
  /** Start, epoch milliseconds. */
  readonly minute: number;
  /** Number, sum, least and greatest of the values. */
  readonly statistics: Statistics;
}

/**
 * The values of metrics, by minute, in one file an hour. Values wait in memory until {@link flush}, which writes the
 * values of all metrics as one line. A minute may have several lines: readers add them up. A damaged line is reported
 * and left out; its file stays as it is until it is too old.
 */
export class MetricStore {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #onDamage: (error: LocalAwsError) => void;
  /** Hours whose damage has been reported. */
  readonly #reportedHours = new Set<number>();
  /** Values that are not on disk yet, by {@link keyOf} their metric and the start of their minute. */
  readonly #waiting = new Map<string, Map<number, Statistics>>();
  #open: { readonly hour: number; readonly journal: LineJournal<readonly Line[]> } | undefined;

  private constructor(directory: string, clock: Clock, onDamage: (error: LocalAwsError) => void) {
    this.#directory = directory;
    this.#clock = clock;
    this.#onDamage = onDamage;
  }

  /**
   * Opens a folder, created when missing, and deletes what is too old.
   *
   * @param options.onDamage Is called once for each hour's file that has a damaged line. Default: writes a sentence to
   *   stderr.
   */
  static open(options: {
    /** Folder of the files, created when missing. */
    readonly directory: string;
    /** The clock that says which values are too old. */
    readonly clock: Clock;
    /** Receives one error for each file with a damaged line. Default: a sentence on stderr. */
    readonly onDamage?: (error: LocalAwsError) => void;
  }): MetricStore {
    const { directory, clock, onDamage = reportDefect } = options;
    mkdirSync(directory, { recursive: true });
    const store = new MetricStore(directory, clock, onDamage);
    store.#expire();
    return store;
  }

  /** Takes values, which wait in memory. Those whose time is too far from the present are dropped, as CloudWatch does. */
  add(data: readonly MetricDatum[]): void {
    const now = this.#clock.now();
    for (const { metric, at, values } of data) {
      if (at < now - LIMITS.pastMs || at > now + LIMITS.futureMs) continue;
      const statistics = this.#minute(keyOf(metric), Math.floor(at / MINUTE_MS) * MINUTE_MS);
      for (const value of values) statistics.add(value);
    }
  }

  /** Writes waiting values. Values that a full disk does not take keep waiting. */
  flush(): void {
    const byHour = new Map<number, Line[]>();
    for (const line of this.#waitingLines()) {
      const hour = Math.floor(line[1] / HOUR_MS) * HOUR_MS;
      const lines = byHour.get(hour) ?? [];
      lines.push(line);
      byHour.set(hour, lines);
    }
    for (const [hour, lines] of byHour) {
      const journal = this.#journal(hour);
      journal.append(lines);
      for (const [key, minute] of lines) {
        const minutes = this.#waiting.get(key);
        minutes?.delete(minute);
        if (minutes?.size === 0) this.#waiting.delete(key);
      }
      if (journal.lines < LINES_BEFORE_MERGE || this.#reportedHours.has(hour)) continue;
      const { lines: linesOfHour, isDamaged } = this.#read(hour);
      if (!isDamaged) journal.compact([merged(linesOfHour)]);
    }
  }

  /**
   * The minutes of the metrics that `wants` selects, from `start` to before `end` (epoch milliseconds), in no order.
   */
  read(start: number, end: number, wants: (metric: Metric) => boolean): StoredMinute[] {
    this.#tryFlush();
    const metrics = new Map<string, Metric | undefined>();
    const select = (key: string) => {
      if (!metrics.has(key)) {
        const metric = metricOf(key);
        metrics.set(key, wants(metric) ? metric : undefined);
      }
      return metrics.get(key);
    };
    return this.#hours()
      .filter((hour) => hour < end && hour + HOUR_MS > start)
      .flatMap((hour) => this.#read(hour).lines)
      .concat(this.#waitingLines())
      .flatMap(([key, minute, ...stored]) => {
        const metric = minute >= start && minute < end ? select(key) : undefined;
        return metric === undefined ? [] : [{ metric, minute, statistics: Statistics.fromJson(stored) }];
      });
  }

  /** Writes what waits and closes the file. */
  close(): void {
    this.#tryFlush();
    this.#open?.journal.close();
    this.#open = undefined;
  }

  /** Writes waiting values. If the disk does not take them, that is reported, and they keep waiting. */
  #tryFlush(): void {
    try {
      this.flush();
    } catch (error) {
      reportDefect(error);
    }
  }

  /** The values that wait, as lines of a file. */
  #waitingLines(): Line[] {
    return [...this.#waiting].flatMap(([key, minutes]) =>
      [...minutes].map(([minute, statistics]): Line => [key, minute, ...statistics.toJson()]),
    );
  }

  /** The waiting values of a metric in a minute. */
  #minute(key: string, minute: number): Statistics {
    const minutes = this.#waiting.get(key) ?? new Map<number, Statistics>();
    this.#waiting.set(key, minutes);
    const statistics = minutes.get(minute) ?? new Statistics();
    minutes.set(minute, statistics);
    return statistics;
  }

  /** The file of an hour, opened for appending; the one that was open before is closed. */
  #journal(hour: number): LineJournal<readonly Line[]> {
    if (this.#open?.hour === hour) return this.#open.journal;
    this.#open?.journal.close();
    this.#open = undefined;
    const file = this.#file(hour);
    const isNew = !this.#hours().includes(hour);
    if (isNew) this.#expire();
    const journal = isNew
      ? LineJournal.create<readonly Line[]>(file, [])
      : LineJournal.resume<readonly Line[]>(file);
    this.#open = { hour, journal };
    return journal;
  }

  /** The lines of an hour's file. Damage is reported once. */
  #read(hour: number): Hour {
    const file = this.#file(hour);
    const texts = readWhole(file).toString('utf8').split('\n');
    // An incomplete last line comes from a process that was killed.
    const last = texts.pop() ?? '';
    if (last !== '' && (isChecked(last) || !isTorn(last))) texts.push(last);
    const batches = texts.map(readBatch);
    const lines = batches.flatMap((batch) => batch ?? []);
    const first = batches.indexOf(undefined);
    if (first >= 0 && !this.#reportedHours.has(hour)) {
      this.#reportedHours.add(hour);
      const readable = batches.filter((batch) => batch !== undefined).length;
      const damage = `${file}, line ${first + 1}. ${readable} of ${batches.length} lines can be read.`;
      this.#onDamage(new DiskError('DISK_DAMAGED', damage));
    }
    return { lines, isDamaged: first >= 0 };
  }

  /** Path of an hour's file. @param hour Its start, epoch milliseconds. */
  #file(hour: number): string {
    return join(this.#directory, `${new Date(hour).toISOString().slice(0, 13)}.jsonl`);
  }

  /** The hours that have a file, ascending. */
  #hours(): number[] {
    return readdirSync(this.#directory)
      .flatMap((name) => FILE.exec(name)?.[1] ?? [])
      .map((hour) => Date.parse(`${hour}:00:00Z`))
      .sort((a, b) => a - b);
  }

  /** Deletes files that are too old. */
  #expire(): void {
    const oldest = this.#clock.now() - METRIC_RETENTION_MS;
    for (const hour of this.#hours()) if (hour < oldest) rmSync(this.#file(hour), { force: true });
  }
}

/** The batch of a line; undefined when it is not what was written. */
function readBatch(text: string): readonly Line[] | undefined {
  try {
    const batch = parseChecked(text);
    return isBatch(batch) ? batch : undefined;
  } catch {
    return undefined;
  }
}

/** The lines, with those of one metric and one minute added up. */
function merged(lines: readonly Line[]): Line[] {
  const minutes = new Map<
    string,
    { readonly key: string; readonly minute: number; readonly sum: Statistics }
  >();
  for (const [key, minute, ...stored] of lines) {
    const id = `${minute} ${key}`;
    const minuteOfMetric = minutes.get(id) ?? { key, minute, sum: new Statistics() };
    minutes.set(id, minuteOfMetric);
    minuteOfMetric.sum.merge(Statistics.fromJson(stored));
  }
  return [...minutes.values()].map(({ key, minute, sum }) => [key, minute, ...sum.toJson()]);
}

/** The parsed form of a metric's key. */
const keySchema = z.tuple([
  z.string(),
  z.string(),
  z.string(),
  z.array(z.tuple([z.string(), z.string()])).readonly(),
]);

/** The text by which values of a metric are found. */
function keyOf({ namespace, name, unit, dimensions }: Metric): string {
  return JSON.stringify([namespace, name, unit, dimensions]);
}

/** The metric of a key that a line of the file has. */
function metricOf(key: string): Metric {
  const [namespace, name, unit, dimensions] = keySchema.parse(JSON.parse(key));
  return { namespace, name, unit, dimensions };
}
