import { serviceFunctions } from '../../../infra/serverless/serviceFunctions.ts';
import { functionWork } from '../../../infra/template/functionWork.ts';
import { partName } from '../../../infra/template/Stack.ts';
import { unusedFunctions } from '../../../infra/template/unusedFunctions.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../lib/base/metrics.ts';
import { DAY_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { readOldest } from '../flow/failures/oldestMessages.ts';
import { type FunctionErrors, readErrors } from './functionErrors.ts';
import { type IdleFunction, LONGEST_PAUSES, readIdle } from './idleFunctions.ts';

/** What Lambda has counted of the functions. */
interface FunctionRuns {
  /** Those with errors within 24 hours, and those that are throttled. */
  readonly errors: readonly FunctionErrors[];
  /** Those that do not run. */
  readonly idle: readonly IdleFunction[];
}

/**
 * What Lambda counts of the functions of the configuration, at the time of the invocation.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 *
 * @param deployedAt When the stack was deployed last, ISO 8601; null if nobody knows.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and SQS throw.
 */
export async function readFunctionRuns(
  deployment: Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
  deployedAt: string | null,
): Promise<FunctionRuns> {
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
    { start: end - LONGEST_PAUSES.daily, end },
  );
  const minutesOf = (part: string, id: string) =>
    [...(series.get(`${part} ${id}`) ?? [])].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  const lastRuns = new Map(
    parts.map((part) => {
      const asked = ['all', 'throttled'].map((id) => minutesOf(part, id).at(-1)?.[0] ?? 0);
      return [part, Math.max(...asked)] as const;
    }),
  );
  const withQueue = parts.filter((part) => Object.hasOwn(functionWork, part));
  const ages = await readOldest(
    deployment,
    withQueue.map((part) => partName(stack, part)),
  );
  const sentAt = (part: string) => ages.get(partName(stack, part)) ?? null;
  const errors = await readErrors(deployment, { parts, minutesOf, since: end - DAY_MS, withQueue, sentAt });
  return { errors, idle: await readIdle(deployment, { withQueue, lastRuns, sentAt, deployedAt }) };
}
