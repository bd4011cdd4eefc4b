import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { readStream } from '../../observe/facts/flow/streamState.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const at = (hoursAgo: number) => new Date(NOW - hoursAgo * 3_600_000).toISOString();

/** Values of the last minutes, newest first, by `<stream> <metric>`. */
let metrics: Readonly<Record<string, readonly number[]>> = {};
const server = createServer(async (request, response) => {
  const input = JSON.parse(await text(request));
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  const MetricDataResults = input.MetricDataQueries.map(
    ({ Id, MetricStat: { Metric } }: { Id: string; MetricStat: { Metric: Named } }) => {
      const Values = metrics[`${Metric.Dimensions[0]?.Value} ${Metric.MetricName}`] ?? [];
      return {
        Id,
        StatusCode: 'Complete',
        Values,
        Timestamps: Values.map((_, i) => NOW / 1_000 - 60 * (i + 1)),
      };
    },
  );
  response.end(JSON.stringify({ MetricDataResults }));
});
interface Named {
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Value: string }[];
}
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const cloudwatch = new CloudWatchClient({
  region: 'us-east-1',
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

describe("the stream by Firehose's metrics", () => {
  beforeEach(() => {
    metrics = {};
  });
  afterAll(() => {
    cloudwatch.destroy();
    server.close();
    server.closeAllConnections();
  });
  const read = () =>
    readStream(
      {
        cloudwatch,
        config: defineConfig({ bucket: 'acme' }),
        stack: { service: 'sluice', stage: 'prod' },
        now: NOW,
      },
      'sluice-prod-landing',
    );

  it('is not known without metrics', async () => {
    expect(await read()).toEqual({
      stream: 'sluice-prod-landing',
      oldest: null,
      quotaShare: null,
      quota: null,
      throttledRecords: null,
    });
  });

  it('tells the oldest record, the quota that is nearest, and what was throttled', async () => {
    metrics = {
      'sluice-prod-landing DeliveryToS3.DataFreshness': [45_000, 44_940],
      'sluice-prod-landing IncomingBytes': [60 * 500_000, 60 * 900_000],
      'sluice-prod-landing BytesPerSecondLimit': [1_000_000, 1_000_000],
      'sluice-prod-landing IncomingRecords': [60 * 100],
      'sluice-prod-landing RecordsPerSecondLimit': [1_000],
      'sluice-prod-landing ThrottledRecords': [0, 7],
    };
    const oldest = new Date(NOW - 60_000 - 45_000_000).toISOString();
    expect(await read()).toMatchObject({ oldest, quotaShare: 0.9, quota: 'bytes', throttledRecords: 7 });
    // Firehose reports no freshness while delivery is completely blocked.
    metrics = { 'sluice-prod-landing IncomingRecords': Array(13 * 60 + 5).fill(9) };
    expect((await read()).oldest).toBe(at(13 + 5 / 60));
    metrics = { ...metrics, 'sluice-prod-landing DeliveryToS3.Records': [...Array(59).fill(0), 5] };
    // Of each record Firehose may have delivered the first ones only.
    expect((await read()).oldest).toBe(at(13 + 5 / 60));
    // All that was accepted has been delivered.
    metrics = { 'sluice-prod-landing DeliveryToS3.DataFreshness': [0, 300] };
    expect((await read()).oldest).toBe(null);
  });
});
