import { partName } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../lib/base/metrics.ts';
import { sum } from '../../../lib/base/sum.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../ifThere.ts';
import { readQueue } from '../../readQueue.ts';
import { MINUTES_KEPT_MS } from '../flow/requestCounts.ts';

/** What Lambda has counted of a function within 24 hours: at least one run that was killed, took too long or threw, or that it throttles. */
export interface FunctionErrors {
  /** The function. Its log and its queue have the name too. */
  readonly part: string;
  /** Number of runs with an error. */
  readonly errors: number;
  /** All invocations of it that have ended, those with an error too. */
  readonly invocations: number;
  /** Number of runs that Lambda throttled, and so did not begin; its queue or Lambda asks for them again. */
  readonly throttled: number;
  /**
   * When the first run with an error began, without any when the first was throttled, to the minute, ISO 8601: also before these 24 hours,
   * if no minute since had runs without an error, as far back as CloudWatch keeps minutes.
   */
  readonly first: string;
  /** The longest run before the first of these, within as long, seconds; null if there was none. */
  readonly longestBefore: number | null;
  /** When the last run of these began, to the minute, ISO 8601. */
  readonly last: string;
  /** Whether runs began after the last one of these, none of which had an error. */
  readonly isOver: boolean;
  /** Messages of its queue, hidden ones too, about, and when the oldest was sent, ISO 8601, if SQS tells; null without a queue. */
  readonly waits: { readonly messages: number; readonly since: string | null } | null;
}

/** What Lambda has counted of functions, and SQS of their queues. */
export interface CountedRuns {
  /** The functions. */
  readonly parts: readonly string[];
  /** Those that have a queue. */
  readonly withQueue: readonly string[];
  /** When the oldest message of a function's queue was sent, ISO 8601; null if SQS does not tell. */
  readonly sentAt: (part: string) => string | null;
  /** Minutes in which something was counted of a function, oldest first: `errors`, `throttled` or `all` of its runs. */
  readonly minutesOf: (part: string, id: string) => readonly MetricPoint[];
  /** From when on errors count, epoch milliseconds. */
  readonly since: number;
}

/** A minute, epoch milliseconds, and what was counted in it. */
type MetricPoint = readonly [at: number, count: number];

/** The parts of a deployment that are asked. */
type RunReaders = Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'now'>;

/**
 * The functions with errors, and those that are throttled.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and SQS throw.
 */
export async function readErrors(
  deployment: RunReaders,
  { parts, minutesOf, since, withQueue, sentAt }: CountedRuns,
): Promise<readonly FunctionErrors[]> {
  const found = parts.flatMap((part) => {
    const minutes = (id: string) => minutesOf(part, id).filter(([at]) => at >= since);
    const errors = minutes('errors');
    const throttled = minutes('throttled');
    const all = minutes('all');
    const [first] = errors[0] ?? throttled[0] ?? [];
    if (first === undefined) return [];
    const last = Math.max(errors.at(-1)?.[0] ?? 0, throttled.at(-1)?.[0] ?? 0);
    const isOver = all.some(([at]) => at > last);
    const counts = { errors: sumOf(errors), throttled: sumOf(throttled), invocations: sumOf(all) };
    return [{ part, ...counts, first: isoTimestamp(first), last: isoTimestamp(last), isOver }];
  });
  const failing = found.filter(({ part }) => withQueue.includes(part));
  const counts = failing.map(async ({ part }) => {
    // A queue that is configured may not be deployed yet.
    const queue = await ifThere(readQueue(deployment, part));
    return [part, queue?.messages ?? 0] as const;
  });
  const messages = new Map(await Promise.all(counts));
  const dated = found.map(async (errorsOf) => ({
    ...errorsOf,
    ...(await readBefore(deployment, errorsOf)),
  }));
  return (await Promise.all(dated)).map((errorsOf) => {
    const count = messages.get(errorsOf.part);
    return {
      ...errorsOf,
      waits: count === undefined ? null : { messages: count, since: sentAt(errorsOf.part) },
    };
  });
}

/** When a function failed first without a good run since, and how long its runs took before. */
async function readBefore(
  deployment: RunReaders,
  { part, first, errors }: Pick<FunctionErrors, 'part' | 'first' | 'errors'>,
): Promise<Pick<FunctionErrors, 'first' | 'longestBefore'>> {
  const metric = metricsOf('AWS/Lambda', { FunctionName: partName(deployment.stack, part) });
  const known = Date.parse(first);
  const time = { start: deployment.now - MINUTES_KEPT_MS, end: known };
  const metrics = [metric('Errors'), metric('Invocations'), metric('Duration', 'Maximum')];
  const series = await readMetricData(deployment, metrics, time);
  const hasFailed = (at: number) => (series.get('Errors')?.get(at) ?? 0) > 0;
  // A function that is throttled alone does not go on with the errors of earlier days.
  const runs = errors === 0 ? [] : [...(series.get('Invocations') ?? [])];
  let since = known;
  for (const [at] of runs.filter(([end, count]) => count > 0 && end < known).sort(([a], [b]) => b - a)) {
    if (!hasFailed(at)) break;
    since = at;
  }
  const took = [...(series.get('Duration') ?? [])].flatMap(([at, ms]) =>
    at < since && !hasFailed(at) ? [ms / 1_000] : [],
  );
  return { first: isoTimestamp(since), longestBefore: took.length === 0 ? null : Math.max(...took) };
}

/** What was counted in all of some minutes. */
function sumOf(minutes: readonly MetricPoint[]): number {
  return sum(minutes.map(([, count]) => count));
}
