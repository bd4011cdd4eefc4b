import { curateMetrics } from '../../lib/curate/curateMetrics.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { alarm, deadLettersAlarm, ownMetric } from './alarm.ts';

/**
 * The alarms on days that are not curated, and on dead letters. The views read such days from the raw tables. There are
 * none without `curate`.
 */
export function curateAlarms(stack: Stack): Resources {
  if (!stack.config.curate) return {};
  const { curations_failed, curations_waiting } = curateMetrics;
  return {
    ...alarm(stack, 'curations-failed', {
      ...ownMetric(stack, curations_failed, 'Maximum'),
      description: 'Days could not be curated',
      section: 'curated',
      // Values come once a day, and hourly while something is wrong. The same holds for the next alarm.
      missing: 'ignore',
    }),
    ...alarm(stack, 'curations-waiting', {
      ...ownMetric(stack, curations_waiting, 'Maximum'),
      description: 'Days have been waiting for their curation for more than a day',
      section: 'curated',
      missing: 'ignore',
    }),
    ...deadLettersAlarm(stack, 'curate-plan'),
    ...deadLettersAlarm(stack, 'curate'),
  };
}
