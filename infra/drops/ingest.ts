import { expectsDrops } from '../../lib/drops/plan/late/dueDays.ts';
import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import { ingestRoles, type Width } from '../roles/dropRoles.ts';
import { workQueue } from '../streams/queues.ts';
import { intervalSchedules, schedule } from '../streams/schedules.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';

/**
 * The resources of ingest, except tables and alarms: the queues of plan and load, their schedules, and the roles of the
 * functions. There are none without `sources`.
 */
export function ingestResources(stack: Stack, width: Width): Resources {
  if (stack.config.sources.length === 0) return {};
  return {
    ...workQueue(stack, 'ingest-plan'),
    ...workQueue(stack, 'ingest-load'),
    ...ingestSchedules(stack),
    ...ingestRoles(stack, width),
  };
}

/**
 * The runs of the plan, for daily datasets at the configured hour and for hourly datasets at minute 15, and the hourly
 * sweep. The load does the sweep, because only its role may delete versions.
 */
function ingestSchedules(stack: Stack): Resources {
  const { sources, dailyIngest } = stack.config;
  const datasets = sources.flatMap((source) => source.datasets);
  return {
    ...schedule(stack, {
      id: 'IngestSweep',
      name: 'ingest-sweep',
      description: "Deletes versions of ingested tables' days that were replaced a day ago",
      expression: 'cron(40 * * * ? *)',
      interval: 'hourly',
      part: 'ingest-load',
      input: { sluice: 'sweep' },
    }),
    ...(expectsDrops(sources) && expectedSchedule(stack)),
    ...intervalSchedules(stack, datasets, {
      part: 'ingest-plan',
      name: 'ingest',
      descriptions: {
        daily: 'Finds new and changed drops of daily datasets',
        hourly: 'Finds new and changed drops of hourly datasets',
      },
      daily: `0 ${dailyIngest.hour}`,
      hourly: '15 *',
      input: (name) => ({ sluice: 'plan', schedule: name }) satisfies PlanRequestInput,
    }),
  };
}

/** The hourly search for late drops. It runs just after the hour, because `expectedBy` has whole hours. */
function expectedSchedule(stack: Stack): Resources {
  return schedule(stack, {
    id: 'IngestExpected',
    name: 'ingest-expected',
    description: 'Finds late drops',
    expression: 'cron(5 * * * ? *)',
    interval: 'hourly',
    part: 'ingest-plan',
    input: { sluice: 'expected' },
  });
}
