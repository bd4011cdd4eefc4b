import { schedulerService, serviceRole } from '../roles/policies.ts';
import type { FunctionPart } from '../template/functionWork.ts';
import { arn, getAtt, type Resources } from '../template/Resource.ts';
import { idOf, partName, type Stack } from '../template/Stack.ts';

/** How long a schedule tries to send. The next run does the work of a run whose message could not be sent. */
const RETRIES = {
  hour: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 10 },
  // This is for hourly runs, as the next one starts before a longer retry would help.
  halfHour: { MaximumEventAgeInSeconds: 1_800, MaximumRetryAttempts: 5 },
} as const;

/**
 * The hourly run of the registrar, and the writer's hourly look. The registrar creates today's and tomorrow's
 * partitions and closes gaps, because an event of S3 can be lost, and the stack cannot enable those of an existing
 * bucket. The names and the message say "daily", because it once ran only daily. Both go through the function's queue:
 * lib/base/queue.ts says why.
 */
export function schedules(stack: Stack): Resources {
  return {
    ...schedule(stack, {
      id: 'Daily',
      name: 'daily',
      description: "Creates today's and tomorrow's partitions and closes gaps",
      expression: 'cron(5 * * * ? *)',
      part: 'register',
      input: { sluice: 'daily' },
    }),
    ...schedule(stack, {
      id: 'Look',
      name: 'look',
      description: 'Finds objects of the landing that have no message',
      expression: 'cron(35 * * * ? *)',
      part: 'write',
      input: { sluice: 'look' },
    }),
  };
}

/**
 * A schedule that sends to the queue of a function, or invokes a function that has no queue, and the role that allows
 * it: `<id>Schedule` and `<id>ScheduleRole`. Messages that it cannot send in time go to the queue's dead-letter queue.
 */
export function schedule(
  stack: Stack,
  planned: {
    /** The beginning of the logical IDs of the schedule and its role. */
    readonly id: string;
    /** Name of the schedule. */
    readonly name: string;
    /** What it starts, in a sentence. */
    readonly description: string;
    /** A cron expression or a rate of EventBridge Scheduler. */
    readonly expression: string;
    /** What the function gets. */
    readonly input: Readonly<Record<string, string>>;
    /** How long the schedule tries to send. Default: `hour`. */
    readonly retries?: keyof typeof RETRIES;
    /** The function to whose queue the schedule sends, or that it invokes. */
    readonly part: FunctionPart | 'reconcile';
  },
): Resources {
  const roleId = `${planned.id}ScheduleRole`;
  const { part } = planned;
  const isInvoked = part === 'reconcile';
  const Arn = isInvoked ? arn('lambda', `function:${partName(stack, part)}`) : getAtt(idOf(part, 'Queue'));
  const deadLetters = isInvoked ? null : getAtt(idOf(part, 'DeadLetterQueue'));
  return {
    [`${planned.id}Schedule`]: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: partName(stack, planned.name),
        Description: planned.description,
        State: 'ENABLED',
        ScheduleExpression: planned.expression,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn,
          RoleArn: getAtt(roleId),
          Input: JSON.stringify(planned.input),
          RetryPolicy: RETRIES[planned.retries ?? 'hour'],
          ...(deadLetters && { DeadLetterConfig: { Arn: deadLetters } }),
        },
      },
    },
    [roleId]: serviceRole(schedulerService, [
      deadLetters === null
        ? { Action: ['lambda:InvokeFunction'], Resource: [Arn] }
        : { Action: ['sqs:SendMessage'], Resource: [Arn, deadLetters] },
    ]),
  };
}

/**
 * The nightly judgement of received hours, after the registrar's run. The schedule invokes the function without a
 * queue, because the next night does the work of a run that fails.
 */
export function reconcileSchedule(stack: Stack): Resources {
  return schedule(stack, {
    id: 'Reconcile',
    name: 'reconcile',
    description: 'Says which hours of the last days are whole',
    expression: 'cron(10 1 * * ? *)',
    input: { sluice: 'reconcile' },
    part: 'reconcile',
  });
}

/** How often datasets and exports are checked. */
export type Schedule = 'daily' | 'hourly';

/** The schedules in use. Each has its own run, and alarms on the results of that run. */
export function usedSchedules(scheduled: readonly { readonly schedule: Schedule }[]): readonly Schedule[] {
  const used = new Set(scheduled.map((each) => each.schedule));
  return (['daily', 'hourly'] as const).filter((interval) => used.has(interval));
}

/**
 * The schedules in use of datasets or exports, each for the runs of those that have it.
 *
 * @param scheduled The datasets or exports.
 */
export function usedRuns(
  stack: Stack,
  scheduled: readonly { readonly schedule: Schedule }[],
  runs: {
    /** The function to whose queue the schedules send. */
    readonly part: FunctionPart;
    /** The beginning of the schedules' names. */
    readonly name: string;
    /** What each schedule starts, in a sentence. */
    readonly descriptions: Readonly<Record<Schedule, string>>;
    /** Minute and hour of `cron` for daily runs, such as `0 4`. */
    readonly daily: string;
    /** Minute and hour of `cron` for hourly runs, such as `15 *`. */
    readonly hourly: string;
    /** What the function gets from a schedule. */
    readonly input: (schedule: Schedule) => Readonly<Record<string, string>>;
  },
): Resources {
  const { part, name, descriptions, input } = runs;
  const resources = usedSchedules(scheduled).map((interval) =>
    schedule(stack, {
      id: idOf(`${name}-${interval}`),
      name: `${name}-${interval}`,
      description: descriptions[interval],
      expression: `cron(${runs[interval]} * * ? *)`,
      retries: interval === 'daily' ? 'hour' : 'halfHour',
      part,
      input: input(interval),
    }),
  );
  return Object.assign({}, ...resources);
}
