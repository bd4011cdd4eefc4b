/** A metric that is read, by a name of the caller's. */
export interface WantedMetric {
  /** The caller's name, unique among the metrics that are read together. */
  readonly id: string;
  /** The namespace of CloudWatch: `Sluice`, `AWS/Lambda`. */
  readonly namespace: string;
  /** The name of the metric in that namespace. */
  readonly metric: string;
  /** `Sum`, `Maximum`, `p99` for example. */
  readonly statistic: string;
  /** Name and value of each dimension. CloudWatch has no values for a part of them. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Whole periods, from `start` to before `end`, epoch milliseconds. */
export interface MetricTime {
  /** When the first period begins, epoch milliseconds. */
  readonly start: number;
  /** When the last period ends, epoch milliseconds. */
  readonly end: number;
  /** Default a minute. */
  readonly periodSeconds?: number;
}

/** Values of metrics, by the caller's name and the start of their period, epoch milliseconds. */
export type MetricSeries = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Makes metrics of one namespace and one set of dimensions, by their names in CloudWatch. */
export function metricsOf(
  namespace: string,
  dimensions: WantedMetric['dimensions'],
): (metric: string, statistic?: string, id?: string) => WantedMetric {
  return (metric, statistic = 'Sum', id = metric) => ({ id, namespace, metric, statistic, dimensions });
}
