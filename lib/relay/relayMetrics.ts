import { countMetric, type Metric, metricsLine } from '../base/log.ts';
import { sum } from '../base/sum.ts';

/**
 * The metrics of the function `relay`: docs/metrics.md. The metrics of the collector are in
 * lib/collect/collectMetrics.ts.
 */
export const relayMetrics = {
  /** Copies that the target took. */
  RelayRelayed: countMetric('relay', 'RelayRelayed'),
  /** Copies that the target refused for good or did not take in time. There is also one metric for each reason. */
  RelayRefused: countMetric('relay', 'RelayRefused'),
  /** Tries after which a copy is tried again. */
  RelayRetried: countMetric('relay', 'RelayRetried'),
  /**
   * Age of the oldest copy that was not taken and stays, or was put aside; 0 if all were taken. One that is deleted
   * because of its age does not count.
   */
  RelayAge: { name: 'RelayAge', unit: 'Seconds', writer: 'relay' },
} as const satisfies Record<string, Metric>;

/** The numbers of one invocation. */
export interface RelayCounts {
  /** Copies that the target has taken. */
  readonly relayed: number;
  /** Tries after which a copy is tried again. */
  readonly retried: number;
  /** Refused copies by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** As `RelayAge`, seconds. */
  readonly oldestSeconds: number;
}

/** The metrics of an invocation as EMF lines: one for all, and one for each reason of a refusal. */
export function relayMetricLines(
  { relayed, retried, refused, oldestSeconds }: RelayCounts,
  stage: string,
  timestamp: number,
): Readonly<Record<string, unknown>>[] {
  const { RelayRelayed, RelayRetried, RelayRefused, RelayAge } = relayMetrics;
  const ofAll = [
    [RelayRelayed, relayed],
    [RelayRetried, retried],
    [RelayRefused, sum(Object.values(refused))],
    [RelayAge, oldestSeconds],
  ] as const;
  return [
    metricsLine(ofAll, { stage }, timestamp),
    ...Object.entries(refused).map(([reason, count]) =>
      metricsLine([[RelayRefused, count]], { stage, reason }, timestamp),
    ),
  ];
}
