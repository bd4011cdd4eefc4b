import { type RoleStatement, schedulerService, serviceRole } from '../roles/policies.ts';
import type { FunctionPart } from '../template/functionWork.ts';
import { allResources, arn, getAtt, type Resources, type Value } from '../template/Resource.ts';
import { idOf, partName, type Stack } from '../template/Stack.ts';

/** How often something runs. */
export type Interval = 'daily' | 'hourly';

/**
 * How long a schedule tries to send. The next run does the work of a run whose message could not be sent, so an hourly
 * schedule gives up before the next one starts.
 */
const RETRIES = {
  daily: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 10 },
  hourly: { MaximumEventAgeInSeconds: 1_800, MaximumRetryAttempts: 5 },
} as const satisfies Readonly<Record<Interval, unknown>>;

/** A schedule, and what the function gets that it starts. */
interface PlannedSchedule {
  /** The beginning of the logical IDs of the schedule and its role. */
  readonly id: string;
  /** Name of the schedule. */
  readonly name: string;
  /** What it starts, in a sentence. */
  readonly description: string;
  /** A cron expression or a rate of EventBridge Scheduler. */
  readonly expression: string;
  /** How often the expression has it run. */
  readonly interval: Interval;
  /** What the function gets. */
  readonly input: Readonly<Record<string, string>>;
}

/**
 * The hourly run of the registrar, and the writer's hourly look. The registrar creates today's and tomorrow's
 * partitions and closes gaps, because an event of S3 can be lost, and the stack cannot enable those of an existing
 * bucket. The names and the message of its schedule say "daily", because it once ran only daily. Both runs go through the
 * function's queue: lib/base/queue.ts says why.
 */
export function landingSchedules(stack: Stack): Resources {
  return {
    ...schedule(stack, {
      id: 'Daily',
      name: 'daily',
      description: "Creates today's and tomorrow's partitions and closes gaps",
      expression: 'cron(5 * * * ? *)',
      interval: 'hourly',
      part: 'register',
      input: { sluice: 'daily' },
    }),
    ...schedule(stack, {
      id: 'Look',
      name: 'look',
      description: 'Finds objects of the landing that have no message',
      expression: 'cron(35 * * * ? *)',
      interval: 'hourly',
      part: 'write',
      input: { sluice: 'look' },
    }),
  };
}

/**
 * A schedule that sends to the queue of a function, and the role that allows it: `<id>Schedule` and `<id>ScheduleRole`.
 * Messages that it cannot send in time go to the queue's dead-letter queue.
 */
export function schedule(
  stack: Stack,
  planned: PlannedSchedule & {
    /** The function to whose queue the schedule sends. */
    readonly part: FunctionPart;
  },
): Resources {
  const queue = getAtt(idOf(planned.part, 'Queue'));
  const deadLetters = getAtt(idOf(planned.part, 'DeadLetterQueue'));
  const target = { Arn: queue, DeadLetterConfig: { Arn: deadLetters } };
  return scheduleWithRole(stack, planned, target, {
    Action: ['sqs:SendMessage'],
    Resource: [queue, deadLetters],
  });
}

/**
 * The nightly judgement of received hours, after the registrar's run. The schedule invokes the function without a
 * queue, because the next night does the work of a run that fails or could not be started.
 */
export function reconcileSchedule(stack: Stack): Resources {
  const reconcile = arn('lambda', `function:${partName(stack, 'reconcile')}`);
  return scheduleWithRole(
    stack,
    {
      id: 'Reconcile',
      name: 'reconcile',
      description: 'Says which hours of the last days are whole',
      expression: 'cron(10 1 * * ? *)',
      interval: 'daily',
      input: { sluice: 'reconcile' },
    },
    { Arn: reconcile },
    { Action: ['lambda:InvokeFunction'], Resource: [reconcile] },
  );
}

/** A schedule with a target, and the role that allows it what the statement says. */
function scheduleWithRole(
  stack: Stack,
  { id, name, description, expression, interval, input }: PlannedSchedule,
  target: Readonly<Record<string, Value>>,
  statement: RoleStatement,
): Resources {
  const roleId = `${id}ScheduleRole`;
  return {
    [`${id}Schedule`]: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: partName(stack, name),
        Description: description,
        State: 'ENABLED',
        ScheduleExpression: expression,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          ...target,
          RoleArn: getAtt(roleId),
          Input: JSON.stringify(input),
          RetryPolicy: RETRIES[interval],
        },
      },
    },
    [roleId]: serviceRole(schedulerService, [statement]),
  };
}

/** A dataset or an export: what is checked by a schedule. */
interface Scheduled {
  /** How often it is checked. */
  readonly schedule: Interval;
}

/** The intervals in use. Each has its own run, and alarms on the results of that run. */
export function usedIntervals(scheduled: readonly Scheduled[]): readonly Interval[] {
  const used = new Set(scheduled.map((each) => each.schedule));
  return (['daily', 'hourly'] as const).filter((interval) => used.has(interval));
}

/** The schedules of datasets or exports, one for each interval in use. */
interface IntervalSchedules {
  /** The function to whose queue the schedules send. */
  readonly part: FunctionPart;
  /** The beginning of the schedules' names. */
  readonly name: string;
  /** What each schedule starts, in a sentence. */
  readonly descriptions: Readonly<Record<Interval, string>>;
  /** Minute and hour of `cron` for daily runs, such as `0 4`. */
  readonly daily: string;
  /** Minute and hour of `cron` for hourly runs, such as `15 *`. */
  readonly hourly: string;
  /** What the function gets from a schedule. */
  readonly input: (interval: Interval) => Readonly<Record<string, string>>;
}

/**
 * The schedules for the intervals in use, each for the runs of the datasets or exports that have it.
 *
 * @param scheduled The datasets or exports.
 */
export function intervalSchedules(
  stack: Stack,
  scheduled: readonly Scheduled[],
  schedules: IntervalSchedules,
): Resources {
  const { part, name, descriptions, input } = schedules;
  const resources = usedIntervals(scheduled).map((interval) =>
    schedule(stack, {
      id: idOf(`${name}-${interval}`),
      name: `${name}-${interval}`,
      description: descriptions[interval],
      expression: `cron(${schedules[interval]} * * ? *)`,
      interval,
      part,
      input: input(interval),
    }),
  );
  return allResources(resources);
}
