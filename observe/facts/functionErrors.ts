import { serviceFunctions } from '../../infra/serverless/service.ts';
import { functionWork } from '../../infra/template/functionWork.ts';
import { partName } from '../../infra/template/Stack.ts';
import { unusedFunctions } from '../../infra/template/unusedFunctions.ts';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { DAY_MS, isoTimestamp, MINUTE_MS } from '../../lib/base/time.ts';
import { metricsOf } from '../../lib/reconcile/hourCounts.ts';
import type { Deployment } from '../deployment.ts';
import { ifThere } from '../explainAwsError.ts';
import { readOldest } from './flow/failures.ts';
import { readQueue } from './flow/relayCopies.ts';

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
  /** When the first run with an error began, without any when the first was throttled, to the minute, ISO 8601. */
  readonly first: string;
  /** When the last run of these began, to the minute, ISO 8601. */
  readonly last: string;
  /** Whether runs began after the last one of these, none of which had an error. Throttling alone that is over is not told. */
  readonly isOver: boolean;
  /** Messages of its queue, hidden ones too, about, and when the oldest was sent, ISO 8601, if SQS tells; null without a queue. */
  readonly waits: { readonly messages: number; readonly since: string | null } | null;
}

/**
 * The functions of the configuration that had errors within 24 hours, as Lambda counts them: at the time of the invocation.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and SQS throw.
 */
export async function readFunctionErrors(
  deployment: Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
): Promise<readonly FunctionErrors[]> {
  const { stack, config, now } = deployment;
  const unused = unusedFunctions(config);
  const parts = Object.keys(serviceFunctions(config)).filter((part) => !unused.includes(part));
  const end = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
  const series = await readMetricData(
    deployment,
    parts.flatMap((part) => {
      const metric = metricsOf('AWS/Lambda', { FunctionName: partName(stack, part) });
      return [
        metric('Errors', 'Sum', `${part} errors`),
        metric('Throttles', 'Sum', `${part} throttled`),
        metric('Invocations', 'Sum', `${part} all`),
      ];
    }),
    { start: end - DAY_MS, end },
  );
  const found = parts.flatMap((part) => {
    const minutes = (id: string) =>
      [...(series.get(`${part} ${id}`) ?? [])].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
    const errors = minutes('errors');
    const throttled = minutes('throttled');
    const all = minutes('all');
    const [first] = errors[0] ?? throttled[0] ?? [];
    if (first === undefined) return [];
    const last = Math.max(errors.at(-1)?.[0] ?? 0, throttled.at(-1)?.[0] ?? 0);
    const isOver = all.some(([at]) => at > last);
    if (isOver && errors.length === 0) return [];
    const counts = { errors: sumOf(errors), throttled: sumOf(throttled), invocations: sumOf(all) };
    return [{ part, ...counts, first: isoTimestamp(first), last: isoTimestamp(last), isOver }];
  });
  const withQueue = found.filter(({ part }) => Object.hasOwn(functionWork, part));
  const since = await readOldest(
    deployment,
    withQueue.map(({ part }) => partName(stack, part)),
  );
  const counts = withQueue.map(async ({ part }) => {
    // A queue that is configured may not be deployed yet.
    const queue = await ifThere(readQueue(deployment, part));
    return [part, queue?.messages ?? 0] as const;
  });
  const messages = new Map(await Promise.all(counts));
  return found.map((failing) => {
    const count = messages.get(failing.part);
    const oldest = since.get(partName(stack, failing.part)) ?? null;
    return { ...failing, waits: count === undefined ? null : { messages: count, since: oldest } };
  });
}

function sumOf(minutes: readonly (readonly [number, number])[]): number {
  return minutes.reduce((sum, [, count]) => sum + count, 0);
}
