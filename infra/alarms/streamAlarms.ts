import { tableKinds } from '../../lib/schema/kinds.ts';
import { DELIVERY_RETRY_SECONDS } from '../streams/streams.ts';
import { ref } from '../template/intrinsics.ts';
import type { Resources } from '../template/Resource.ts';
import { kindId, type Stack } from '../template/Stack.ts';
import { alarm } from './alarm.ts';

/** Periods for which a stream must be late: one file that was written at the second try needs nobody. */
const LATE_PERIODS = 3;

/**
 * An alarm on each stream that no longer brings what it took into the bucket. A file comes up to one and a half
 * buffer intervals after its oldest record (https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html),
 * and Firehose may try for some time to write it.
 *
 * Metric and dimension: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 */
export function streamAlarms(stack: Stack): Resources {
  const lateSeconds = 2 * stack.config.buffering.seconds + DELIVERY_RETRY_SECONDS;
  return Object.fromEntries(
    tableKinds.map((kind) => [
      kindId(kind, 'LateAlarm'),
      alarm(stack, `${kind}-late`, {
        description: `Firehose holds ${kind} back that are older than ${lateSeconds} s: look into its log group and at its role`,
        namespace: 'AWS/Firehose',
        metric: 'DeliveryToS3.DataFreshness',
        statistic: 'Maximum',
        dimensions: { DeliveryStreamName: ref(kindId(kind, 'Stream')) },
        threshold: lateSeconds,
        periods: LATE_PERIODS,
      }),
    ]),
  );
}
