import { errorName } from '../../base/errors.ts';
import { emfLine, METRIC_NAMESPACE, type Metric } from '../../base/log.ts';
import { type Clock, DAY_MS, isoTimestamp } from '../../base/time.ts';
import { isLandingStream, parseStreamId, type StreamId } from '../../tables/streams.ts';
import {
  changeHolds,
  type Hold,
  type HoldStore,
  type StreamHolds,
  withHold,
  withoutHold,
  withoutStrangers,
} from './StreamHolds.ts';
import {
  type CountedStreams,
  isLate,
  oldestSeconds,
  type ReadStreams,
  type StreamReading,
  type StreamReadings,
} from './streamAge.ts';

/** Age below which a stream that delivers is released: far enough from the other that a backlog does not flap. */
const RELEASE_BELOW_SECONDS = 3_600;
/**
 * Time for which a stream without anything to deliver must have asked for a probe in vain, milliseconds. It is put within
 * five minutes, and its arrival is reported some minutes later.
 */
const PROBED_FOR_MS = 3_600_000;
/** Time between two checks, milliseconds. */
export const CHECK_MS = 300_000;
/** How long the metrics include a stream that was released. */
const TOLD_AFTERWARDS_MS = 3_600_000;
const NEVER = '1970-01-01T00:00:00.000Z';

/** A stream that is held or released, or of which a hold changed. */
export interface HoldChange {
  /** The stream: `landing`, `landing-2`. */
  readonly table: StreamId;
  readonly state: 'held' | 'released' | 'probing' | 'waiting';
  readonly why: string;
}

/**
 * Decides which streams are held: those whose oldest record is too old, until they deliver again. What a person holds is
 * left to persons.
 *
 * A stream that holds nothing any more, because all of it was dropped for example, has nothing to show: then the hold asks
 * for a probe ({@link StreamHolds}), which the check puts. A probe that is not delivered within an hour is followed by no other
 * until it is gone. A stream of release 0.2 gets no probe: it is released once another delivers, as all write to one bucket with
 * one key. Not so while another stream of the landing is free and gets its records. What is wrong may be this stream alone, and
 * each release would put two hours of records on it that it drops: it stays held until it delivers a probe or a person releases it.
 *
 * @param now Epoch milliseconds.
 * @returns The same holds if nothing changes.
 */
export function decideHolds(
  holds: StreamHolds,
  readings: StreamReadings,
  now: number,
): { readonly holds: StreamHolds; readonly changes: readonly HoldChange[] } {
  let after = withoutStrangers(holds, [...readings.keys()]);
  const changes: HoldChange[] = [];
  const isReplaced = (stream: StreamId) =>
    [...readings.keys()].some(
      (other) =>
        other !== stream &&
        isLandingStream(other) &&
        isLandingStream(stream) &&
        after.held[other] === undefined,
    );
  for (const [table, reading] of readings) {
    const hold = holds.held[table];
    const oldest = oldestSeconds(reading);
    if (hold === undefined) {
      if (!isLate(reading)) continue;
      const why = `Its oldest record waited ${hours(oldest)} hours to be delivered.`;
      const made = {
        ...({ since: isoTimestamp(now), by: 'check', why, until: 'delivery', probe: false } as const),
        oldest: isoTimestamp(now - oldest * 1_000),
      };
      after = withHold(after, table, made);
      changes.push({ table, state: 'held', why });
    } else if (hold.until === 'delivery') {
      const { delivered, freshness } = reading;
      // Without an age it is not known whether the first delivery was all: the next check sees it.
      const isAgeKnown = hold.probe || freshness.length > 0;
      const isNearlyEmpty = oldest < RELEASE_BELOW_SECONDS;
      const hasNoProbe = oldest === 0 && hold.probe && now - probingSince(hold) >= PROBED_FOR_MS;
      if (isNearlyEmpty && isAgeKnown && delivered > 0) {
        after = withoutHold(after, table, now);
        changes.push({ table, state: 'released', why: `It delivered ${delivered} records.` });
      } else if (hasNoProbe && !isReplaced(table) && [...readings.values()].some(isDelivering)) {
        after = withoutHold(after, table, now);
        changes.push({ table, state: 'released', why: 'Nothing waits for it, and others deliver.' });
      } else if (isNearlyEmpty !== hold.probe) {
        const { probeSince: _, ...rest } = hold;
        const asked = isNearlyEmpty ? { probeSince: isoTimestamp(now) } : {};
        after = withHold(after, table, { ...rest, probe: isNearlyEmpty, ...asked });
        const why = isNearlyEmpty ? 'It has nothing to deliver.' : 'It does not deliver the probe.';
        changes.push({ table, state: isNearlyEmpty ? 'probing' : 'waiting', why });
      }
    }
  }
  return { holds: after, changes };
}

/** A stream that has nothing to deliver shows by this record that it delivers. The next check puts another. */
async function probe(stream: StreamId, { putProbe, log }: StreamCheck): Promise<void> {
  try {
    await putProbe(stream);
  } catch (error) {
    log({ level: 'warn', event: 'stream_probe', table: stream, error: errorName(error) });
  }
}

function typedEntries(held: StreamHolds['held']): [StreamId, Hold][] {
  return Object.entries(held).flatMap(([name, hold]): [StreamId, Hold][] => {
    const stream = parseStreamId(name);
    return stream === null || hold === undefined ? [] : [[stream, hold]];
  });
}

function isDelivering({ delivered }: StreamReading): boolean {
  return delivered > 0;
}

function probingSince({ since, probeSince = since }: Hold): number {
  return Date.parse(probeSince);
}

function hours(seconds: number): string {
  return (seconds / 3_600).toFixed(1);
}

/** The metrics of the check. docs/metrics.md describes them. */
export const holdMetrics = {
  streams_held: { name: 'streams_held', unit: 'Count' },
  /**
   * By stream, of late ones: what alarms on them read. Firehose's own metric is missing while delivery is completely blocked
   * ({@link oldestSeconds}).
   */
  oldest_record_seconds: { name: 'oldest_record_seconds', unit: 'Seconds' },
} as const satisfies Record<string, Metric>;

/** Dependencies of {@link checkStreams}. */
export interface StreamCheck {
  readonly store: HoldStore;
  /** @throws What CloudWatch's client throws. */
  readonly readStreams: ReadStreams;
  /** Puts a record without rows into a stream of the landing. */
  readonly putProbe: (stream: StreamId) => Promise<void>;
  readonly clock: Clock;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Dimension of the metric. */
  readonly stage: string;
  /**
   * Age of a stream's oldest record from which the metric reports it, seconds: the threshold of the alarm on late
   * streams.
   */
  readonly lateSeconds: number;
}

/** The result of a check. */
export interface HoldReport {
  readonly event: 'streams_checked';
  readonly held: readonly StreamId[];
  readonly changed: readonly HoldChange[];
}

/**
 * Holds streams that are late and releases those that deliver again. Each change is a log line. The metrics say how many
 * streams are held and how old the oldest record of a late one is. While all streams are well they are written once a day,
 * because CloudWatch bills a metric by the hours in which it has values (https://aws.amazon.com/cloudwatch/pricing/). Alarms
 * keep their state without values, so that a check that fails ends none: what ends one is written.
 *
 * @throws HoldError; what the store and CloudWatch's client throw. The holds are then as before.
 */
export async function checkStreams(check: StreamCheck): Promise<HoldReport> {
  const { store, clock, log, stage, lateSeconds } = check;
  let changes: readonly HoldChange[] = [];
  let readings: StreamReadings = new Map();
  let counted: CountedStreams | undefined;
  const { held, released } = await changeHolds(store, async (holds) => {
    const wanted = Object.keys(holds.held).length > 0 ? 'all' : 'doubtful';
    // Somebody else may have changed the holds meanwhile.
    if (wanted !== counted && counted !== 'all') readings = await check.readStreams(wanted);
    counted = counted === 'all' ? 'all' : wanted;
    const decided = decideHolds(holds, readings, clock.now());
    changes = decided.changes;
    return decided.holds;
  });
  for (const [stream, hold] of typedEntries(held))
    if (hold.probe && isLandingStream(stream) && readings.has(stream)) await probe(stream, check);
  for (const { table, state, why } of changes)
    log({ level: state === 'held' ? 'error' : 'info', event: 'stream_hold', table, state, why });
  const tables = [...readings.keys()].filter((table) => held[table] !== undefined);
  const count = (dimensions: { readonly table?: StreamId }, metric: Metric, value: number) => {
    const line = emfLine({
      namespace: METRIC_NAMESPACE,
      timestamp: clock.now(),
      dimensions: { function: 'hold', stage, ...dimensions },
      values: [[metric, value]],
    });
    if (line !== null) log(line);
  };
  const now = clock.now();
  const isDaily = Math.floor(now / CHECK_MS) % (DAY_MS / CHECK_MS) === 0;
  const wasHeld = (table: StreamId) =>
    held[table] !== undefined || now - Date.parse(released[table] ?? NEVER) < TOLD_AFTERWARDS_MS;
  if (isDaily || [...readings.keys()].some(wasHeld)) count({}, holdMetrics.streams_held, tables.length);
  for (const [table, reading] of readings) {
    const seconds = oldestSeconds(reading);
    const wasLate =
      [seconds, ...reading.freshness].some((age) => age >= lateSeconds) || reading.delivered > 0;
    if (isDaily || wasHeld(table) || wasLate) count({ table }, holdMetrics.oldest_record_seconds, seconds);
  }
  return { event: 'streams_checked', held: tables, changed: changes };
}
