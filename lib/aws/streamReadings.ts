import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Clock } from '../base/time.ts';
import type { StreamReading } from '../landing/hold/checkStreams.ts';
import { type TableKind, tableKinds } from '../schema/kinds.ts';

const MINUTE_MS = 60_000;
/** Minutes that are read: Firehose's values arrive some minutes late. */
const MINUTES = 15;

const METRICS = [
  { name: 'DeliveryToS3.DataFreshness', statistic: 'Maximum' },
  { name: 'DeliveryToS3.Records', statistic: 'Sum' },
] as const;

/**
 * Reads Firehose's own metrics of the streams, with one call.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 *
 * @param streams Names of the streams.
 * @returns A function that throws what the client throws.
 */
export function streamReadings(
  client: CloudWatchClient,
  streams: Readonly<Record<TableKind, string>>,
  clock: Clock,
): () => Promise<Readonly<Record<TableKind, StreamReading>>> {
  return async () => {
    const end = Math.ceil(clock.now() / MINUTE_MS) * MINUTE_MS;
    const { MetricDataResults = [] } = await client.send(
      new GetMetricDataCommand({
        MetricDataQueries: tableKinds.flatMap((kind) =>
          METRICS.map(({ name, statistic }, i) => ({
            Id: `${kind}${i}`,
            MetricStat: {
              Metric: {
                Namespace: 'AWS/Firehose',
                MetricName: name,
                Dimensions: [{ Name: 'DeliveryStreamName', Value: streams[kind] }],
              },
              Period: MINUTE_MS / 1_000,
              Stat: statistic,
            },
          })),
        ),
        ScanBy: 'TimestampAscending',
        StartTime: new Date(end - MINUTES * MINUTE_MS),
        EndTime: new Date(end),
      }),
    );
    const values = (id: string) => MetricDataResults.find(({ Id }) => Id === id)?.Values ?? [];
    const reading = (kind: TableKind): StreamReading => ({
      freshness: values(`${kind}0`),
      delivered: values(`${kind}1`).reduce((sum, records) => sum + records, 0),
    });
    return {
      exposures: reading('exposures'),
      events: reading('events'),
      quarantine: reading('quarantine'),
    };
  };
}

let cloudWatch: CloudWatchClient | undefined;

/** The shared client of CloudWatch, created on first use. */
export function cloudWatchClient(): CloudWatchClient {
  cloudWatch ??= new CloudWatchClient({
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return cloudWatch;
}
