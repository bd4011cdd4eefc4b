/** Units of {@link Metric}, as CloudWatch names them: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
export type MetricUnit = 'Count' | 'Bytes' | 'Milliseconds';

/** One metric of a catalogue: its name is stable, dashboards and alarms refer to it. */
export interface Metric {
  readonly name: string;
  readonly unit: MetricUnit;
}

/** One value of each of some metrics, for one combination of dimensions. */
export interface MetricRecord {
  readonly namespace: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** Name and value; values come from closed lists, for each combination is a metric that is paid for. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [metric: Metric, value: number])[];
}

/**
 * One line in CloudWatch's embedded metric format: written to a Lambda's stdout, CloudWatch Logs makes metrics of
 * it, without a call that would cost time and money.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * @returns The object to write as JSON; null when there are no values, for a directive needs one.
 */
export function emfLine(record: MetricRecord): Readonly<Record<string, unknown>> | null {
  const { namespace, timestamp, dimensions, values } = record;
  if (values.length === 0) return null;
  return {
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [Object.keys(dimensions)],
          Metrics: values.map(([{ name, unit }]) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...dimensions,
    ...Object.fromEntries(values.map(([{ name }, value]) => [name, value])),
  };
}
