import { emfLine, METRIC_NAMESPACE, type Metric } from '../../base/log.ts';
import { type Clock, isoTimestamp } from '../../base/time.ts';
import type { StreamId } from '../../tables/streams.ts';
import {
  changeHolds,
  type Hold,
  type HoldStore,
  type StreamHolds,
  withHold,
  withoutHold,
  withoutStrangers,
} from './StreamHolds.ts';
import { isLate, oldestSeconds, type ReadStreams, type StreamReadings } from './streamAge.ts';

/** Age below which a stream that delivers is released: far enough from the other that a backlog does not flap. */
const RELEASE_BELOW_SECONDS = 3_600;
/**
 * Time for which a stream without anything to deliver must have asked for a probe in vain, milliseconds. Redrive puts one
 * within five minutes if anything waits, and its arrival is told some minutes later.
 */
const PROBED_FOR_MS = 3_600_000;
/** A stream that is held or released, or of which a hold changed. */
export interface HoldChange {
  /** The stream: `events`, `events-2`. */
  readonly table: StreamId;
  readonly state: 'held' | 'released' | 'probing' | 'waiting';
  readonly why: string;
}

/**
 * Decides which streams are held: those whose oldest record is too old, until they deliver again. What a person holds is
 * left to persons.
 *
 * A stream that holds nothing any more, because all of it was dropped for example, has nothing to show: then the hold asks
 * for a probe ({@link StreamHolds}). A probe that is not delivered within an hour is followed by no other until it is gone.
 * If nothing waits that could be a probe, the stream is released once another delivers: all write to one bucket with one key.
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
  for (const [table, reading] of readings) {
    const hold = holds.held[table];
    const oldest = oldestSeconds(reading);
    if (hold === undefined) {
      if (!isLate(reading)) continue;
      const why = `Its oldest record waited ${hours(oldest)} hours to be delivered.`;
      const made = { since: isoTimestamp(now), by: 'check', why, until: 'delivery', probe: false } as const;
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
      } else if (hasNoProbe && [...readings.values()].some((other) => other.delivered > 0)) {
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
  readonly clock: Clock;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Dimension of the metric. */
  readonly stage: string;
  /** Age of a stream's oldest record from which the metric tells it, seconds: the threshold of the alarm on late streams. */
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
 * streams are held and how old the oldest record of a late one is. Nothing is written while all streams are well, because
 * CloudWatch bills a metric by the hours in which it has values (https://aws.amazon.com/cloudwatch/pricing/).
 *
 * @throws HoldError; what the store and CloudWatch's client throw. The holds are then as before.
 */
export async function checkStreams(check: StreamCheck): Promise<HoldReport> {
  const { store, clock, log, stage, lateSeconds } = check;
  let changes: readonly HoldChange[] = [];
  let ages: readonly (readonly [StreamId, seconds: number])[] = [];
  const { held } = await changeHolds(store, async (holds) => {
    const isHeld = Object.keys(holds.held).length > 0;
    const readings = await check.readStreams(isHeld ? 'all' : 'doubtful');
    const decided = decideHolds(holds, readings, clock.now());
    changes = decided.changes;
    ages = [...readings].map(([table, reading]) => [table, oldestSeconds(reading)]);
    return decided.holds;
  });
  for (const { table, state, why } of changes)
    log({ level: state === 'held' ? 'error' : 'info', event: 'stream_hold', table, state, why });
  const tables = ages.flatMap(([table]) => (held[table] === undefined ? [] : [table]));
  const count = (dimensions: { readonly table?: StreamId }, metric: Metric, value: number) => {
    const line = emfLine({
      namespace: METRIC_NAMESPACE,
      timestamp: clock.now(),
      dimensions: { function: 'hold', stage, ...dimensions },
      values: [[metric, value]],
    });
    if (line !== null) log(line);
  };
  if (tables.length > 0) count({}, holdMetrics.streams_held, tables.length);
  for (const [table, seconds] of ages)
    if (seconds >= lateSeconds) count({ table }, holdMetrics.oldest_record_seconds, seconds);
  return { event: 'streams_checked', held: tables, changed: changes };
}
