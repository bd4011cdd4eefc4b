import { expectsDrops } from '../../lib/drops/plan/expectedDrops.ts';
import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import { schedule } from '../streams/schedules.ts';
import { usedSchedules } from '../streams/usedSchedules.ts';
import type { Resources } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/**
 * The runs of the plan: of daily datasets at nine in the morning UTC, when yesterday is over as far west as Los Angeles;
 * of hourly ones at a quarter past. And the hourly sweep, by the load: only its role may delete versions.
 */
export function ingestSchedules(stack: Stack): Resources {
  const made = {
    daily: {
      id: 'IngestDaily',
      description: "Looks for customers' drops that are new or changed, of daily datasets",
      expression: 'cron(0 9 * * ? *)',
      // An hour: days that come late are found the next day all the same.
      oldestSeconds: 3_600,
      attempts: 10,
    },
    hourly: {
      id: 'IngestHourly',
      description: "Looks for customers' drops that are new or changed, of hourly datasets",
      expression: 'cron(15 * * * ? *)',
      // The next run comes before more would be of use.
      oldestSeconds: 1_800,
      attempts: 5,
    },
  };
  const sweep = schedule({
    id: 'IngestSweep',
    name: partName(stack, 'ingest-sweep'),
    description: "Deletes versions of ingested tables' days that were replaced a day ago",
    expression: 'cron(40 * * * ? *)',
    // The next run comes before more would be of use.
    oldestSeconds: 1_800,
    attempts: 5,
    queue: logicalIds.loadQueue,
    deadLetters: logicalIds.loadDeadLetters,
    input: { sluice: 'sweep' },
  });
  return Object.assign(
    sweep,
    expectsDrops(stack.config.sources) ? expected(stack) : {},
    ...usedSchedules(stack.config.sources.flatMap(({ datasets }) => datasets)).map((name) => {
      const input = { sluice: 'plan', schedule: name } as const satisfies PlanRequestInput;
      return schedule({
        ...made[name],
        name: partName(stack, `ingest-${name}`),
        queue: logicalIds.planQueue,
        deadLetters: logicalIds.planDeadLetters,
        input,
      });
    }),
  );
}

/** Just after the hour: `expectedBy` has whole hours. */
function expected(stack: Stack): Resources {
  return schedule({
    id: 'IngestExpected',
    name: partName(stack, 'ingest-expected'),
    description: "Looks for customers' drops that are overdue",
    expression: 'cron(5 * * * ? *)',
    // The next run comes before more would be of use.
    oldestSeconds: 1_800,
    attempts: 5,
    queue: logicalIds.planQueue,
    deadLetters: logicalIds.planDeadLetters,
    input: { sluice: 'expected' },
  });
}
