import { exportMetrics } from '../../lib/export/exportMetrics.ts';
import { METRIC_NAMESPACE } from '../../lib/log/metricNamespace.ts';
import { usedSchedules } from '../streams/usedSchedules.ts';
import { exportIds } from '../template/exportIds.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { alarm } from './alarm.ts';
import { deadLettersAlarm } from './deadLettersAlarm.ts';

const EXPORT_PAGE = 'docs/export.md, "When an export fails"';

/** Alarms on exports that fail, one for every schedule in use, and on what the queue set aside. None without exports. */
export function exportAlarms(stack: Stack): Resources {
  const { exports } = stack.config;
  if (exports.length === 0) return {};
  const made = usedSchedules(exports).map((schedule): Resources => {
    const id = schedule === 'daily' ? 'Daily' : 'Hourly';
    return {
      [`ExportFailed${id}Alarm`]: alarm(stack, `export-failed-${schedule}`, {
        namespace: METRIC_NAMESPACE,
        metric: exportMetrics.exports_failed.name,
        statistic: 'Maximum',
        dimensions: { function: 'export', stage: stack.stage, schedule },
        description: `Days of ${schedule} exports could not be exported: see ${EXPORT_PAGE}`,
        // Until the next run says otherwise.
        missing: 'ignore',
      }),
    };
  });
  return {
    ...Object.assign({}, ...made),
    ExportDeadLettersAlarm: deadLettersAlarm(stack, 'export', exportIds.deadLetters, EXPORT_PAGE),
  };
}
