import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import { exportRole } from '../roles/exportRole.ts';
import { workQueue } from '../streams/queues.ts';
import { schedule, usedSchedules } from '../streams/schedules.ts';
import { getAtt, type Output, type Resources } from '../template/Resource.ts';
import { exportIds, partName, type Stack } from '../template/Stack.ts';

/** Timeout of the function in serverless.yml, seconds. */
const EXPORT_SECONDS = 900;
/** The next scheduled run finds whatever is left out. */
const EXPORT_RECEIVES = 5;

/** What writes tables to customers' buckets, besides the alarms: queue, schedules and role. Nothing of it without `exports`. */
export function exportResources(stack: Stack): Resources {
  if (stack.config.exports.length === 0) return {};
  return {
    ...workQueue(stack, {
      part: 'export',
      queue: exportIds.queue,
      deadLetters: exportIds.deadLetters,
      timeoutSeconds: EXPORT_SECONDS,
      maxReceives: EXPORT_RECEIVES,
    }),
    ...exportSchedules(stack),
    [exportIds.role]: exportRole(stack),
  };
}

/** The role that customers let into their buckets. */
export function exportOutputs({ config }: Pick<Stack, 'config'>): Readonly<Record<string, Output>> {
  if (config.exports.length === 0) return {};
  return {
    ExportRoleArn: {
      Description: "Role that exports: customers' bucket policies name it",
      Value: getAtt(exportIds.role),
    },
  };
}

/**
 * Daily exports at half past eleven in the morning UTC, when the ingest of the day's drops, which begins at nine, is done;
 * hourly ones at a quarter to.
 */
function exportSchedules(stack: Stack): Resources {
  const made = {
    daily: {
      id: 'ExportDaily',
      description: 'Exports the days of tables that are new or changed, daily',
      expression: 'cron(30 11 * * ? *)',
      // An hour: what is late is found the next day all the same.
      oldestSeconds: 3_600,
      attempts: 10,
    },
    hourly: {
      id: 'ExportHourly',
      description: 'Exports the days of tables that are new or changed, hourly',
      expression: 'cron(45 * * * ? *)',
      // The next run comes before more would be of use.
      oldestSeconds: 1_800,
      attempts: 5,
    },
  };
  return Object.assign(
    {},
    ...usedSchedules(stack.config.exports).map((name) => {
      const input = { sluice: 'export', schedule: name } as const satisfies ExportRequest;
      return schedule({
        ...made[name],
        name: partName(stack, `export-${name}`),
        queue: exportIds.queue,
        deadLetters: exportIds.deadLetters,
        input,
      });
    }),
  );
}
