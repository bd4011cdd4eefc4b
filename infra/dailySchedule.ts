import { getAtt } from './intrinsics.ts';
import { role, schedulerService } from './policies.ts';
import type { Resources } from './Resource.ts';
import { logicalIds, partName, type Stack } from './Stack.ts';

const ROLE = 'DailyScheduleRole';
/** Seconds: an hour. Tomorrow's partition was made yesterday, so nobody waits for a late run. */
const OLDEST_SECONDS = 3_600;
const ATTEMPTS = 10;

/**
 * Calls the registrar at five past midnight UTC with `{"sluice":"daily"}`: it makes today's and tomorrow's
 * partitions and mends gaps.
 */
export function dailySchedule(stack: Stack): Resources {
  return {
    DailySchedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: partName(stack, 'daily'),
        Description: "Makes today's and tomorrow's partitions and mends gaps",
        State: 'ENABLED',
        ScheduleExpression: 'cron(5 0 * * ? *)',
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: getAtt(logicalIds.registerFunction),
          RoleArn: getAtt(ROLE),
          Input: JSON.stringify({ sluice: 'daily' }),
          RetryPolicy: { MaximumEventAgeInSeconds: OLDEST_SECONDS, MaximumRetryAttempts: ATTEMPTS },
          DeadLetterConfig: { Arn: getAtt(logicalIds.deadLetters) },
        },
      },
    },
    [ROLE]: role(schedulerService, [
      { Action: ['lambda:InvokeFunction'], Resource: [getAtt(logicalIds.registerFunction)] },
      { Action: ['sqs:SendMessage'], Resource: [getAtt(logicalIds.deadLetters)] },
    ]),
  };
}
