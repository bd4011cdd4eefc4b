import { type Alarm, type LocalClock, MINUTE_MS } from '../base/clock.ts';
import type { MetricDatum } from '../cloudwatch/Metric.ts';
import { STREAM_NAMESPACE, type streamMetricNames } from '../cloudwatch/serviceMetrics.ts';
import type { DeliveryStream, StreamMinute } from './DeliveryStream.ts';

/**
 * Publishes the metrics of streams to CloudWatch, once a minute while any stream has activity or waiting records. A
 * stream that is idle and empty has no values.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 *
 * A stream whose delivery is completely blocked has no freshness.
 * https://docs.aws.amazon.com/firehose/latest/dev/data-freshness-metric-not-emitted.html
 */
export class StreamMetrics {
  readonly #clock: LocalClock;
  readonly #streams: () => Iterable<DeliveryStream>;
  readonly #publish: (data: readonly MetricDatum[]) => void;
  #alarm: Alarm | undefined;
  #closed = false;

  constructor(options: {
    /** The clock of minutes. */
    readonly clock: LocalClock;
    /** The streams that are open. */
    readonly streams: () => Iterable<DeliveryStream>;
    /** Receives the values of each minute. */
    readonly publish: (data: readonly MetricDatum[]) => void;
  }) {
    this.#clock = options.clock;
    this.#streams = options.streams;
    this.#publish = options.publish;
  }

  /** Publishes values from now on, until all streams are idle and empty. */
  wake(): void {
    if (this.#alarm === undefined && !this.#closed)
      this.#alarm = this.#clock.after(MINUTE_MS, () => this.#minute());
  }

  /** Publishes nothing any more. */
  close(): void {
    this.#closed = true;
    this.#alarm?.cancel();
  }

  /** Publishes the values of the last minute. */
  async #minute(): Promise<void> {
    this.#alarm = undefined;
    let isBusy = false;
    for (const stream of this.#streams()) {
      const minute = await stream.takeMinute();
      if (Object.values(minute).every((value) => value === 0 || value === false)) continue;
      isBusy = true;
      this.#publish(streamMetrics(stream.name, minute, this.#clock.now()));
    }
    if (isBusy) this.wake();
  }
}

/** The values of a stream's metrics for a minute. @param at Epoch milliseconds. */
function streamMetrics(stream: string, minute: StreamMinute, at: number): MetricDatum[] {
  const datum = (name: (typeof streamMetricNames)[number], unit: string, value: number): MetricDatum => ({
    metric: { namespace: STREAM_NAMESPACE, name, unit, dimensions: [['DeliveryStreamName', stream]] },
    at,
    values: [value],
  });
  const attempts = minute.succeeded + minute.failed;
  return [
    datum('IncomingRecords', 'Count', minute.incomingRecords),
    datum('IncomingBytes', 'Bytes', minute.incomingBytes),
    ...(minute.isBlocked
      ? []
      : [datum('DeliveryToS3.DataFreshness', 'Seconds', Math.round(minute.freshnessMs / 1_000))]),
    ...(attempts === 0
      ? []
      : [
          datum('DeliveryToS3.Records', 'Count', minute.delivered),
          datum('DeliveryToS3.Success', 'Count', minute.succeeded / attempts),
        ]),
  ];
}
