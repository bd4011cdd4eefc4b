import type { ExportRequest } from '../../lib/export/messageBodies.ts';
import { exportRole } from '../roles/exportRole.ts';
import { workQueue } from '../streams/queues.ts';
import { intervalSchedules } from '../streams/schedules.ts';
import { getAtt, type Output, type Resources } from '../template/Resource.ts';
import { idOf, type Stack } from '../template/Stack.ts';

/** The queue, schedules and role of exports to customers' buckets. There are none without `exports`. */
export function exportResources(stack: Stack): Resources {
  if (stack.config.exports.length === 0) return {};
  return {
    ...workQueue(stack, 'export'),
    ...exportSchedules(stack),
    ...exportRole(stack),
  };
}

/** The output with the role that customers allow into their buckets. */
export function exportOutputs({ config }: Pick<Stack, 'config'>): Readonly<Record<string, Output>> {
  if (config.exports.length === 0) return {};
  return {
    ExportRoleArn: {
      Description: "Role that exports: customers' bucket policies name it",
      Value: getAtt(idOf('export', 'Role')),
    },
  };
}

/** Hours between the ingest and the export of a day, besides half an hour. */
const AFTER_HOURS = 2;
/** Hours of a day. */
const DAY_HOURS = 24;

/**
 * Daily exports run two and a half hours after the ingest of the day's drops begins. Hourly exports run at minute 45.
 */
function exportSchedules(stack: Stack): Resources {
  const { exports, dailyIngest } = stack.config;
  return intervalSchedules(stack, exports, {
    part: 'export',
    name: 'export',
    descriptions: {
      daily: 'Exports new and changed days of tables, daily',
      hourly: 'Exports new and changed days of tables, hourly',
    },
    daily: `30 ${(dailyIngest.hour + AFTER_HOURS) % DAY_HOURS}`,
    hourly: '45 *',
    input: (schedule) => ({ sluice: 'export', schedule }) satisfies ExportRequest,
  });
}
