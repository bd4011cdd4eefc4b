import * as z from 'zod';
import { resources } from '../../../infra/resources.ts';
import { LONGEST, workingParts } from '../../../infra/template/functionWork.ts';
import { getAtt } from '../../../infra/template/Resource.ts';
import { idOf, partName, type Stack } from '../../../infra/template/Stack.ts';
import { readMetricData } from '../../../lib/aws/metricData.ts';
import { metricsOf } from '../../../lib/base/metrics.ts';
import { HOUR_MS, isoTimestamp, MINUTE_MS, startOfHour } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../ifThere.ts';
import { readQueue } from '../../readQueue.ts';
import { MINUTES_KEPT_MS } from '../flow/requestCounts.ts';
import type { CountedRuns } from './functionErrors.ts';

/** A function that does not run, although its queue has messages, or its schedule is past. Lambda has not throttled it. */
export interface IdleFunction {
  /** Its name. */
  readonly part: string;
  /** Number of messages of its queue that nobody takes, about; 0: its schedule sent none. */
  readonly messages: number;
  /** How often its schedules ask for a run; null of a function without one. */
  readonly schedule: Schedule | null;
  /** When the oldest message was sent; without messages when its last run began, to the hour, or without one within 15 days when the stack was deployed last. ISO 8601; null if nothing tells. */
  readonly since: string | null;
  /** Whether its last run began then, so that it is known how late the next one is; absent of a function with messages. */
  readonly hasRun?: boolean;
}

/** A schedule of the template. */
type Schedule = keyof typeof LONGEST_PAUSES;

/** How long after a run the next one has begun: a schedule tries for an hour. */
export const LONGEST_PAUSES = { hourly: 2 * HOUR_MS, daily: 25 * HOUR_MS } as const;
/** Lambda counts a run once it has ended, 15 minutes after its start at most, and CloudWatch tells of it some minutes later. */
const COUNTED_MS = LONGEST * 1_000 + 5 * MINUTE_MS;
/** What is known of the runs of functions. */
interface KnownRuns extends Pick<CountedRuns, 'withQueue' | 'sentAt'> {
  /** When a run of each began last or was throttled, to the minute, epoch milliseconds; 0 if not within 25 hours. */
  readonly lastRuns: ReadonlyMap<string, number>;
  /** When the stack was deployed last, ISO 8601; null if nobody knows. */
  readonly deployedAt: string | null;
}

/**
 * The functions that do not run.
 *
 * @throws MetricsError `SLUICE_OBSERVE_METRICS_INCOMPLETE`; what the clients of CloudWatch and SQS throw.
 */
export async function readIdle(
  deployment: Pick<Deployment, 'sqs' | 'cloudwatch' | 'stack' | 'config' | 'now'>,
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
    if (messages === 0 && isLate) {
      const lastBegun = await readLastRun(deployment, part);
      idle.push({ part, messages, schedule, since: lastBegun ?? deployedAt, hasRun: lastBegun !== null });
    }
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
  const end = startOfHour(now) + HOUR_MS;
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
