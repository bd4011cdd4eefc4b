import { sum } from '../../../lib/base/sum.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS, startOfHour } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { type RequestCounts, readCounts } from './requestCounts.ts';

/** Length of the periods of the last day, milliseconds. */
export const PERIOD_MS = 5 * MINUTE_MS;
/** The number of days before the last 24 hours that show what is usual. */
const DAYS_BEFORE = 7;
/** The fewest hours that show what is usual. A median of fewer hours would be one of them. */
const ENOUGH = 3;
/** A spike is an hour with so many times what is usual. */
const SPIKE = 50;
/**
 * A spike is also `hours` of so many `times` the most that the same hour had on any of the days before: a loop of one app among several.
 * A campaign doubles or trebles what comes.
 */
const LASTING = { hours: 3, times: 4 } as const;
/** Where nothing is usual, a spike is an hour with so many. */
const SPIKE_LEAST = { requests: 100, events: 1_000 } as const;
/** A rise is an hour with so many times what is usual of something that should not be. */
const RISE = 5;
/** The fewest in an hour of a rise. */
const RISE_LEAST = 20;
/** The fewest periods of a silence: it is longer than the pause of a sender that sends once an hour. */
const SILENT_PERIODS = 13;
/** The fewest requests that would have come in a silence. */
export const SILENT_LEAST = 30;

/** Something that was not as usual within the last 24 hours; a silence may have begun before. */
export interface Change {
  /** What there was more of than usual: `ignored`, events that the lists of the configuration leave out; `silence`: no requests where many are usual. */
  readonly what: 'requests' | 'events' | 'overflowed' | 'ignored' | 'silence';
  /** Start of the first five minutes of it, ISO 8601. */
  readonly first: string;
  /** Start of the last five minutes of it, ISO 8601. Of a silence its end; null while it lasts. */
  readonly last: string | null;
  /** How many there were in its busiest hour; 0 of a silence. */
  readonly hour: number;
  /** The usual number in that hour; of a silence the usual requests of the busiest hour that it covers. */
  readonly usual: number;
  /** The number within 24 hours; for a silence, of the requests. */
  readonly day: number;
}

/** Requests of one code that were answered 503. */
interface FailedRequests {
  /** Number of requests within 24 hours. */
  readonly count: number;
  /** Start of the first five minutes with one, ISO 8601. */
  readonly first: string;
  /** Start of the last five minutes with one, ISO 8601. */
  readonly last: string;
}

/** Requests in an hour of the day, UTC, on the seven days before. */
export interface UsualHour {
  /** The fewest requests of these days in that hour. */
  readonly least: number;
  /** The median of these days. */
  readonly median: number;
  /** The most requests of these days in that hour. */
  readonly most: number;
}

/**
 * Since when answers with a code of the last 24 hours came before them: by code the start of the first hour with as many as an hour of these
 * has on average, ISO 8601. Codes without such an hour in the day before are missing. Metrics name no sender.
 */
interface Earlier {
  /** Of answers 4xx. */
  readonly refused: Readonly<Record<string, string>>;
  /** Of answers 503. */
  readonly failed: Readonly<Record<string, string>>;
}

/** The last 24 hours of a deployment. */
export interface LastDay {
  /** Number of requests. */
  readonly requests: number;
  /** Requests that were answered 4xx. */
  readonly refused: number;
  /** Requests that were answered 503. */
  readonly failed: number;
  /** Requests that were answered 503, by code. */
  readonly failedBy: Readonly<Record<string, FailedRequests>>;
  /** Events, as {@link RequestCounts} has them. */
  readonly received: number;
  /** Events that Firehose did not take in time: they are in objects of `landing/direct/`. */
  readonly overflowed: number;
  /** Requests that are usual in this hour; null while that is not known. */
  readonly usual: number | null;
  /** What is usual in each of the 24 hours of a day, from midnight UTC on; empty while that is not known of all. */
  readonly usualHours: readonly UsualHour[];
  /** What was not as usual. */
  readonly changes: readonly Change[];
  /** What came before the last 24 hours. */
  readonly earlier: Earlier;
}

/** Counts of the last 24 hours, of the rest of their first hour, and of what is usual. */
export interface DayCounts {
  /** Counts since `start`, by the start of five minutes, oldest first. Periods without requests are missing. */
  readonly day: ReadonlyMap<number, RequestCounts>;
  /** Counts of the seven days before, by the start of an hour. */
  readonly before: ReadonlyMap<number, RequestCounts>;
  /** The beginning of `day`, epoch milliseconds: the start of the hour that it was 24 hours before `end`. */
  readonly start: number;
  /** The end of `day`, epoch milliseconds: the end of a period that is not over. */
  readonly end: number;
}

/**
 * Reads the collector's counts of the last 24 hours, and of the seven days before.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readDayCounts(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
): Promise<DayCounts> {
  const { now } = deployment;
  const end = (Math.floor(now / PERIOD_MS) + 1) * PERIOD_MS;
  const start = startOfHour(end - DAY_MS);
  const [day, before] = await Promise.all([
    readCounts(deployment, { start, end, periodSeconds: PERIOD_MS / 1_000 }),
    readCounts(deployment, { start: start - DAYS_BEFORE * DAY_MS, end: start, periodSeconds: 3_600 }),
  ]);
  return { day, before, start, end };
}

/** The last 24 hours, and what was not as usual in them, by the same hours of the seven days before. */
export function lastDayOf(counts: DayCounts): LastDay {
  const day = within24Hours(counts.day, counts.end);
  const total = (value: (counts: RequestCounts) => number) => sum(day.map(([, period]) => value(period)));
  const measured = measuredOf(counts)('requests', ({ requests }) => requests);
  const hour = startOfHour(counts.end - 1);
  // The hours from midnight on, of today or of the day before.
  const before = Array.from({ length: 24 }, (_, i) =>
    valuesBefore(measured, hour - ((hour / HOUR_MS - i) % 24) * HOUR_MS),
  );
  return {
    requests: total(({ requests }) => requests),
    refused: total(({ refusedBy }) => sum(Object.values(refusedBy))),
    failed: total(({ failedBy }) => sum(Object.values(failedBy))),
    failedBy: failedOf(day),
    received: total(({ received }) => received),
    overflowed: total(({ overflowed }) => overflowed),
    usual: usualOf(measured, hour),
    usualHours: before.some(({ length }) => length < ENOUGH)
      ? []
      : before.map((values) => ({
          least: Math.min(...values),
          median: medianOf(values),
          most: Math.max(...values),
        })),
    changes: changesOf(counts),
    earlier: {
      refused: earlierOf(counts, ({ refusedBy }) => refusedBy),
      failed: earlierOf(counts, ({ failedBy }) => failedBy),
    },
  };
}

/** {@link Earlier} of answers: of hours with less than a day between. @param byCode Their number in a period by code. */
function earlierOf(
  { day, before, end }: DayCounts,
  byCode: (counts: RequestCounts) => Readonly<Record<string, number>>,
): Readonly<Record<string, string>> {
  const start = end - DAY_MS;
  const now = within24Hours(day, end).map(([, counts]) => byCode(counts));
  const codes = [...new Set(now.flatMap((counts) => Object.keys(counts)))];
  const past = [...before, ...day].filter(([at]) => at < start).toReversed();
  const found = codes.flatMap((code) => {
    // One in a while, as of a scanner, is no beginning of many.
    const usual = (sum(now.map((counts) => counts[code] ?? 0)) * HOUR_MS) / DAY_MS;
    let first = start;
    for (const [at, counts] of past)
      if (first - at <= DAY_MS && (byCode(counts)[code] ?? 0) >= usual) first = at;
    return first === start ? [] : [[code, isoTimestamp(startOfHour(first))] as const];
  });
  return Object.fromEntries(found);
}

/** The periods of the last 24 hours. The first hour is read in whole, to be compared with others. @param end As in {@link DayCounts}. */
function within24Hours<Value>(
  periods: ReadonlyMap<number, Value>,
  end: number,
): readonly (readonly [at: number, value: Value])[] {
  return [...periods].filter(([at]) => at >= end - DAY_MS);
}

/** Requests that were answered 503, by code. @param day By the start of five minutes, oldest first. */
function failedOf(day: readonly (readonly [number, RequestCounts])[]): LastDay['failedBy'] {
  const found: Record<string, FailedRequests> = {};
  for (const [at, { failedBy }] of day)
    for (const [code, more] of Object.entries(failedBy)) {
      const last = isoTimestamp(at);
      const { count, first } = found[code] ?? { count: 0, first: last };
      found[code] = { count: count + more, first, last };
    }
  return found;
}

/** What was not as usual in the last 24 hours, by the same hours of the seven days before. */
export function changesOf(counts: DayCounts): readonly Change[] {
  const measure = measuredOf(counts);
  const requests = measure('requests', (hour) => hour.requests);
  const events = measure('events', (hour) => hour.received);
  const isSpike = (least: number) => (count: number, usual: number | null) =>
    usual !== null && count >= (usual === 0 ? least : SPIKE * Math.max(1, usual));
  const isRise = (count: number, usual: number | null) => count >= RISE_LEAST && count >= RISE * (usual ?? 0);
  return [
    ...hoursThat(requests, isSpike(SPIKE_LEAST.requests), lastingHours(requests, SPIKE_LEAST.requests)),
    ...hoursThat(events, isSpike(SPIKE_LEAST.events), lastingHours(events, SPIKE_LEAST.events)),
    ...hoursThat(
      measure('overflowed', (hour) => hour.overflowed),
      isRise,
    ),
    ...hoursThat(
      measure('ignored', (hour) => hour.filtered),
      (count, usual) => usual !== null && isRise(count, usual),
    ),
    ...silencesOf(requests),
  ];
}

/** The values of one count. */
interface Measured extends Pick<DayCounts, 'start' | 'end'> {
  /** What is counted. */
  readonly what: Change['what'];
  /** The values of the last day, by the start of five minutes. Those without requests are left out. */
  readonly periods: ReadonlyMap<number, number>;
  /** The values of all days, by the start of an hour. Those without requests are left out. */
  readonly hours: ReadonlyMap<number, number>;
  /** The start of the first hour with a request, epoch milliseconds. */
  readonly since: number;
}

/** Makes the function that takes one count out of all. */
function measuredOf({
  day,
  before,
  ...range
}: DayCounts): (what: Change['what'], value: (counts: RequestCounts) => number) => Measured {
  const oldest = Math.min(...before.keys(), ...day.keys());
  return (what, value) => {
    const periods = new Map([...day].map(([at, counts]) => [at, value(counts)]));
    const hours = new Map([...before].map(([at, counts]) => [at, value(counts)]));
    for (const [at, count] of periods) hours.set(startOfHour(at), (hours.get(startOfHour(at)) ?? 0) + count);
    return { what, periods, hours, since: startOfHour(oldest), ...range };
  };
}

/** The hours of a rise that lasts, as {@link LASTING} says; none without one. @param least The fewest in such an hour. */
function lastingHours(measured: Measured, least: number): ReadonlySet<number> {
  const large = [...measured.hours].filter(([at, n]) => {
    const before = valuesBefore(measured, at);
    const isKnown = at >= measured.start && before.length >= ENOUGH;
    return isKnown && n >= least && n >= LASTING.times * Math.max(...before);
  });
  return new Set(large.length < LASTING.hours ? [] : large.map(([at]) => at));
}

/**
 * All hours that are unlike the usual ones, as one change; none without any.
 *
 * @param isUnlike Of the number in an hour, and of the usual one: null while that is not known.
 * @param others Starts of hours that are unlike others by more than their own number. Default none.
 */
function hoursThat(
  measured: Measured,
  isUnlike: (count: number, usual: number | null) => boolean,
  others: ReadonlySet<number> = new Set(),
): Change[] {
  const { what, periods, hours, start, end } = measured;
  const unlike = [...hours].filter(
    ([at, n]) => at >= start && (others.has(at) || isUnlike(n, usualOf(measured, at))),
  );
  const [busiest] = unlike.toSorted(([, a], [, b]) => b - a);
  if (busiest === undefined) return [];
  const within = [...periods].filter(([at]) => unlike.some(([unlikeHour]) => unlikeHour === startOfHour(at)));
  // The usual requests go on beside the unusual ones: periods with a tenth of the most belong to the change.
  const most = Math.max(...within.map(([, n]) => n));
  const times = within.flatMap(([at, n]) => (n * 10 >= most ? [at] : [])).sort((a, b) => a - b);
  const [hour, count] = busiest;
  const usual = usualOf(measured, hour) ?? 0;
  // Where the lists leave out nothing as a rule, it began with the first that they left out, however few came then.
  const some = [...periods].flatMap(([at, n]) => (n > 0 ? [at] : []));
  const first = what === 'ignored' && usual === 0 ? Math.min(...some) : (times[0] ?? hour);
  // The first hour that is read began up to an hour before the last 24.
  if ((times.at(-1) ?? hour) < end - DAY_MS) return [];
  return [
    {
      what,
      first: isoTimestamp(first),
      last: isoTimestamp(times.at(-1) ?? hour),
      hour: count,
      usual,
      day: sum(within24Hours(periods, end).map(([, n]) => n)),
    },
  ];
}

/** Spans without a request in which many would have come. */
function silencesOf(measured: Measured): Change[] {
  const { periods, hours, start, end } = measured;
  const found: Change[] = [];
  // Counts of the days before are known by hour only.
  const [earlier = start - HOUR_MS] = [...hours.keys()]
    .filter((at) => at < start && hours.get(at))
    .sort((a, b) => b - a);
  let from = earlier + HOUR_MS;
  let expected = 0;
  let usual = 0;
  // The last period is not over.
  const until = end - PERIOD_MS;
  for (let at = start; at <= until; at += PERIOD_MS) {
    if (at < until && (periods.get(at) ?? 0) === 0) {
      const usualNow = usualByDays(measured, startOfHour(at)) ?? 0;
      expected += (usualNow * PERIOD_MS) / HOUR_MS;
      usual = Math.max(usual, usualNow);
      continue;
    }
    const isOver = at < until || (periods.get(at) ?? 0) > 0;
    if (at - from >= SILENT_PERIODS * PERIOD_MS && expected >= SILENT_LEAST)
      found.push({
        what: 'silence',
        first: isoTimestamp(from),
        last: isOver ? isoTimestamp(at) : null,
        hour: 0,
        usual,
        day: sum(within24Hours(periods, end).map(([, n]) => n)),
      });
    from = at + PERIOD_MS;
    expected = 0;
    usual = 0;
  }
  return found;
}

/**
 * What is usual in an hour: as {@link usualByDays}; of a stage that is too young for it the median of one or two days, or of all hours
 * before, if it is not 0. Null while it is not known.
 */
function usualOf(measured: Measured, hour: number): number | null {
  const usual = usualByDays(measured, hour);
  if (usual !== null) return usual;
  const everyHour = valuesBefore(measured, hour, { step: HOUR_MS, most: Number.POSITIVE_INFINITY });
  return (
    medianOf(valuesBefore(measured, hour)) || (everyHour.length >= ENOUGH && medianOf(everyHour)) || null
  );
}

/** The median of the same hour of the days before; null while fewer than three are known. */
function usualByDays(measured: Measured, hour: number): number | null {
  const values = valuesBefore(measured, hour);
  return values.length >= ENOUGH ? medianOf(values) : null;
}

/**
 * Values of hours before an hour, since the first with a request.
 *
 * @param range `step`: milliseconds between them. `most`: how many. Default the same hour of the days before.
 */
function valuesBefore(
  { hours, since }: Measured,
  hour: number,
  { step, most } = { step: DAY_MS, most: DAYS_BEFORE },
): readonly number[] {
  const values: number[] = [];
  for (let at = hour - step; at >= since && values.length < most; at -= step) values.push(hours.get(at) ?? 0);
  return values;
}

/** The median; 0 of no values. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
  const high = sorted[Math.floor(sorted.length / 2)] ?? low;
  return (low + high) / 2;
}
