import { CloudWatchClient, type GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { readStream } from '../../observe/facts/flow/streamState.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const at = (hoursAgo: number) => new Date(NOW - hoursAgo * 3_600_000).toISOString();

/** The state of the stream by these values of the last minutes, newest first, by metric. */
function read(metrics: Readonly<Record<string, readonly number[]>>) {
  const cloudwatch = new CloudWatchClient({ region: 'us-east-1' });
  const answer = ({ MetricDataQueries = [] }: GetMetricDataCommandInput) =>
    MetricDataQueries.map(({ Id, MetricStat }) => {
      const { Dimensions, MetricName = '' } = MetricStat?.Metric ?? {};
      const Values = Dimensions?.[0]?.Value === 'own' ? [...(metrics[MetricName] ?? [])] : [];
      const Timestamps = Values.map((_, i) => new Date(NOW - 60_000 * (i + 1)));
      return { Id, StatusCode: 'Complete' as const, Values, Timestamps };
    });
  cloudwatch.middlewareStack.add(
    () =>
      async ({ input }) => ({
        response: {},
        output: { $metadata: {}, MetricDataResults: answer(input as GetMetricDataCommandInput) },
      }),
    { step: 'initialize' },
  );
  const about = { config: defineConfig({ bucket: 'acme' }), stack: { service: 'sluice', stage: 'prod' } };
  return readStream({ cloudwatch, now: NOW, ...about }, 'own');
}

it('the stream is not known without metrics', async () => {
  const nothing = { oldest: null, quotaShare: null, quota: null, throttledRecords: null };
  expect(await read({})).toEqual({ stream: 'own', ...nothing });
});

it("the stream by Firehose's metrics has the oldest record, the quota that is nearest, and what was throttled", async () => {
  const busy = {
    'DeliveryToS3.DataFreshness': [45_000, 44_940],
    IncomingBytes: [60 * 500_000, 60 * 900_000],
    BytesPerSecondLimit: [1_000_000, 1_000_000],
    IncomingRecords: [60 * 100],
    RecordsPerSecondLimit: [1_000],
    ThrottledRecords: [0, 7],
  };
  const oldest = new Date(NOW - 60_000 - 45_000_000).toISOString();
  expect(await read(busy)).toMatchObject({ oldest, quotaShare: 0.9, quota: 'bytes', throttledRecords: 7 });
  // Firehose reports no freshness while delivery is completely blocked.
  const blocked = { IncomingRecords: Array(13 * 60 + 5).fill(9) };
  expect((await read(blocked)).oldest).toBe(at(13 + 5 / 60));
  // Of each record Firehose may have delivered the first ones only.
  const delivered = { ...blocked, 'DeliveryToS3.Records': [...Array(59).fill(0), 5] };
  expect((await read(delivered)).oldest).toBe(at(13 + 5 / 60));
  // All that was accepted has been delivered.
  expect((await read({ 'DeliveryToS3.DataFreshness': [0, 300] })).oldest).toBe(null);
});
