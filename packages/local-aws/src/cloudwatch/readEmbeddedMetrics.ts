import { z } from 'zod';
import { parseJson } from '../base/json.ts';
import type { Metric, MetricDatum } from './Metric.ts';

/**
 * Limits of a document: metrics of a directive, values of a metric, dimensions of a set.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
const EMF_LIMITS = { metrics: 100, values: 100, dimensions: 30 } as const;

/** Which members of the document are metrics, and which are dimensions. */
const directiveSchema = z.object({
  Namespace: z.string().min(1),
  Dimensions: z.array(z.array(z.string()).max(EMF_LIMITS.dimensions)),
  Metrics: z
    .array(z.object({ Name: z.string().min(1), Unit: z.string().default('None') }))
    .max(EMF_LIMITS.metrics),
});

/** A line of a log with metrics. Its other members are the values. */
const documentSchema = z.looseObject({
  _aws: z.object({ Timestamp: z.int().min(0), CloudWatchMetrics: z.array(directiveSchema) }),
});

/** One value. */
const numberSchema = z.number();
/** A value or a list of values, as a list. */
const valuesSchema = z.union([
  numberSchema.transform((value) => [value]),
  z.array(numberSchema).min(1).max(EMF_LIMITS.values),
]);

/**
 * The values in one line of a log in the embedded metric format. Empty for any other line, and for a document that
 * CloudWatch does not accept: it stays a log line. A metric is left out if its member is neither a number nor a list of 1 to 100
 * numbers, and a set of dimensions if one of their members is not a text.
 */
export function readEmbeddedMetrics(line: string): MetricDatum[] {
  if (!line.includes('"_aws"') || !line.startsWith('{')) return [];
  const parsed = documentSchema.safeParse(parseJson(line));
  if (!parsed.success) return [];
  const { _aws, ...members } = parsed.data;
  const data: MetricDatum[] = [];
  for (const { Namespace: namespace, Dimensions, Metrics } of _aws.CloudWatchMetrics) {
    const sets = Dimensions.map((names) => readDimensions(members, names));
    for (const dimensions of sets.filter((set) => set !== undefined))
      for (const { Name: name, Unit: unit } of Metrics) {
        const values = valuesSchema.safeParse(members[name]);
        const metric = { namespace, name, unit, dimensions };
        if (values.success) data.push({ metric, at: _aws.Timestamp, values: values.data });
      }
  }
  return data;
}

/** A set of dimensions with the values of their members; undefined if one of them has no text. */
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
