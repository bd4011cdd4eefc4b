import { schedulerService, serviceRole } from '../roles/policies.ts';
import { getAtt, type Resources } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/**
 * The daily run of the registrar at five past midnight UTC: it makes today's and tomorrow's partitions and mends
 * gaps; every hour where the bucket was brought, whose events the stack can't turn on. And redrive's run for
 * stragglers, every five minutes. Both go through the function's queue: lib/base/queue.ts says why.
 */
export function schedules(stack: Stack): Resources {
  return {
    ...schedule({
      id: 'Daily',
      name: partName(stack, 'daily'),
      description: "Makes today's and tomorrow's partitions and mends gaps",
      expression: stack.config.existing.bucket ? 'cron(5 * * * ? *)' : 'cron(5 0 * * ? *)',
      queue: logicalIds.queue,
      deadLetters: logicalIds.deadLetters,
      input: { sluice: 'daily' },
      // An hour. Tomorrow's partition was made yesterday, so nobody waits for a late run.
      oldestSeconds: 3_600,
      attempts: 10,
    }),
    ...schedule({
      id: 'Stragglers',
      name: partName(stack, 'stragglers'),
      description: 'Redrives what has waited in overflow or errors for long',
      expression: 'rate(5 minutes)',
      queue: logicalIds.redriveQueue,
      deadLetters: logicalIds.redriveDeadLetters,
      input: { sluice: 'stragglers' },
      // The next run comes before sending again would be of use. AWS takes no less than a minute.
      oldestSeconds: 60,
      attempts: 0,
    }),
  };
}

/**
 * A schedule that sends to a queue, and the role that lets it: `<id>Schedule` and `<id>ScheduleRole`. What it can't send
 * in time goes to the same dead letters as what can't be worked off.
 */
export function schedule(made: {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly expression: string;
  readonly queue: string;
  readonly deadLetters: string;
  readonly input: Readonly<Record<string, string>>;
  readonly oldestSeconds: number;
  readonly attempts: number;
}): Resources {
  const roleId = `${made.id}ScheduleRole`;
  return {
    [`${made.id}Schedule`]: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: made.name,
        Description: made.description,
        State: 'ENABLED',
        ScheduleExpression: made.expression,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: getAtt(made.queue),
          RoleArn: getAtt(roleId),
          Input: JSON.stringify(made.input),
          RetryPolicy: { MaximumEventAgeInSeconds: made.oldestSeconds, MaximumRetryAttempts: made.attempts },
          DeadLetterConfig: { Arn: getAtt(made.deadLetters) },
        },
      },
    },
    [roleId]: serviceRole(schedulerService, [
      { Action: ['sqs:SendMessage'], Resource: [getAtt(made.queue), getAtt(made.deadLetters)] },
    ]),
  };
}

/** How often datasets and exports are looked at. */
type Schedule = 'daily' | 'hourly';

/** Which schedules are in use: each has a run of its own, and alarms on what that run saw. */
export function usedSchedules(of: readonly { readonly schedule: Schedule }[]): readonly Schedule[] {
  const used = new Set(of.map(({ schedule }) => schedule));
  return (['daily', 'hourly'] as const).filter((one) => used.has(one));
}
