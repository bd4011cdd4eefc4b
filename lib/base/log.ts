import { errorText, SluiceError } from './errors.ts';

/**
 * Writes one line of JSON to stdout, which Lambda hands to CloudWatch Logs as it is. Fields come out in the
 * order in which they are given; `time` is added by CloudWatch. Never pass a key, a query string or a body.
 *
 * @example
 * logLine({ level: 'info', event: 'register', created: 2, ignored: { folder_marker: 1 } });
 */
export function logLine(fields: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`);
}

/** A line of a stack, as V8 writes it: https://v8.dev/docs/stack-trace-api#appendix%3A-stack-trace-format */
const PLACE = /^ {4}at .*(?::\d+:\d+|native|<anonymous>|\(index \d+)\)?$/;

/**
 * The log fields of an unexpected error: its name and its stack. Its message is left out, except that of a denial: V8
 * and libraries quote their input in messages, and that may be personal data. Messages of our own errors never quote
 * data.
 */
export function failureFields(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: typeof error };
  // The stack begins with the message, of which a line may look like a place in the code.
  const places = (error.stack ?? '').replace(error.message, '').split('\n');
  const at = places.filter((line) => PLACE.test(line)).map((line) => line.trim());
  const own = error instanceof SluiceError && error.fault === 'system' ? { message: error.message } : null;
  return { error: errorText(error), ...own, at };
}

/** CloudWatch namespace of every metric of ours. */
export const METRIC_NAMESPACE = 'Sluice';

/**
 * Units of {@link Metric}, as CloudWatch names them:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
 */
type MetricUnit = 'Count' | 'Bytes' | 'Seconds' | 'Milliseconds';

/** One metric of a catalogue: its name is stable, dashboards and alarms refer to it. */
export interface Metric {
  /** Its name in CloudWatch. */
  readonly name: string;
  /** The unit of its values. */
  readonly unit: MetricUnit;
  /** The function that writes it, as its dimension `function`: an alarm on another's would never ring. */
  readonly writer: string;
}

/** A metric that counts, and that a function writes. */
export function countMetric(writer: string, name: string): Metric {
  return { name, unit: 'Count', writer };
}

/** Metrics that count, and that a function writes, by their names. */
export function countMetrics<Name extends string>(
  writer: string,
  ...names: readonly Name[]
): Readonly<Record<Name, Metric>> {
  const metrics = names.map((name) => [name, countMetric(writer, name)]);
  return Object.fromEntries(metrics) as Record<Name, Metric>;
}

/** One value of each of some metrics of one function, for one combination of dimensions. */
export interface MetricRecord {
  /** The namespace of CloudWatch, {@link METRIC_NAMESPACE} for ours. */
  readonly namespace: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /**
   * Name and value of each dimension, except `function`, which the metrics have. Values come from closed lists: each
   * combination is a metric that is paid for.
   */
  readonly dimensions: Readonly<Record<string, string>>;
  /** Each metric with its value, in the metric's unit. */
  readonly values: readonly (readonly [metric: Metric, value: number])[];
  /**
   * Further members of the log line, by which people find it. They are neither dimensions nor metrics. Default none.
   */
  readonly properties?: Readonly<Record<string, unknown>>;
}

/**
 * The log line with metrics of one of our functions.
 *
 * @param dimensions The dimensions of all values, except `function`: `stage`, and others.
 * @param timestamp Epoch milliseconds.
 * @throws RangeError without any value.
 */
export function metricsLine(
  values: MetricRecord['values'],
  dimensions: MetricRecord['dimensions'],
  timestamp: number,
): Readonly<Record<string, unknown>> {
  const line = emfLine({ namespace: METRIC_NAMESPACE, timestamp, dimensions, values });
  if (line === null) throw new RangeError('A line of metrics needs a value.');
  return line;
}

/**
 * One line in CloudWatch's embedded metric format: written to a Lambda's stdout, CloudWatch Logs makes metrics of
 * it, without a call that would cost time and money.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * @returns The object to write as JSON; null when there are no values, as a directive needs one.
 */
export function emfLine(record: MetricRecord): Readonly<Record<string, unknown>> | null {
  const { namespace, timestamp, values, properties } = record;
  const [first] = values;
  if (first === undefined) return null;
  const [{ writer }] = first;
  const dimensions = { function: writer, ...record.dimensions };
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
    ...properties,
    ...Object.fromEntries(values.map(([{ name }, value]) => [name, value])),
  };
}
