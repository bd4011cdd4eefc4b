import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { METRIC_NAMESPACE } from '../../lib/base/log.ts';
import { collectMetrics } from '../../lib/collect/collectMetrics.ts';
import { LANDED_EXTENSION, LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { readMetricData, type WantedMetric } from '../../observe/facts/flow/metricData.ts';
import { type Answer, answer, lookEveryMs, type Probed, type Run, unanswered } from './Probe.ts';

/**
 * Asks how Firehose ends the names of the objects that it wrote in this run's hour. The writer has deleted them: their
 * versions still have their names.
 *
 * @throws What S3's client throws.
 */
export async function askExtension({ s3, config }: Probed, { time }: Run): Promise<Answer> {
  const code = 'SLUICE_PROBE_LANDING_EXTENSION';
  const Prefix = `${LANDING_FOLDER}${new Date(time).toISOString().slice(0, 13).replace(/[-T]/g, '/')}/`;
  const { Versions = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: config.bucket, Prefix, MaxKeys: 20 }),
  );
  if (Versions.length === 0) return unanswered(code, `no object in ${Prefix}`);
  // Its first appearance is the end: it is there, and once.
  const isExpected = (key: string) => key.indexOf(LANDED_EXTENSION) === key.length - LANDED_EXTENSION.length;
  const keys = Versions.map(({ Key = '' }) => Key);
  const other = keys.find((key) => !isExpected(key));
  return answer(code, other === undefined, (other ?? keys[0] ?? '').slice(Prefix.length));
}

/** Maximum time for metrics after the last row, milliseconds: CloudWatch extracts them from logs. */
const METRICS_WAIT_MS = 180_000;
/** Period in which a look of the writer is expected, milliseconds: there is one every hour. */
const SCHEDULED_MS = 70 * 60_000;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html: periods of whole minutes. */
const PERIOD_SECONDS = 60;

/** Requests that the collector has answered since a time of the deployment's clock, epoch milliseconds. */
interface Counted {
  readonly since: number;
  readonly requests: number;
  /** How far that clock is ahead of this machine's, milliseconds: the local cloud's can be moved. */
  readonly aheadMs: number;
}

/**
 * Polls CloudWatch for a metric that a function prints and one of EventBridge Scheduler, until both are there or the time
 * is over. The local cloud has no metrics of schedules.
 *
 * @throws What CloudWatch's client throws.
 */
export async function askMetrics(probed: Probed, { since, requests, aheadMs }: Counted): Promise<Answer> {
  const { clock, wait } = probed;
  const startedAt = clock.now();
  const wanted = wantedMetrics(probed, requests);
  const minute = (ms: number) => Math.floor(ms / 60_000) * 60_000;
  for (;;) {
    const at = clock.now() + aheadMs;
    const period = { end: minute(at) + 60_000, periodSeconds: PERIOD_SECONDS };
    const counts: number[] = [];
    for (const { start, metric } of wanted) {
      const begin = minute(start === 'run' ? since : at - SCHEDULED_MS);
      const series = await readMetricData(probed, [metric], { start: begin, ...period });
      counts.push([...(series.get(metric.id)?.values() ?? [])].reduce((sum, value) => sum + value, 0));
    }
    const isThere = wanted.every(({ least }, i) => (counts[i] ?? 0) >= least);
    const leftMs = startedAt + METRICS_WAIT_MS - clock.now();
    if (isThere || leftMs <= 0) {
      const found = wanted.map(({ metric, least }, i) => `${metric.id} ${counts[i]} of at least ${least}`);
      return answer('SLUICE_PROBE_METRICS', isThere, found.join(', '));
    }
    await wait(Math.min(lookEveryMs(probed), leftMs));
  }
}

function wantedMetrics({ stack, isLocal }: Probed, requests: number) {
  const printed: WantedMetric = {
    // Each request has one value.
    id: `values of ${collectMetrics.received.name}`,
    ...{ namespace: METRIC_NAMESPACE, metric: collectMetrics.received.name, statistic: 'SampleCount' },
    dimensions: { function: 'collect', stage: stack.stage },
  };
  const scheduled: WantedMetric = {
    id: 'InvocationAttemptCount',
    ...{ namespace: 'AWS/Scheduler', metric: 'InvocationAttemptCount', statistic: 'Sum' },
    dimensions: { ScheduleGroup: 'default' },
  };
  const ofRun = { metric: printed, start: 'run', least: requests } as const;
  return isLocal ? [ofRun] : [ofRun, { metric: scheduled, start: 'hour', least: 1 } as const];
}
