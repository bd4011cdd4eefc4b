import * as z from 'zod';

/** Every unit of a MetricDatum: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
const unit =
  /^(?:Seconds|Microseconds|Milliseconds|(?:Kilo|Mega|Giga|Tera)?(?:bytes|bits|Bytes|Bits)(?:\/Second)?|Percent|Count(?:\/Second)?|None)$/;

const directive = z.strictObject({
  Namespace: z.string().regex(/^[^:][ -~]{0,1023}$/),
  Dimensions: z.array(z.array(z.string().regex(/^[^:][ -~]{0,249}$/)).max(30)).min(1),
  Metrics: z
    .array(z.strictObject({ Name: z.string().min(1).max(255), Unit: z.string().regex(unit) }))
    .min(1)
    .max(100),
});

const document = z.looseObject({
  _aws: z.strictObject({
    Timestamp: z.int().min(0),
    CloudWatchMetrics: z.array(directive).min(1),
  }),
});

/**
 * Finds violations of the embedded metric format in a line: shape, limits, and that every dimension and metric named is
 * a member of the root: a text of 1 to 1,024 ASCII characters, and a finite number.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function emfProblems(line: string): string[] {
  if (Buffer.byteLength(line) > 256 * 1024) return ['longer than a log event'];
  const parsed = document.safeParse(JSON.parse(line));
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const problems: string[] = [];
  const root = new Map(Object.entries(parsed.data));
  for (const { Dimensions, Metrics } of parsed.data._aws.CloudWatchMetrics) {
    for (const name of Dimensions.flat()) {
      const value = root.get(name);
      if (typeof value !== 'string' || !/^[ -~]{1,1024}$/.test(value)) problems.push(`dimension ${name}`);
    }
    for (const { Name } of Metrics) {
      const value = root.get(Name);
      if (typeof value !== 'number' || !Number.isFinite(value)) problems.push(`metric ${Name}`);
    }
    if (new Set(Metrics.map(({ Name }) => Name)).size < Metrics.length) problems.push('a metric twice');
  }
  return problems;
}
