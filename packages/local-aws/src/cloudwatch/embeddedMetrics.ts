import { z } from 'zod';
import { parseJson } from '../base/json.ts';

/** One value of a metric. */
export interface MetricDatum {
  readonly metric: Metric;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly values: readonly number[];
}

/** The identity of a metric: two metrics that differ in any of these members are different metrics. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  /** Names and values, in the order of the names. */
  readonly dimensions: readonly (readonly [name: string, value: string])[];
}

/**
 * Limits of a document.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
const EMF_LIMITS = { metrics: 100, values: 100, dimensions: 30 } as const;

const directive = z.object({
  Namespace: z.string().min(1),
  Dimensions: z.array(z.array(z.string()).max(EMF_LIMITS.dimensions)),
  Metrics: z
    .array(z.object({ Name: z.string().min(1), Unit: z.string().default('None') }))
    .max(EMF_LIMITS.metrics),
});

const document = z.looseObject({
  _aws: z.object({ Timestamp: z.int().min(0), CloudWatchMetrics: z.array(directive) }),
});

const number = z.number();
const target = z.union([number.transform((value) => [value]), z.array(number).max(EMF_LIMITS.values)]);

/**
 * The values in one line of a log in the embedded metric format. Empty for any other line, and for a document that
 * CloudWatch does not accept: it stays a log line. A metric without a number, and a set of dimensions of which one has
 * no text, are left out.
 */
export function readEmbeddedMetrics(line: string): MetricDatum[] {
  if (!line.includes('"_aws"') || !line.startsWith('{')) return [];
  const parsed = document.safeParse(parseJson(line));
  if (!parsed.success) return [];
  const { _aws, ...members } = parsed.data;
  const { Timestamp: at, CloudWatchMetrics } = _aws;
  return CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = readDimensions(members, names);
      if (dimensions === undefined) return [];
      return Metrics.flatMap(({ Name: name, Unit: unit }) => {
        const values = target.safeParse(members[name]);
        return values.success
          ? [{ metric: { namespace, name, unit, dimensions }, at, values: values.data }]
          : [];
      });
    }),
  );
}

function readDimensions(
  members: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Metric['dimensions'] | undefined {
  const dimensions: [string, string][] = [];
  for (const name of [...names].sort()) {
    const value = members[name];
    if (typeof value !== 'string' || value === '') return undefined;
    dimensions.push([name, value]);
  }
  return dimensions;
}
