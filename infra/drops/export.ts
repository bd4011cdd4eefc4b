import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import { exportRole } from '../roles/exportRole.ts';
import { workQueue } from '../streams/queues.ts';
import { schedule, usedSchedules } from '../streams/schedules.ts';
import { getAtt, type Output, type Resources } from '../template/Resource.ts';
import { exportIds, partName, type Stack } from '../template/Stack.ts';

/** The queue, schedules and role of exports to customers' buckets. Nothing without `exports`. */
export function exportResources(stack: Stack): Resources {
  if (stack.config.exports.length === 0) return {};
  return {
    ...workQueue(stack, {
      part: 'export',
      queue: exportIds.queue,
      deadLetters: exportIds.deadLetters,
    }),
    ...exportSchedules(stack),
    [exportIds.role]: exportRole(stack),
  };
}

/** The role that customers allow into their buckets. */
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
 * Daily exports run two and a half hours after the ingest of the day's drops begins. Hourly exports run at minute 45.
 */
function exportSchedules(stack: Stack): Resources {
  const made = {
    daily: {
      id: 'ExportDaily',
      description: 'Exports new and changed days of tables, daily',
      expression: `cron(30 ${(stack.config.dailyIngest.hour + 2) % 24} * * ? *)`,
      retries: 'hour',
    },
    hourly: {
      id: 'ExportHourly',
      description: 'Exports new and changed days of tables, hourly',
      expression: 'cron(45 * * * ? *)',
      retries: 'halfHour',
    },
  } as const;
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
