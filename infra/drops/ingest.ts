import { expectsDrops } from '../../lib/drops/plan/lateDrops.ts';
import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import { ingestRoles, type Width } from '../roles/dropRoles.ts';
import { workQueue } from '../streams/queues.ts';
import { schedule, usedSchedules } from '../streams/schedules.ts';
import type { Resources } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/**
 * The resources of ingest, except tables and alarms: the queues of plan and load, their schedules, and the roles of the
 * functions. Nothing without `sources`.
 */
export function ingestResources(stack: Stack, width: Width): Resources {
  if (stack.config.sources.length === 0) return {};
  return {
    ...workQueue(stack, {
      part: 'ingest-plan',
      queue: logicalIds.planQueue,
      deadLetters: logicalIds.planDeadLetters,
    }),
    ...workQueue(stack, {
      part: 'ingest-load',
      queue: logicalIds.loadQueue,
      deadLetters: logicalIds.loadDeadLetters,
    }),
    ...ingestSchedules(stack),
    ...ingestRoles(stack, width),
  };
}

/**
 * The runs of the plan: daily datasets at the configured hour, and hourly datasets at minute 15. Also the hourly sweep by the load, as only its role may delete versions.
 */
function ingestSchedules(stack: Stack): Resources {
  const made = {
    daily: {
      id: 'IngestDaily',
      description: 'Finds new and changed drops of daily datasets',
      expression: `cron(0 ${stack.config.dailyIngest.hour} * * ? *)`,
      retries: 'hour',
    },
    hourly: {
      id: 'IngestHourly',
      description: 'Finds new and changed drops of hourly datasets',
      expression: 'cron(15 * * * ? *)',
      retries: 'halfHour',
    },
  } as const;
  const sweep = schedule({
    id: 'IngestSweep',
    name: partName(stack, 'ingest-sweep'),
    description: "Deletes versions of ingested tables' days that were replaced a day ago",
    expression: 'cron(40 * * * ? *)',
    retries: 'halfHour',
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

/** Just after the hour, as `expectedBy` has whole hours. */
function expected(stack: Stack): Resources {
  return schedule({
    id: 'IngestExpected',
    name: partName(stack, 'ingest-expected'),
    description: 'Finds late drops',
    expression: 'cron(5 * * * ? *)',
    retries: 'halfHour',
    queue: logicalIds.planQueue,
    deadLetters: logicalIds.planDeadLetters,
    input: { sluice: 'expected' },
  });
}
