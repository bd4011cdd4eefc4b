import type { Metric } from '../../lib/base/log.ts';
import { expectsDrops } from '../../lib/drops/plan/late/dueDays.ts';
import { planMetrics } from '../../lib/drops/plan/planMetrics.ts';
import { exportMetrics } from '../../lib/export/exportMetrics.ts';
import { type Interval, usedIntervals } from '../streams/schedules.ts';
import { allResources, type Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm, MINUTE, ownMetric } from './alarm.ts';
import { loggedMetric } from './loggedMetrics.ts';

/**
 * The alarms on the results of the plan, each once for every schedule in use, and on dead letters. There are none
 * without sources.
 */
export function ingestAlarms(stack: Stack): Resources {
  if (stack.config.sources.length === 0) return {};
  const perSchedule = usedIntervals(stack.config.sources.flatMap(({ datasets }) => datasets)).map(
    (schedule) => planAlarms(stack, schedule),
  );
  return allResources([
    {
      ...(expectsDrops(stack.config.sources)
        ? alarm(stack, 'ingest-late', {
            ...ownMetric(stack, planMetrics.drops_late, 'Maximum'),
            description: "A customer's drop has not come, or is not committed, in time",
            section: 'drops',
            missing: 'ignore',
          })
        : {}),
      ...alarm(stack, 'ingest-load-failed', {
        ...loggedMetric(stack, 'failedLoads'),
        description: 'A day of a dataset has just failed, or has lost its files',
        section: 'drops',
      }),
      ...deadLettersAlarm(stack, 'ingest-plan'),
      ...deadLettersAlarm(stack, 'ingest-load'),
    },
    ...perSchedule,
  ]);
}

/** The alarms on the runs of the plan of one schedule. */
function planAlarms(stack: Stack, schedule: Interval): Resources {
  const { days_failed, datasets_unreadable, datasets_stopped, files_left_out } = planMetrics;
  const ofSchedule = (name: string, metric: Metric, description: string) =>
    alarm(stack, `ingest-${name}-${schedule}`, {
      ...ownMetric(stack, metric, 'Maximum', { schedule }),
      description,
      section: 'drops',
      // The next run changes the state.
      missing: 'ignore',
    });
  return {
    ...ofSchedule(
      'failed',
      days_failed,
      `Days of ${schedule} datasets could not be loaded, or have lost their files. An OK also comes when a failed day leaves the lookback`,
    ),
    ...ofSchedule('unreadable', datasets_unreadable, `Folders of ${schedule} datasets cannot be listed`),
    ...ofSchedule('stopped', datasets_stopped, `No files arrive for ${schedule} datasets`),
    ...ofSchedule('left-out', files_left_out, `Loads of ${schedule} datasets leave files out`),
  };
}

/** The alarms on failed exports, one for every schedule in use, and on dead letters. There are none without exports. */
export function exportAlarms(stack: Stack): Resources {
  const { exports } = stack.config;
  if (exports.length === 0) return {};
  const perSchedule = usedIntervals(exports).map((schedule) =>
    alarm(stack, `export-failed-${schedule}`, {
      ...ownMetric(stack, exportMetrics.exports_failed, 'Maximum', { schedule }),
      description: `Days of ${schedule} exports could not be exported. An OK also comes when a failed day leaves the lookback`,
      section: 'exports',
      // The state changes with a task that fails, a task that exports the last failed day, or the next run. Rarely do
      // two of these come in the same minute.
      periodSeconds: MINUTE,
      missing: 'ignore',
    }),
  );
  return allResources([deadLettersAlarm(stack, 'export'), ...perSchedule]);
}
