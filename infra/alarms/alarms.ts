import type { Resources } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { alarm } from './alarm.ts';
import { collectorAlarms } from './collectorAlarms.ts';
import { deadLettersAlarm } from './deadLettersAlarm.ts';
import { exportAlarms } from './exportAlarms.ts';
import { ingestAlarms } from './ingestAlarms.ts';
import { parkedMetric, partitionGapsMetric } from './loggedMetrics.ts';
import { streamAlarms } from './streamAlarms.ts';

const PAGE = 'docs/redrive.md, "Alarms"';

/** Alarms on what needs a person: docs/metrics.md lists them. They tell the topic of the configuration, if there is one. */
export function alarms(stack: Stack): Resources {
  return {
    ...collectorAlarms(stack),
    ...streamAlarms(stack),
    ParkedAlarm: alarm(stack, 'parked', {
      ...parkedMetric(stack),
      description: 'Objects are parked: see docs/redrive.md, "What is parked"',
      // A run that was late says nothing of what is parked.
      missing: 'ignore',
    }),
    PartitionGapsAlarm: alarm(stack, 'partition-gaps', {
      ...partitionGapsMetric(stack),
      description: 'Days have files that no query reads: see docs/deploy.md, "When something is stuck"',
      // Until the next run says otherwise.
      missing: 'ignore',
    }),
    RedriveDeadLettersAlarm: deadLettersAlarm(stack, 'redrive', logicalIds.redriveDeadLetters, PAGE),
    RegisterDeadLettersAlarm: deadLettersAlarm(stack, 'register', logicalIds.deadLetters, PAGE),
    ...ingestAlarms(stack),
    ...exportAlarms(stack),
  };
}
