import { schedulerService, serviceRole } from '../roles/policies.ts';
import type { FunctionPart } from '../template/functionWork.ts';
import { arn, getAtt, type Resources } from '../template/Resource.ts';
import { idOf, partName, type Stack } from '../template/Stack.ts';

/** How long a schedule tries to send. The next run does the work of one that could not. */
const RETRIES = {
  hour: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 10 },
  // Of hourly runs: the next one starts before a longer retry would help.
  halfHour: { MaximumEventAgeInSeconds: 1_800, MaximumRetryAttempts: 5 },
} as const;

/**
 * The hourly run of the registrar, which creates today's and tomorrow's partitions and closes gaps: an event of S3 can be
 * lost, and the stack cannot enable those of an existing bucket. Its names and message say "daily", as it once ran only
 * daily. The writer's look starts every hour. Both go through the function's queue: lib/base/queue.ts says why.
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
 * A schedule that sends to the queue of a function, or invokes one that has none, and the role that allows it: `<id>Schedule` and `<id>ScheduleRole`.
 * Messages that it cannot send in time go to the queue's dead-letter queue.
 */
export function schedule(
  stack: Stack,
  made: {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly expression: string;
    readonly input: Readonly<Record<string, string>>;
    /** Default `hour`. */
    readonly retries?: keyof typeof RETRIES;
    readonly part: FunctionPart | 'reconcile';
  },
): Resources {
  const roleId = `${made.id}ScheduleRole`;
  const { part } = made;
  const isInvoked = part === 'reconcile';
  const Arn = isInvoked ? arn('lambda', `function:${partName(stack, part)}`) : getAtt(idOf(part, 'Queue'));
  const deadLetters = isInvoked ? null : getAtt(idOf(part, 'DeadLetterQueue'));
  return {
    [`${made.id}Schedule`]: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: partName(stack, made.name),
        Description: made.description,
        State: 'ENABLED',
        ScheduleExpression: made.expression,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn,
          RoleArn: getAtt(roleId),
          Input: JSON.stringify(made.input),
          RetryPolicy: RETRIES[made.retries ?? 'hour'],
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
 * The nightly judgement of received hours, behind the registrar's run. The schedule invokes the function, as a run that fails needs no
 * queue: the next night does its work.
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
type Schedule = 'daily' | 'hourly';

/** The schedules in use. Each has its own run, and alarms on the results of that run. */
export function usedSchedules(of: readonly { readonly schedule: Schedule }[]): readonly Schedule[] {
  const used = new Set(of.map(({ schedule }) => schedule));
  return (['daily', 'hourly'] as const).filter((one) => used.has(one));
}

/**
 * The schedules in use of datasets or exports, which have the name and the messages of a function.
 *
 * @param runs.daily Minute and hour of `cron`, as `0 4`. @param runs.hourly The same, as `15 *`.
 */
export function usedRuns(
  stack: Stack,
  of: Parameters<typeof usedSchedules>[0],
  runs: {
    readonly part: FunctionPart;
    readonly name: string;
    readonly descriptions: Readonly<Record<Schedule, string>>;
    readonly daily: string;
    readonly hourly: string;
    readonly input: (schedule: Schedule) => Readonly<Record<string, string>>;
  },
): Resources {
  const { part, name, descriptions, input } = runs;
  const made = usedSchedules(of).map((one) =>
    schedule(stack, {
      id: idOf(`${name}-${one}`),
      name: `${name}-${one}`,
      description: descriptions[one],
      expression: `cron(${runs[one]} * * ? *)`,
      retries: one === 'daily' ? 'hour' : 'halfHour',
      part,
      input: input(one),
    }),
  );
  return Object.assign({}, ...made);
}
