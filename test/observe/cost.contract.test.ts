import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { costOfSample, costOfStage } from '../../observe/cost/cost.ts';
import { type MonthlyUsage, monthlyCost, scaleUsage } from '../../observe/cost/monthlyCost.ts';
import { measureSample, readSample, sampleMonth } from '../../observe/cost/sampleUsage.ts';
import { measureStage } from '../../observe/cost/stageUsage.ts';
import type { Deployment } from '../../observe/deployment.ts';

const stackOf = (input: Partial<ConfigInput> = {}) => ({
  config: defineConfig({ bucket: 'acme-cost', curate: false, ...input }),
  ...{ service: 'sluice', stage: 'prod' },
});
const GB = 2 ** 30;

const event = (eventName: string, more: object = {}) => ({
  eventName,
  user: { userID: 'u1' },
  time: Date.now(),
  ...more,
});
const body = (...events: object[]) => JSON.stringify({ events });
const events = (count: number) =>
  body(...Array.from({ length: count }, (_, i) => event('page_view', { value: i })));
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

describe('the price of a month', () => {
  const usage: MonthlyUsage = {
    events: 10_000_000,
    requests: 1_000_000,
    gatewayUnits: 2_000_000,
    invocations: 1_000_000,
    gigabyteSeconds: 100_000,
    write: { invocations: 50_000, gigabyteSeconds: 60_000 },
    recordBytes: 10 * GB,
    billedBytes: 100 * GB,
    landing: { objects: 20_000, files: 40_000 },
    storedBytes: 1_000 * GB,
    logBytes: 2 * GB,
    metrics: 26,
    athenaBytes: 3_000_000_000_000,
  };

  it('is each usage at its list price', () => {
    const { parts, usdPerMonth, usdPerMillion } = monthlyCost(usage, stackOf());
    const { alarms, ...others } = parts;
    const byHand = {
      gateway: 2, // 2 million at $1
      // A million at $0.20, and 100,000 GB-seconds at $0.0000133334.
      lambda: 0.2 + 1.33334,
      firehose_ingest: 2.9, // 100 GB at $0.029
      // 50 thousand, 60,000 GB-seconds, and half a second of 1,769 MB every hour.
      write: 0.01 + 0.800004 + 0.008292,
      // Two queues: five pollers, each every 20 s, at $0.40 a million. Three requests for each object and file.
      queues: 2 * 0.2592 + 0.072,
      // Three for an object and one for a file, at $1 a million.
      s3_events: 0.1,
      // A PUT for each, a list every hour at $0.005 a thousand; a GET an object at $0.0004.
      s3_requests: 0.3 + 0.0036 + 0.008,
      s3_storage: 23, // 1,000 GB at $0.023
      athena: 15, // 3 TB at $5
      logs: 1, // 2 GB at $0.50
      metrics: 7.8, // 26 at $0.30
      keys: 1.4, // a key and a secret
    };
    expect(Object.keys(others).sort()).toEqual(Object.keys(byHand).sort());
    for (const [part, usd] of Object.entries(byHand))
      expect([part, Reflect.get(others, part)]).toEqual([part, expect.closeTo(usd, 6)]);
    expect(alarms).toBeCloseTo(2.5, 6);
    expect(usdPerMonth).toBeCloseTo(sum(Object.values(byHand)) + 2.5, 6);
    const both = monthlyCost(usage, stackOf({ endpoint: { kind: 'both' } })).parts.alarms;
    expect((both ?? 0) - (alarms ?? 0)).toBeCloseTo(0.6, 6);
    expect(usdPerMillion).toBeCloseTo(usdPerMonth / 10, 6);
  });

  it('goes by the configuration for what costs the same without events', () => {
    const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/0123abcd-0123-0123-0123-0123456789ab';
    const own = stackOf({
      architecture: 'x86_64',
      existing: { bucket: true, keyArn },
      readers: [{ kind: 'metabase', name: 'metabase', as: 'user' }],
    });
    const { parts } = monthlyCost(usage, own);
    expect(parts.keys).toBeCloseTo(0.8, 6);
    expect(parts.lambda).toBeCloseTo(0.2 + 1.66667, 5);
  });

  it.each<[Partial<ConfigInput>, number]>([
    [{ curate: true }, 4],
    [{ relay: { statsig: true } }, 3],
    [
      {
        sources: [
          {
            name: 'acme',
            bucket: 'acme-drops',
            owner: '444455556666',
            datasets: [{ name: 'e', kind: 'events' }],
          },
        ],
      },
      4,
    ],
  ])('has the polls of all queues, with %j', (input, queues) => {
    expect(monthlyCost(usage, stackOf(input)).parts.queues).toBeCloseTo(queues * 0.2592 + 0.072, 6);
  });

  it('leaves out parts that are not known, and has no price of a million without events', () => {
    const { parts, usdPerMillion } = monthlyCost(
      { ...usage, events: 0, landing: null, athenaBytes: null },
      stackOf(),
    );
    expect([parts.s3_events, parts.athena, usdPerMillion]).toEqual([undefined, undefined, null]);
  });

  it('scales what grows with events, and not what is stored or fixed', () => {
    const twice = scaleUsage(usage, 20_000_000);
    expect(twice).toMatchObject({
      requests: 2_000_000,
      billedBytes: 200 * GB,
      write: { invocations: 50_000, gigabyteSeconds: 120_000 },
      logBytes: 4 * GB,
    });
    expect(twice).toMatchObject({ storedBytes: 1_000 * GB, landing: usage.landing, metrics: 26 });
  });
});

describe('the cost by a sample', () => {
  const ofBodies = (file: string, input?: Partial<ConfigInput>, count?: number) =>
    costOfSample(Buffer.from(file), stackOf(input), count);
  const usageOf = (file: string, input: Partial<ConfigInput>, count: number) =>
    sampleMonth(measureSample(readSample(Buffer.from(file))), count, stackOf(input).config);

  it('is that of the requests, records and bytes of the bodies', () => {
    // Two requests with 3 events; each has one record below 5 KB.
    const file = `${events(1)}\n${events(2)}\n`;
    const cost = ofBodies(file, {}, 3_000_000);
    expect(cost.source).toEqual({ kind: 'sample', requests: 2, events: 3 });
    expect(usageOf(file, {}, 3_000_000)).toMatchObject({
      events: 3_000_000,
      requests: 2_000_000,
      gatewayUnits: 2_000_000,
      // Besides requests a batch of the registrar for each object.
      invocations: 2_000_000 + 43_200,
      billedBytes: 2_000_000 * 5_120,
      // One stream, an object every 60 s for 30 days, with rows of two tables.
      landing: { objects: 43_200, files: 86_400 },
      write: { invocations: 43_200 + 720 },
    });
    expect(cost.parts).toMatchObject({
      gateway: expect.closeTo(2, 9),
      firehose_ingest: expect.closeTo((2_000_000 * 5_120 * 0.029) / GB, 9),
      s3_events: expect.closeTo(0.216, 9),
    });
    expect(cost.usd_per_month).toBeCloseTo(sum(Object.values(cost.parts)), 9);
    expect(cost.usd_per_million).toBeCloseTo(cost.usd_per_month / 3, 9);
    expect(cost.not_included[0]).toBe('athena: not known yet');
  });

  it('has no gateway at a Function URL', () => {
    expect(usageOf(events(1), { endpoint: { kind: 'function-url' } }, 1_000).gatewayUnits).toBe(0);
  });

  it('has the metrics of curated days for the hours in which they are written', () => {
    const metrics = (input: Partial<ConfigInput>) => usageOf(events(1), input, 1_000_000).metrics;
    expect(metrics({ curate: true }) - metrics({})).toBeCloseTo(20 / 24, 9);
  });

  it('meters a request by started 512 KB', () => {
    const large = body(event('large', { metadata: { text: 'x'.repeat(600 * 1024) } }));
    expect(usageOf(large, {}, 1)).toMatchObject({ requests: 1, gatewayUnits: 2 });
  });

  it('goes by the configuration: logs are a sample', () => {
    const [all, none] = [1, 0].map((successes) => usageOf(events(1), { logs: { successes } }, 1_000));
    expect(all?.logBytes).toBeGreaterThan((none?.logBytes ?? 0) + 100_000);
  });

  it('counts more objects where the size decides', () => {
    const usage = usageOf(events(1_000), { buffering: { megabytes: 64 } }, 1_000_000_000_000);
    const { objects = 0 } = usage.landing ?? {};
    expect(objects).toBeCloseTo(usage.recordBytes / (64 * 2 ** 20), 3);
    expect(objects).toBeGreaterThan(43_200);
  });

  it('reads one body over several lines, and bodies on lines', () => {
    const indented = JSON.stringify(JSON.parse(events(2)), null, 2);
    for (const file of [indented, `${events(1)}\n\n${events(1)}`])
      expect(ofBodies(file).source).toMatchObject({ events: 2 });
  });

  it.each([
    ['', 'It is empty.'],
    ['not JSON', 'Line 1'],
    ['[1]', 'Line 1'],
    [`${events(1)}\n{"event":1}`, 'Line 2'],
    [body(), 'no event'],
  ])('refuses %j by name', (file, detail) => {
    expect(() => ofBodies(file)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_COST_SAMPLE_INVALID',
        detail: expect.stringContaining(detail),
      }),
    );
  });
});

describe('the cost by the metrics of a stage', () => {
  const NOW = Date.UTC(2026, 10, 21, 12);
  const HOUR = 3_600_000;
  /** Hours ago and values, by `namespace name` and the value of a dimension. */
  let metrics: Readonly<Record<string, readonly (readonly [hoursAgo: number, value: number])[]>> = {};
  let asked: { readonly start: number; readonly queries: number } | undefined;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (body.startsWith('Action=DescribeStacks')) {
      const output = '<OutputKey>LandingStreamName</OutputKey><OutputValue>sluice-prod-landing</OutputValue>';
      response.end(
        `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><Outputs><member>${output}</member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
      );
      return;
    }
    const input = JSON.parse(body);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    if (String(request.headers['x-amz-target']).endsWith('ListMetrics')) {
      const ofStage = (stage: string, MetricName: string) => ({
        MetricName,
        Dimensions: [
          { Name: 'function', Value: 'collect' },
          { Name: 'stage', Value: stage },
        ],
      });
      const page = input.NextToken === undefined;
      response.end(
        JSON.stringify(
          page
            ? { Metrics: [ofStage('prod', 'requests'), ofStage('dev', 'requests')], NextToken: 'more' }
            : {
                Metrics: [ofStage('prod', 'received'), { MetricName: 'PartitionGaps-prod', Dimensions: [] }],
              },
        ),
      );
      return;
    }
    asked ??= { start: input.StartTime * 1_000, queries: input.MetricDataQueries.length };
    const MetricDataResults = input.MetricDataQueries.map(
      ({
        Id,
        MetricStat: { Metric, Stat },
      }: {
        Id: string;
        MetricStat: { Metric: CloudWatchMetric; Stat: string };
      }) => {
        const how = Stat === 'SampleCount' ? ', values' : '';
        const name = `${Metric.Namespace} ${Metric.MetricName}`;
        const values =
          Metric.Dimensions.length === 0
            ? [`${name}${how}`]
            : Metric.Dimensions.map(({ Value }) => `${name} ${Value}${how}`);
        const points = values.flatMap((key) => metrics[key] ?? []);
        return {
          ...{ Id, StatusCode: 'Complete' },
          Timestamps: points.map(([ago]) => (NOW - ago * HOUR) / 1_000),
          Values: points.map(([, value]) => value),
        };
      },
    );
    response.end(JSON.stringify({ MetricDataResults }));
  });
  interface CloudWatchMetric {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  }
  let cloudwatch: CloudWatchClient;
  let aws: Deployment['aws'];
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    aws = {
      ...{ region: 'us-east-1', endpoint: `http://127.0.0.1:${port}` },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    cloudwatch = new CloudWatchClient(aws);
  });
  beforeEach(() => {
    metrics = {};
    asked = undefined;
  });
  afterAll(() => {
    cloudwatch.destroy();
    server.close();
    server.closeAllConnections();
  });

  const place = () => {
    const { config, ...stack } = stackOf();
    return { aws, cloudwatch, config, stack, now: NOW };
  };
  const ofStage = (days = 3, count?: number) => costOfStage(place(), { days, events: count });

  it('is that of a month of what was measured', async () => {
    metrics = {
      // Half a month's tenth: 3 of 30 days.
      'Sluice received prod, values': [
        [72, 60_000],
        [2, 40_000],
      ],
      'Sluice received prod': [[2, 1_000_000]],
      'AWS/Firehose IncomingBytes sluice-prod-landing': [[2, GB]],
      'AWS/Firehose IncomingRecords sluice-prod-landing': [[2, 100_000]],
      'AWS/Lambda Invocations sluice-prod-collect': [[2, 100_000]],
      'AWS/Lambda Duration sluice-prod-collect': [[2, 2_000_000]],
      'AWS/Lambda Invocations sluice-prod-register': [[2, 1_000]],
      'AWS/Lambda Duration sluice-prod-register': [[2, 100_000]],
      'AWS/Lambda Invocations sluice-prod-write': [[2, 5_184]],
      'AWS/Lambda Duration sluice-prod-write': [[2, 1_024_000]],
      // With the looks and the hourly runs of three days.
      'AWS/SQS NumberOfMessagesSent sluice-prod-write': [[2, 4_320 + 72]],
      'AWS/SQS NumberOfMessagesSent sluice-prod-register': [[2, 8_640 + 72]],
      'AWS/Logs IncomingBytes /aws/lambda/sluice-prod-collect': [[2, GB / 10]],
      'AWS/S3 BucketSizeBytes acme-cost': [
        [60, 100 * GB],
        [36, 200 * GB],
      ],
      'AWS/Athena ProcessedBytes sluice': [[2, 100_000_000_000]],
    };
    const cost = await ofStage();
    expect((await measureStage(place(), 3)).usage).toEqual({
      events: 10_000_000,
      requests: 1_000_000,
      gatewayUnits: 1_000_000,
      invocations: 1_010_000,
      // 2,000 s at 1 GB and 100 s at half of it.
      gigabyteSeconds: 20_500,
      // 1,024 s at 1,769 MB.
      write: { invocations: 51_840, gigabyteSeconds: 17_690 },
      recordBytes: 10 * GB,
      // Half a step for each record.
      billedBytes: 10 * (GB + 100_000 * 2_560),
      landing: { objects: 43_200, files: 86_400 },
      storedBytes: 200 * GB,
      logBytes: GB,
      metrics: 3,
      athenaBytes: 1_000_000_000_000,
    });
    expect(cost.parts).toMatchObject({ gateway: 1, athena: 5, s3_storage: expect.closeTo(4.6, 9) });
    expect(cost.source).toEqual({
      kind: 'stage',
      stack: 'sluice-prod',
      since: '2026-11-18T12:00:00.000Z',
      until: '2026-11-21T12:00:00.000Z',
    });
    const scaled = await ofStage(3, 20_000_000);
    expect(scaled).toMatchObject({ usage: { requests: 2_000_000 }, parts: { gateway: 2, athena: 5 } });
  });

  it('measures a young deployment since its first request, and finds the size of the bucket nevertheless', async () => {
    metrics = {
      'Sluice received prod, values': [[6, 1_000]],
      'Sluice received prod': [[6, 2_000]],
      'AWS/Lambda Duration sluice-prod-collect': [[6, 20_000]],
      'AWS/S3 BucketSizeBytes acme-cost': [[50, GB]],
    };
    const { parts, not_included: missing } = await ofStage(1);
    const { usage } = await measureStage(place(), 1);
    // 6 of 720 hours.
    expect(usage).toMatchObject({ events: 240_000, requests: 120_000, storedBytes: GB });
    // Values that AWS has not reported are not counted as 0.
    expect(usage).toMatchObject({ landing: null, logBytes: null, athenaBytes: null });
    expect([parts.logs, parts.athena, parts.s3_storage]).toEqual([
      undefined,
      undefined,
      expect.closeTo(0.023, 9),
    ]);
    expect(missing.slice(0, 3)).toEqual(
      ['s3_events', 'athena', 'logs'].map((part) => `${part}: not known yet`),
    );
    // Lambda has reported the time, 20 s at 1 GB, and not yet the invocations.
    expect(usage).toMatchObject({ invocations: 120_000, gigabyteSeconds: 2_400 });
    expect(asked?.start).toBe(NOW - 72 * HOUR);
  });

  it('refuses to calculate a stage without traffic', async () => {
    await expect(ofStage()).rejects.toMatchObject({ code: 'SLUICE_COST_NO_TRAFFIC' });
    expect(asked?.queries).toBeLessThanOrEqual(500);
  });
});
