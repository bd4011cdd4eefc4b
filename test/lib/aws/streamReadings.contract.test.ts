import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type StreamNames, streamActivities, streamReadings } from '../../../lib/aws/streamReadings.ts';
import type { CountedStreams } from '../../../lib/landing/hold/streamAge.ts';

const NOW = Date.UTC(2026, 10, 20, 12, 2);
const streams: StreamNames = new Map([
  ['exposures', 'a-exposures'],
  ['landing-2', 'a-landing-2'],
  ['events', 'a-events'],
  ['quarantine', 'a-quarantine'],
]);

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: {
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Value: string }[];
    };
  };
}

const nameOf = ({ MetricName, Dimensions }: Query['MetricStat']['Metric']) =>
  `${Dimensions[0]?.Value} ${MetricName}`;
let calls = 0;
/** Queries that were sent. */
const asked: string[] = [];
/** Members of the answer to each query, by stream and metric. The rest is an empty answer of CloudWatch. */
let answers: Readonly<Record<string, object>> = {};
const server = createServer(async (request, response) => {
  const { MetricDataQueries } = (await json(request)) as { MetricDataQueries: readonly Query[] };
  calls += 1;
  asked.push(...MetricDataQueries.map(({ MetricStat: { Metric } }) => nameOf(Metric)));
  const MetricDataResults = MetricDataQueries.map(({ Id, MetricStat: { Metric } }) => ({
    ...{ Id, StatusCode: 'Complete', Timestamps: [], Values: [] },
    ...answers[nameOf(Metric)],
  }));
  response.end(JSON.stringify({ MetricDataResults }));
});
let client: CloudWatchClient;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new CloudWatchClient({
    ...{ region: 'us-east-1', endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
afterAll(() => {
  client.destroy();
  server.close();
  server.closeAllConnections();
});
const read = (counted?: CountedStreams) => streamReadings(client, streams, { now: () => NOW })(counted);
const points = (...values: readonly (readonly [minutesAgo: number, value: number])[]) => ({
  Timestamps: values.map(([minutesAgo]) => NOW / 1_000 - minutesAgo * 60),
  Values: values.map(([, value]) => value),
});

describe('what Firehose tells of the streams', () => {
  it('is nothing for idle streams', async () => {
    answers = {};
    const idle = { freshness: [], delivered: 0, undelivered: 0 };
    expect([...(await read())]).toEqual([...streams.keys()].map((stream) => [stream, idle]));
  });

  it('is the freshness, what was delivered lately, and how long nothing was delivered', async () => {
    answers = {
      'a-events DeliveryToS3.DataFreshness': points([3, 70], [2, 130]),
      'a-events IncomingRecords': points([302, 4], [187, 5], [2, 6]),
      'a-events DeliveryToS3.Records': points([292, 3], [12, 8]),
      'a-exposures IncomingRecords': points([302, 4], [187, 5], [2, 6]),
      'a-exposures DeliveryToS3.Records': points([292, 4]),
      'a-landing-2 DeliveryToS3.DataFreshness': points([1, 20]),
    };
    const readings = await read();
    expect(readings.get('events')).toEqual({ freshness: [70, 130], delivered: 8, undelivered: 120 });
    expect(readings.get('exposures')).toEqual({ freshness: [], delivered: 0, undelivered: 187 * 60 });
    expect(readings.get('landing-2')).toEqual({ freshness: [20], delivered: 0, undelivered: 0 });
  });

  it('is asked for of doubtful streams alone: those without an age, and those whose oldest record is old', async () => {
    const ages = (events: number) => ({
      'a-events DeliveryToS3.DataFreshness': points([3, events], [2, events]),
      'a-exposures DeliveryToS3.DataFreshness': points([9, 70]),
      'a-landing-2 DeliveryToS3.DataFreshness': points([9, 70]),
      'a-quarantine DeliveryToS3.DataFreshness': points([9, 70]),
    });
    const countsAsked = async (counted: CountedStreams) => {
      asked.length = 0;
      await read(counted);
      return asked.filter((one) => !one.endsWith('DataFreshness'));
    };
    answers = ages(130);
    expect(await countsAsked('doubtful')).toEqual([]);
    expect(await countsAsked('all')).toHaveLength(8);
    answers = ages(7_200);
    expect(await countsAsked('doubtful')).toEqual([
      'a-events IncomingRecords',
      'a-events DeliveryToS3.Records',
    ]);
    answers = {
      ...{ ...ages(130), 'a-events DeliveryToS3.DataFreshness': {} },
      'a-events IncomingRecords': points([187, 5]),
    };
    expect(await countsAsked('doubtful')).toHaveLength(2);
    expect((await read('doubtful')).get('events')?.undelivered).toBe(187 * 60);
  });

  it('says of streams that are to be deleted whether a delivery followed the last records', async () => {
    answers = {
      'a-events DeliveryToS3.DataFreshness': points([3, 70]),
      'a-events IncomingRecords': points([302, 4], [187, 5], [100, 0]),
      'a-events DeliveryToS3.Records': points([187, 9]),
      'a-exposures IncomingRecords': points([187, 5]),
      'a-exposures DeliveryToS3.Records': points([187, 3], [186, 2]),
    };
    const activities = await streamActivities(client, streams, NOW);
    const at = NOW - 186 * 60_000;
    const last = (isFollowed: boolean) => ({ at, isFollowed });
    expect(activities.get('events')).toEqual({ freshness: [70], undelivered: 0, last: last(false) });
    expect(activities.get('exposures')).toEqual({ freshness: [], undelivered: 0, last: last(true) });
    expect(activities.get('quarantine')).toEqual({ freshness: [], undelivered: 0, last: null });
  });

  it('is read of as many streams as one answer has room for', async () => {
    answers = { 's-40 DeliveryToS3.DataFreshness': points([3, 70]) };
    const many: StreamNames = new Map(
      Array.from({ length: 41 }, (_, i) => [`landing-${i}` as const, `s-${i}`] as const),
    );
    calls = 0;
    const readings = await streamReadings(client, many, { now: () => NOW })();
    expect(readings.size).toBe(41);
    expect(readings.get('landing-40')?.freshness).toEqual([70]);
    // Two of ages, two of counts: a day of one has 2,880 values, and an answer at most 100,800.
    expect(calls).toBe(4);
  });

  it.each(['PartialData', 'InternalError', 'Forbidden'])(
    'is not known when CloudWatch answers %s: missing values would look like an idle stream',
    async (StatusCode) => {
      answers = { 'a-events DeliveryToS3.DataFreshness': { StatusCode } };
      await expect(read()).rejects.toMatchObject({
        code: 'SLUICE_HOLD_METRICS_INCOMPLETE',
        detail: `Complete, ${StatusCode}.`,
      });
    },
  );
});
