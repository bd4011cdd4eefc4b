import { lateSeconds } from '../streams/streams.ts';
import { type Resources, ref } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { alarm, DAY, HOUR, mathAlarm, ofQueue, QUARTER, type WatchedMetric } from './alarm.ts';

/**
 * The number of periods in a row in which the stream must be late. One file that succeeds on the second attempt needs
 * no person.
 */
const LATE_PERIODS = 3;
/** Seconds for which a message may wait. A message that failed once waits for a little more than 16 minutes. */
const WAITED_SECONDS = 1_500;

/**
 * The alarms on a stream that does not deliver. Firehose drops records that it could not deliver for 24 hours. It
 * reports no age while delivery is completely blocked, so two alarms compare what comes in with what is delivered: one
 * while requests come, and one after they have stopped.
 * https://docs.aws.amazon.com/firehose/latest/dev/data-freshness-metric-not-emitted.html
 */
export function streamAlarms(stack: Stack): Resources {
  const late = lateSeconds(stack.config);
  return {
    ...alarm(stack, 'stream-late', {
      ...ofStream('DeliveryToS3.DataFreshness', 'Maximum'),
      description: `Firehose has undelivered records older than ${late} s`,
      section: 'late',
      threshold: late,
      periods: LATE_PERIODS,
    }),
    ...comparison(stack, 'stream-blocked', {
      description: 'Firehose has delivered nothing for 45 minutes, though records come in',
      waits: 'FILL(arrived, 0) > 0',
      periodSeconds: QUARTER,
      periods: 3,
    }),
    ...comparison(stack, 'stream-stuck', {
      description: 'Firehose has delivered fewer records than came in, and none for hours',
      // The records of a period may be delivered in the next one. The alarm stays on until Firehose drops the waiting
      // records.
      waits: 'RUNNING_SUM(FILL(arrived, 0)) > RUNNING_SUM(FILL(delivered, 0))',
      periodSeconds: HOUR,
      periods: 3,
      outOf: DAY / HOUR,
    }),
  };
}

/** An alarm on periods without a delivery after records have come in. */
function comparison(
  stack: Stack,
  part: string,
  {
    waits,
    description,
    ...periods
  }: {
    /** An expression that is true while records wait. */
    readonly waits: string;
    /** What the alarm tells, in a sentence. */
    readonly description: string;
    /** Length of a period, seconds. */
    readonly periodSeconds: number;
    /** Periods that must be bad before it is on. */
    readonly periods: number;
    /** The last periods of which as many must be bad. Default: as many as `periods`. */
    readonly outOf?: number;
  },
): Resources {
  return mathAlarm(stack, part, {
    ...periods,
    description,
    section: 'late',
    label: 'blocked',
    expression: `IF(${waits} AND FILL(delivered, 0) == 0, 1, 0)`,
    metrics: {
      arrived: ofStream('IncomingRecords', 'Sum'),
      delivered: ofStream('DeliveryToS3.Records', 'Sum'),
    },
  });
}

/** A metric of the stream of the landing. */
function ofStream(metric: string, statistic: WatchedMetric['statistic']): WatchedMetric {
  return {
    namespace: 'AWS/Firehose',
    metric,
    statistic,
    dimensions: { DeliveryStreamName: ref(logicalIds.stream) },
  };
}

/**
 * An alarm on messages that the writer could not process, and on messages that nobody processes. SQS's age leaves out
 * messages that were received three times, as a message is after 32 minutes.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export function writeQueueAlarm(stack: Stack): Resources {
  return mathAlarm(stack, 'write-queue', {
    description:
      'Objects of the landing are in the dead-letter queue of the writer, or have waited for 25 minutes',
    section: 'landing',
    label: 'waits',
    expression: `IF(FILL(dead, 0) > 0 OR FILL(age, 0) > ${WAITED_SECONDS}, 1, 0)`,
    metrics: {
      dead: ofQueue('WriteDeadLetterQueue', 'ApproximateNumberOfMessagesVisible'),
      age: ofQueue('WriteQueue', 'ApproximateAgeOfOldestMessage'),
    },
  });
}
