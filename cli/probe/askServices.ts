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
 * Polls CloudWatch for a metric that a function prints, until there is a value for each request or the time is over.
 *
 * @throws What CloudWatch's client throws.
 */
export async function askMetrics(probed: Probed, { since, requests, aheadMs }: Counted): Promise<Answer> {
  const { clock, wait, stack } = probed;
  const deadline = clock.now() + METRICS_WAIT_MS;
  const { name } = collectMetrics.received;
  const metric: WantedMetric = {
    ...{ id: name, namespace: METRIC_NAMESPACE, metric: name, statistic: 'SampleCount' },
    dimensions: { function: 'collect', stage: stack.stage },
  };
  const minute = (ms: number) => Math.floor(ms / 60_000) * 60_000;
  for (;;) {
    const end = minute(clock.now() + aheadMs) + 60_000;
    const period = { start: minute(since), end, periodSeconds: PERIOD_SECONDS };
    const series = await readMetricData(probed, [metric], period);
    const count = [...(series.get(name)?.values() ?? [])].reduce((sum, value) => sum + value, 0);
    const leftMs = deadline - clock.now();
    if (count >= requests || leftMs <= 0) {
      const found = `values of ${name}: ${count} of at least ${requests}`;
      return answer('SLUICE_PROBE_METRICS', count >= requests, found);
    }
    await wait(Math.min(lookEveryMs(probed), leftMs));
  }
}
