import * as z from 'zod';
import { resources } from '../../infra/resources.ts';
import { serviceFunctions } from '../../infra/serverless/serviceFunctions.ts';
import { functionWork, LONGEST, workingParts } from '../../infra/template/functionWork.ts';
import { getAtt } from '../../infra/template/Resource.ts';
import { idOf, partName, type Stack } from '../../infra/template/Stack.ts';
import { unusedFunctions } from '../../infra/template/unusedFunctions.ts';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { sum } from '../../lib/base/sum.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS } from '../../lib/base/time.ts';
import { metricsOf } from '../../lib/reconcile/hourCounts.ts';
import type { Deployment } from '../deployment.ts';
import { ifThere } from '../explainAwsError.ts';
import { readQueue } from '../readQueue.ts';
import { readOldest } from './flow/failures/oldestMessages.ts';

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

/** A function that does not run, although its queue has messages, or its schedule is past. Lambda has not throttled it. */
export interface IdleFunction {
  /** As {@link FunctionErrors.part}. */
  readonly part: string;
  /** Number of messages of its queue that nobody takes, about; 0: its schedule sent none. */
  readonly messages: number;
  /** How often its schedules ask for a run; null of a function without one. */
  readonly schedule: Schedule | null;
  /** When the oldest message was sent; without messages when its last run began, to the hour, or without one within 15 days when the stack was deployed last. ISO 8601; null if nothing tells. */
  readonly since: string | null;
}

/** What Lambda has counted of the functions. */
export interface FunctionRuns {
  /** Those with errors within 24 hours, and those that are throttled. */
  readonly errors: readonly FunctionErrors[];
  /** Those that do not run. */
  readonly idle: readonly IdleFunction[];
}

/** The parts of a deployment that are asked. */
type RunReaders = Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>;
/** A schedule of the template. */
type Schedule = keyof typeof LONGEST_PAUSES;

/** How long after a run the next one has begun: a schedule tries for an hour. */
const LONGEST_PAUSES = { hourly: 2 * HOUR_MS, daily: 25 * HOUR_MS } as const;
/** Lambda counts a run once it has ended, 15 minutes after its start at most, and CloudWatch tells of it some minutes later. */
const COUNTED_MS = LONGEST * 1_000 + 5 * MINUTE_MS;
/** For 15 days CloudWatch keeps minutes; the call takes some time. */
const MINUTES_KEPT_MS = 15 * DAY_MS - HOUR_MS;

/**
 * What Lambda counts of the functions of the configuration, at the time of the invocation.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 *
 * @param deployedAt When the stack was deployed last, ISO 8601; null if nobody knows.
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and SQS throw.
 */
export async function readFunctionRuns(
  deployment: RunReaders,
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

/** What Lambda has counted of functions, and SQS of their queues. */
interface CountedRuns extends Pick<KnownRuns, 'withQueue' | 'sentAt'> {
  /** The functions. */
  readonly parts: readonly string[];
  /** Minutes in which something was counted of a function, oldest first: `errors`, `throttled` or `all` of its runs. */
  readonly minutesOf: (part: string, id: string) => readonly MetricPoint[];
  /** From when on errors count, epoch milliseconds. */
  readonly since: number;
}

/** A minute, epoch milliseconds, and what was counted in it. */
type MetricPoint = readonly [at: number, count: number];

/** The functions with errors, and those that are throttled. */
async function readErrors(
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

/** What is known of the runs of functions. */
interface KnownRuns {
  /** The functions that have a queue. */
  readonly withQueue: readonly string[];
  /** When a run of each began last or was throttled, to the minute, epoch milliseconds; 0 if not within 25 hours. */
  readonly lastRuns: ReadonlyMap<string, number>;
  /** When the oldest message of a function's queue was sent, ISO 8601; null if SQS does not tell. */
  readonly sentAt: (part: string) => string | null;
  /** When the stack was deployed last, ISO 8601; null if nobody knows. */
  readonly deployedAt: string | null;
}

/** The functions that do not run. */
async function readIdle(
  deployment: RunReaders,
  { withQueue, lastRuns, sentAt, deployedAt }: KnownRuns,
): Promise<readonly IdleFunction[]> {
  const { stack, config, now } = deployment;
  const schedules = schedulesOf({ config, ...stack });
  const idle: IdleFunction[] = [];
  for (const part of withQueue) {
    const lastRun = lastRuns.get(part) ?? 0;
    const schedule = schedules.get(part) ?? null;
    const oldest = sentAt(part);
    const isLeft =
      oldest !== null && lastRun + MINUTE_MS <= Date.parse(oldest) && now - Date.parse(oldest) >= COUNTED_MS;
    const pausedFor = now - Math.max(lastRun, Date.parse(deployedAt ?? '') || 0);
    const isLate = schedule !== null && pausedFor > LONGEST_PAUSES[schedule];
    if (!isLate && !isLeft) continue;
    // A queue that is configured may not be deployed yet.
    const queue = await ifThere(readQueue(deployment, part));
    if (queue === undefined) continue;
    const { messages, hidden } = queue;
    // What is hidden a run has received, which Lambda has not counted yet.
    if (messages > 0 && hidden === 0 && isLeft) idle.push({ part, messages, schedule, since: oldest });
    // A message that was sent just now is taken soon.
    if (messages === 0 && isLate)
      idle.push({
        part,
        messages,
        schedule,
        since: (await readLastRun(deployment, part)) ?? deployedAt,
      });
  }
  return idle;
}

/** When the last run of a function within 15 days began, to the hour, ISO 8601; null without one. */
async function readLastRun(
  deployment: Pick<Deployment, 'cloudwatch' | 'stack' | 'now'>,
  part: string,
): Promise<string | null> {
  const { stack, now } = deployment;
  const runs = metricsOf('AWS/Lambda', { FunctionName: partName(stack, part) })('Invocations', 'Sum');
  const end = Math.floor(now / HOUR_MS) * HOUR_MS + HOUR_MS;
  const time = { start: end - MINUTES_KEPT_MS, end, periodSeconds: HOUR_MS / 1_000 };
  const series = await readMetricData(deployment, [runs], time);
  const hours = [...(series.get(runs.id) ?? [])].flatMap(([at, count]) => (count > 0 ? [at] : []));
  return hours.length === 0 ? null : isoTimestamp(Math.max(...hours));
}

/** How often schedules send to the queue of a function, the shortest of each, by the function. */
function schedulesOf(stack: Stack): ReadonlyMap<string, Schedule> {
  const found = new Map<string, Schedule>();
  for (const { Type, Properties } of Object.values(resources(stack).Resources)) {
    if (Type !== 'AWS::Scheduler::Schedule') continue;
    const { ScheduleExpression, Target } = scheduleSchema.parse(Properties);
    const to = JSON.stringify(Target.Arn);
    const part = workingParts.find((name) => to === JSON.stringify(getAtt(idOf(name, 'Queue'))));
    const isHourly = /^cron\(\S+ \*/.test(ScheduleExpression);
    if (part !== undefined && (isHourly || !found.has(part))) found.set(part, isHourly ? 'hourly' : 'daily');
  }
  return found;
}

/** When a schedule starts its function. */
const scheduleSchema = z.object({ ScheduleExpression: z.string(), Target: z.object({ Arn: z.unknown() }) });

/** What was counted in all of some minutes. */
function sumOf(minutes: readonly MetricPoint[]): number {
  return sum(minutes.map(([, count]) => count));
}
