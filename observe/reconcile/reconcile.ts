import { queryableSeconds } from '../../infra/streams/streams.ts';
import { partName } from '../../infra/template/Stack.ts';
import { readMetricData } from '../../lib/aws/metricData.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import type { UtcDay } from '../../lib/base/time.ts';
import type { ReceivedHour } from '../../lib/reconcile/receivedHours.ts';
import { reconcileDay } from '../../lib/reconcile/reconcileDays.ts';
import { askAthena, type Deployment } from '../deployment.ts';
import { readStackOutputs, requireOutput } from '../facts/flow/stackOutputs.ts';

/** Judges the hours of a day of receipt now, and keeps what is better known than it was. @throws ObserveError, MetricsError; what the clients of AWS throw. */
export async function reconcile(deployment: Deployment, day: UtcDay): Promise<readonly ReceivedHour[]> {
  const { config, stack, s3, now } = deployment;
  const names = {
    stage: stack.stage,
    collect: partName(stack, 'collect'),
    register: partName(stack, 'register'),
    stream: requireOutput(await readStackOutputs(deployment), 'LandingStreamName'),
  };
  return reconcileDay(
    {
      config,
      names,
      afterMs: queryableSeconds(config) * 1_000,
      store: s3ObjectStore(s3, config.bucket),
      readMetrics: (metrics, about) => readMetricData(deployment, metrics, about),
      ask: async (sql) => (await askAthena(deployment, sql)).rows.map(Object.values<string | null>),
      now,
    },
    day,
    true,
  );
}
