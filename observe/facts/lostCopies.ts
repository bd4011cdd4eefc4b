import { partName } from '../../infra/template/Stack.ts';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { type MetricSeries, metricsOf } from '../../lib/base/metrics.ts';
import { sum } from '../../lib/base/sum.ts';
import { DAY_MS, isoTimestamp, MINUTE_MS } from '../../lib/base/time.ts';
import { relayMetrics } from '../../lib/relay/relayMetrics.ts';
import { metricStage } from '../../lib/schema/stages.ts';
import type { Deployment } from '../deployment.ts';
import { TAKEN, VISIBLE } from './flow/writerBacklog.ts';

/** Copies that went out of relay's queue though the function `relay` neither delivered them nor put them aside, and that are no dead letters. */
export interface LostCopies {
  /** How many at least: those that came meanwhile hide as many. */
  readonly count: number;
  /** The last minute in which they were there, ISO 8601. */
  readonly since: string;
  /** The first minute in which they were gone, ISO 8601: later than the next one if nobody measured meanwhile. */
  readonly goneBy: string;
  /** Copies that the queue had at least in the minutes before. */
  readonly before: number;
  /** Copies that it had at most after it. */
  readonly after: number;
}

/** A count of SQS's may be wrong for a minute or two: the least of these minutes is taken. */
const BEFORE_MS = 5 * MINUTE_MS;
/** PurgeQueue takes up to a minute, and SQS's metrics and the function's may come some minutes later: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html */
const SETTLED_MS = 3 * MINUTE_MS;
/** The most of these minutes is what the queue has after it. */
const AFTER_MS = 15 * MINUTE_MS;
/** Fewer may be those that SQS counts approximately. */
const FEWEST = 5;

/**
 * Looks for copies that went out of the queue within 24 hours and that nobody finished; null without any, and of a configuration without
 * `relay`.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what CloudWatch's client throws.
 */
export async function readLostCopies(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'config' | 'now'>,
): Promise<LostCopies | null> {
  const { config, stack, now } = deployment;
  if (config.relay === undefined) return null;
  const queue = metricsOf('AWS/SQS', { QueueName: partName(stack, 'relay') });
  const relay = metricsOf(METRIC_NAMESPACE, { function: 'relay', stage: metricStage(stack) });
  const dead = metricsOf('AWS/SQS', { QueueName: partName(stack, 'relay-dead-letters') });
  const wanted = [
    queue(VISIBLE, 'Maximum'),
    queue(TAKEN, 'Maximum'),
    dead(VISIBLE, 'Maximum', DEAD),
    ...FINISHED.map((name) => relay(name)),
  ];
  return lostCopies(await readMetricData(deployment, wanted, { start: now - DAY_MS, end: now }), now);
}

/** The ID of the metric of dead letters: copies that the function cannot read, or that it failed with too often. */
const DEAD = 'dead';
/** What the function counts of copies that it deletes from the queue. */
const FINISHED = [relayMetrics.RelayRelayed.name, relayMetrics.RelayRefused.name];

/** The last time at which the queue became smaller by more than was finished. @param now Epoch milliseconds. */
function lostCopies(series: MetricSeries, now: number): LostCopies | null {
  const taken = series.get(TAKEN);
  const minutes = [...(series.get(VISIBLE) ?? [])]
    .map(([at, visible]) => ({ at, copies: visible + (taken?.get(at) ?? 0) }))
    .sort((a, b) => b.at - a.at);
  const within = (from: number, to: number) => minutes.filter(({ at }) => at >= from && at <= to);
  const finishedWithin = (from: number, to: number) =>
    sum(
      FINISHED.flatMap((name) => [...(series.get(name) ?? [])])
        .filter(([at]) => at >= from && at <= to)
        .map(([, count]) => count),
    );
  const dead = [...(series.get(DEAD) ?? [])].sort(([a], [b]) => a - b);
  const buriedWithin = (from: number, to: number) => {
    const [, had = 0] = dead.findLast(([at]) => at <= from) ?? [];
    const has = dead.filter(([at]) => at > from && at <= to).map(([, count]) => count);
    return Math.max(had, ...has) - had;
  };
  for (const [i, { at, copies }] of minutes.entries()) {
    const last = minutes[i + 1];
    if (last === undefined || copies >= last.copies || last.at > now - AFTER_MS) continue;
    const from = last.at - BEFORE_MS;
    const to = at + AFTER_MS;
    const before = Math.min(...within(from, last.at).map((minute) => minute.copies));
    const settled = within(at + SETTLED_MS, to);
    const after = Math.max(
      ...(settled.length === 0 ? within(at, to) : settled).map((minute) => minute.copies),
    );
    const count = before - after - finishedWithin(from, to) - buriedWithin(from, to);
    if (count < Math.max(FEWEST, before / 2)) continue;
    return { count, since: isoTimestamp(last.at), goneBy: isoTimestamp(at), before, after };
  }
  return null;
}
