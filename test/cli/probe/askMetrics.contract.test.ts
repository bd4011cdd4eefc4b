import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { askMetrics } from '../../../cli/probe/askMetrics.ts';
import { openProbe } from '../../../cli/probe/openProbe.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 15, 30);
const MINUTE = 60_000;

/** CloudWatch as it answers the client: AWS JSON 1.0. */
describe("the probe's question about metrics", () => {
  /** Requests that arrived: the headers that name the operation, and the input. */
  const came: { readonly target: unknown; readonly input: Record<string, unknown> }[] = [];
  /** Minutes before now and values, by the query's ID. */
  let metrics: Readonly<Record<string, readonly (readonly [number, number])[]>> = {};
  let arrivesLate: typeof metrics | undefined;
  let refused: object | undefined;
  const server = createServer(async (request, response) => {
    came.push({ target: request.headers['x-amz-target'], input: JSON.parse(await text(request)) });
    if (arrivesLate !== undefined && came.length > 1) metrics = arrivesLate;
    response.writeHead(refused === undefined ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' });
    const MetricDataResults = Object.entries(metrics).map(([Id, points]) => ({
      Id,
      StatusCode: 'Complete',
      Timestamps: points.map(([ago]) => (NOW - ago * MINUTE) / 1_000),
      Values: points.map(([, value]) => value),
    }));
    response.end(JSON.stringify(refused ?? { MetricDataResults }));
  });
  let endpoint: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    endpoint = `http://127.0.0.1:${port}`;
  });
  beforeEach(() => {
    came.length = 0;
    [arrivesLate, refused] = [undefined, undefined];
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  async function ask(isLocal = false) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const context = await openProbe(
      {
        stack: { service: 'sluice', stage: 'prod' },
        aws: { region: 'us-east-1', endpoint, credentials },
        isLocal: false,
        config: defineConfig({ bucket: 'acme-probed' }),
      },
      'https://collector.example',
    );
    let now = NOW;
    const wait = async (ms: number) => {
      now += ms;
    };
    try {
      return await askMetrics(
        { ...context, isLocal, clock: { now: () => now }, wait },
        { since: NOW - 5 * MINUTE, requests: 14, aheadMs: 0 },
      );
    } finally {
      context.close();
    }
  }

  const all = {
    printed: [
      [4, 10],
      [2, 6],
    ],
    scheduled: [[3, 2]],
  } as const;

  it('reads both metrics in one call, and counts new datapoints', async () => {
    metrics = all;
    expect(await ask()).toEqual({
      code: 'SLUICE_PROBE_METRICS',
      verdict: 'expected',
      found: 'values of received 16 of at least 14, InvocationAttemptCount 2 of at least 1',
    });
    expect(came.map(({ target }) => target)).toEqual(['GraniteServiceVersion20100801.GetMetricData']);
    expect(came[0]?.input).toMatchObject({
      StartTime: Date.UTC(2026, 10, 20, 9, 5) / 1_000,
      EndTime: Date.UTC(2026, 10, 20, 10, 16) / 1_000,
      MetricDataQueries: [
        {
          MetricStat: {
            Metric: {
              Namespace: 'Sluice',
              MetricName: 'received',
              Dimensions: [
                { Name: 'function', Value: 'collect' },
                { Name: 'stage', Value: 'prod' },
              ],
            },
            Stat: 'SampleCount',
          },
        },
        { MetricStat: { Metric: { Namespace: 'AWS/Scheduler' }, Stat: 'Sum' } },
      ],
    });
  });

  it('waits for late datapoints', async () => {
    metrics = { ...all, printed: [] };
    arrivesLate = all;
    expect(await ask()).toMatchObject({ verdict: 'expected' });
    expect(came.length).toBe(2);
  });

  it('names missing metrics after three minutes, without requests before the probe', async () => {
    metrics = {
      printed: [
        [9, 100],
        [4, 3],
      ],
      scheduled: [[3, 2]],
    };
    expect(await ask()).toMatchObject({
      verdict: 'otherwise',
      found: 'values of received 3 of at least 14, InvocationAttemptCount 2 of at least 1',
    });
    expect(came.length).toBe(10);
  });

  it('is about printed metrics alone in the local cloud, which has no others', async () => {
    metrics = all;
    expect(await ask(true)).toMatchObject({
      verdict: 'expected',
      found: 'values of received 16 of at least 14',
    });
  });

  it('throws errors of CloudWatch to its caller', async () => {
    refused = { __type: 'AccessDenied', message: 'not authorized to perform: cloudwatch:GetMetricData' };
    await expect(ask()).rejects.toThrow('cloudwatch:GetMetricData');
  });
});
