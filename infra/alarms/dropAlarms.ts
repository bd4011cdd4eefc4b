import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { expectsDrops } from '../../lib/drops/plan/lateDrops.ts';
import { planMetrics } from '../../lib/drops/plan/planMetrics.ts';
import { exportMetrics } from '../../lib/export/exportMetrics.ts';
import { usesAthena } from '../../lib/schema/sources.ts';
import { usedSchedules } from '../streams/schedules.ts';
import type { Resources } from '../template/Resource.ts';
import { exportIds, logicalIds, type Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm, type WatchedMetric } from './alarm.ts';
import { athenaLoadsMetric, failedLoadsMetric } from './loggedMetrics.ts';

/** The schedule looks every ten minutes at the days that Athena works on. */
const ATHENA_PERIOD_SECONDS = 900;

/** Alarms on the results of the plan, one of each for every schedule in use, and on dead letters. None without sources. */
export function ingestAlarms(stack: Stack): Resources {
  if (stack.config.sources.length === 0) return {};
  const made = usedSchedules(stack.config.sources.flatMap(({ datasets }) => datasets)).map(
    (schedule): Resources => {
      const seen = ({ name }: { readonly name: string }): WatchedMetric => ({
        namespace: METRIC_NAMESPACE,
        metric: name,
        statistic: 'Maximum',
        dimensions: { function: 'ingest-plan', stage: stack.stage, schedule },
      });
      const id = schedule === 'daily' ? 'Daily' : 'Hourly';
      return {
        [`IngestFailed${id}Alarm`]: alarm(stack, `ingest-failed-${schedule}`, {
          ...seen(planMetrics.days_failed),
          description: `Days of ${schedule} datasets could not be loaded`,
          section: 'drops',
          // The next run changes the state; the same holds for the others.
          missing: 'ignore',
        }),
        [`IngestUnreadable${id}Alarm`]: alarm(stack, `ingest-unreadable-${schedule}`, {
          ...seen(planMetrics.datasets_unreadable),
          description: `Folders of ${schedule} datasets cannot be listed`,
          section: 'drops',
          missing: 'ignore',
        }),
        [`IngestStopped${id}Alarm`]: alarm(stack, `ingest-stopped-${schedule}`, {
          ...seen(planMetrics.datasets_stopped),
          description: `No files arrive for ${schedule} datasets`,
          section: 'drops',
          missing: 'ignore',
        }),
        [`IngestLeftOut${id}Alarm`]: alarm(stack, `ingest-left-out-${schedule}`, {
          ...seen(planMetrics.files_left_out),
          description: `Loads of ${schedule} datasets leave files out`,
          section: 'drops',
          missing: 'ignore',
        }),
      };
    },
  );
  return {
    ...Object.assign({}, ...made),
    ...(expectsDrops(stack.config.sources)
      ? {
          IngestLateAlarm: alarm(stack, 'ingest-late', {
            namespace: METRIC_NAMESPACE,
            metric: planMetrics.drops_late.name,
            statistic: 'Maximum',
            dimensions: { function: 'ingest-plan', stage: stack.stage },
            description: "A customer's drop is late",
            section: 'drops',
            missing: 'ignore',
          }),
        }
      : {}),
    IngestLoadFailedAlarm: alarm(stack, 'ingest-load-failed', {
      ...failedLoadsMetric(stack),
      description: 'A day of a dataset has just failed',
      section: 'drops',
    }),
    ...(usesAthena(stack.config)
      ? {
          IngestAthenaAlarm: alarm(stack, 'ingest-athena', {
            ...athenaLoadsMetric(stack),
            description: 'A load by Athena has failed or does not end',
            section: 'drops',
            periodSeconds: ATHENA_PERIOD_SECONDS,
          }),
        }
      : {}),
    IngestPlanDeadLettersAlarm: deadLettersAlarm(stack, 'ingest-plan', logicalIds.planDeadLetters, 'drops'),
    IngestLoadDeadLettersAlarm: deadLettersAlarm(stack, 'ingest-load', logicalIds.loadDeadLetters, 'drops'),
  };
}

/** Alarms on failed exports, one for every schedule in use, and on dead letters. None without exports. */
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
        description: `Days of ${schedule} exports could not be exported`,
        section: 'exports',
        // The next run changes the state.
        missing: 'ignore',
      }),
    };
  });
  return {
    ...Object.assign({}, ...made),
    ExportDeadLettersAlarm: deadLettersAlarm(stack, 'export', exportIds.deadLetters, 'exports'),
  };
}
