/** Values of a metric at one time. */
export interface MetricDatum {
  /** Whose values they are. */
  readonly metric: Metric;
  /** Epoch milliseconds. */
  readonly at: number;
  /** At least one. */
  readonly values: readonly number[];
}

/** A metric in one unit: values that differ in any of these members are kept apart. */
export interface Metric {
  /** The namespace: `Shop`. */
  readonly namespace: string;
  /** The name of the metric. */
  readonly name: string;
  /** CloudWatch's name of the unit: `None` if the document has none. */
  readonly unit: string;
  /** Names and values, in the order of the names. */
  readonly dimensions: readonly (readonly [name: string, value: string])[];
}
