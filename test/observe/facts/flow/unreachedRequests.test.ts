import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import {
  readGatewayStatus,
  readUnreached,
  type UnreachedRequests,
} from '../../../../observe/facts/flow/unreachedRequests.ts';
import { answering } from '../../../harness/answering.ts';
import { metricClient } from '../../../harness/metricClient.ts';
import { msAgo, unreachedHour, wellHour } from '../../statusFacts.ts';

const START = Date.UTC(2026, 10, 20, 8);
/** The end of the period that is not over. What came since ten minutes before is not told yet. */
const END = START + 2 * HOUR_MS;
const PERIOD_MS = 5 * MINUTE_MS;

/** Counts by metric, of the gateway and, with `Url`, of the Function URL, in periods of five minutes since {@link START}. */
type Counts = Readonly<Record<string, readonly (readonly [period: number, count: number])[]>>;

/** What the collector itself answered in the first period. */
interface OwnAnswers {
  /** Requests that it answered 4xx. */
  readonly refused?: number;
  /** Requests that it answered 503. */
  readonly failed?: number;
}

/** What is told of these counts. */
function unreached(
  counts: Counts,
  { refused = 0, failed = 0 }: OwnAnswers = {},
  config: Partial<ConfigInput> = {},
) {
  const values = Object.entries(counts).map(([name, points]) => {
    const dimension = name.startsWith('Url') ? 'sluice-prod-collect' : 'api1';
    return [
      `${name} Sum ${dimension}`,
      points.map(([period, count]) => [START + period * PERIOD_MS, count] as const),
    ] as const;
  });
  const day = new Map([[START, { ...wellHour, refusedBy: { A: refused }, failedBy: { B: failed } }]]);
  return readUnreached(
    {
      cloudwatch: metricClient(Object.fromEntries(values)),
      stack: { service: 'sluice', stage: 'prod' },
      config: defineConfig({ bucket: 'acme', ...config }),
    },
    new Map([
      ['CollectorUrl', 'https://url1.lambda-url.eu-west-1.on.aws'],
      ['GatewayUrl', 'https://api1.execute-api.eu-west-1.amazonaws.com'],
    ]),
    { day, before: new Map(), start: START, end: END },
  );
}

const EIGHT = '2026-11-20T08:00:00.000Z';
const NINE = '2026-11-20T09:00:00.000Z';
/** An hour with such answers in its first five minutes. */
const inFirst = ({
  hour,
  ...counts
}: Pick<UnreachedRequests, 'hour' | 'kind' | 'count' | 'of'>): UnreachedRequests => ({
  hour,
  ...counts,
  first: hour,
  last: hour,
});

describe('requests that the endpoint answered without the collector', () => {
  it.each<{ what: string; counts: Counts; own?: OwnAnswers; found: readonly UnreachedRequests[] }>([
    {
      what: '20 answers 4xx, which are 5 %',
      counts: { Count: [[0, 400]], '4xx': [[0, 20]] },
      found: [inFirst({ hour: EIGHT, kind: '4xx', count: 20, of: 400 })],
    },
    {
      what: '5 answers 5xx, which are 1 %',
      counts: { Count: [[0, 500]], '5xx': [[0, 5]] },
      found: [inFirst({ hour: EIGHT, kind: '5xx', count: 5, of: 500 })],
    },
    {
      what: 'without those of the collector',
      counts: { Count: [[0, 100]], '4xx': [[0, 50]], '5xx': [[0, 31]] },
      own: { refused: 30, failed: 26 },
      found: [
        inFirst({ hour: EIGHT, kind: '4xx', count: 20, of: 100 }),
        inFirst({ hour: EIGHT, kind: '5xx', count: 5, of: 100 }),
      ],
    },
    {
      what: 'in full in an hour after that of the answers of the collector',
      counts: { Count: [[12, 90]], '4xx': [[12, 60]] },
      own: { refused: 60 },
      found: [inFirst({ hour: NINE, kind: '4xx', count: 60, of: 90 })],
    },
    {
      what: 'as the sum of each hour',
      counts: {
        Count: [
          [0, 30],
          [11, 30],
          [12, 50],
        ],
        '4xx': [
          [0, 10],
          [11, 11],
          [12, 22],
        ],
      },
      found: [
        { hour: EIGHT, kind: '4xx', count: 21, of: 60, first: EIGHT, last: '2026-11-20T08:55:00.000Z' },
        inFirst({ hour: NINE, kind: '4xx', count: 22, of: 50 }),
      ],
    },
    {
      what: 'up to ten minutes before the end',
      counts: { Count: [[21, 90]], '5xx': [[21, 90]] },
      found: [
        {
          hour: NINE,
          kind: '5xx',
          count: 90,
          of: 90,
          first: '2026-11-20T09:45:00.000Z',
          last: '2026-11-20T09:45:00.000Z',
        },
      ],
    },
    {
      what: 'of a small stage that together are 20, with the few of the last hour',
      counts: {
        Count: [
          [3, 60],
          [8, 10],
          [14, 9],
        ],
        '4xx': [
          [3, 17],
          [8, 3],
          [14, 2],
        ],
      },
      found: [
        {
          hour: EIGHT,
          kind: '4xx',
          count: 20,
          of: 70,
          first: '2026-11-20T08:15:00.000Z',
          last: '2026-11-20T08:40:00.000Z',
        },
        {
          hour: NINE,
          kind: '4xx',
          count: 2,
          of: 9,
          first: '2026-11-20T09:10:00.000Z',
          last: '2026-11-20T09:10:00.000Z',
        },
      ],
    },
    {
      what: 'in two hours that together have 20',
      counts: {
        Count: [
          [0, 40],
          [12, 30],
        ],
        '4xx': [
          [0, 15],
          [12, 5],
        ],
      },
      found: [
        inFirst({ hour: EIGHT, kind: '4xx', count: 15, of: 40 }),
        inFirst({ hour: NINE, kind: '4xx', count: 5, of: 30 }),
      ],
    },
  ])('are told: $what', async ({ counts, own, found }) => {
    expect(await unreached(counts, own)).toEqual(found);
  });

  it.each<{ what: string; counts: Counts; own?: OwnAnswers }>([
    { what: 'less than 5 % are answered 4xx', counts: { Count: [[0, 401]], '4xx': [[0, 20]] } },
    { what: 'less than 20 are answered 4xx', counts: { Count: [[0, 20]], '4xx': [[0, 19]] } },
    {
      what: 'hours with less than 5 answers 4xx have the last of 20',
      counts: {
        Count: [
          [0, 20],
          [12, 5],
        ],
        '4xx': [
          [0, 16],
          [12, 4],
        ],
      },
    },
    { what: 'less than 1 % are answered 5xx', counts: { Count: [[0, 501]], '5xx': [[0, 5]] } },
    {
      what: 'no hour has 5 answers 5xx, and two together have them',
      counts: {
        Count: [
          [0, 10],
          [12, 10],
        ],
        '5xx': [
          [0, 4],
          [12, 4],
        ],
      },
    },
    { what: 'less than 5 are answered 5xx', counts: { Count: [[0, 4]], '5xx': [[0, 4]] } },
    {
      what: 'the collector gave all but 4 of the answers',
      counts: { Count: [[0, 30]], '5xx': [[0, 30]] },
      own: { failed: 26 },
    },
    { what: 'they came in the last ten minutes', counts: { Count: [[22, 90]], '5xx': [[22, 90]] } },
  ])('are not told where $what', async ({ counts, own }) => {
    expect(await unreached(counts, own)).toEqual([]);
  });

  const OF_BOTH: Counts = {
    Count: [[0, 40]],
    UrlRequestCount: [[0, 10]],
    '5xx': [[0, 6]],
    Url5xxCount: [[0, 8]],
    Url4xxCount: [[0, 25]],
  };

  it('are those of the gateway and of the Function URL together', async () => {
    expect(await unreached(OF_BOTH, {}, { endpoint: { kind: 'both' } })).toEqual([
      inFirst({ hour: EIGHT, kind: '4xx', count: 25, of: 50 }),
      inFirst({ hour: EIGHT, kind: '5xx', count: 14, of: 50 }),
    ]);
  });

  it('are those of the Function URL alone without a gateway', async () => {
    expect(await unreached(OF_BOTH, {}, { endpoint: { kind: 'function-url' } })).toEqual([
      inFirst({ hour: EIGHT, kind: '4xx', count: 25, of: 10 }),
      inFirst({ hour: EIGHT, kind: '5xx', count: 8, of: 10 }),
    ]);
  });

  it('are not told where the gateway answers for Statsig, too', async () => {
    const counts: Counts = { Count: [[0, 90]], '5xx': [[0, 90]] };
    expect(await unreached(counts, {}, { passThrough: { statsig: true } })).toEqual([]);
  });
});

/** What is told of the lines of an access log, and what was asked for. @param pages Pages that have these lines, after which others follow. */
async function asked(lines: readonly string[], accessLogDays: number | null = 7, pages = 0) {
  const page = { events: lines.map((message) => ({ message })), nextToken: pages > 0 ? 'more' : undefined };
  const { client, asked: calls } = answering(
    CloudWatchLogsClient,
    ...Array.from({ length: Math.max(1, pages) }, () => page),
  );
  const config = defineConfig({ bucket: 'acme', endpoint: { accessLogDays } });
  const hours = [
    unreachedHour('4xx', 5, 30, 40),
    unreachedHour('4xx', 2, 20, 40),
    unreachedHour('5xx', 1, 9, 9),
  ];
  const stack = { service: 'sluice', stage: 'prod' };
  return { status: await readGatewayStatus({ logs: client, stack, config }, hours), asked: calls };
}

describe('the status with which the gateway itself refused requests', () => {
  it('is that of most lines of the newest hour that has some', async () => {
    const { status, asked: calls } = await asked([
      '{"status":"404","error":"Not Found"}',
      '{"status":"429","error":"Too Many Requests"}',
      '{"status":"429","error":"Too Many Requests"}',
      'no line of ours',
    ]);
    expect(status).toEqual({ status: '429', count: 2, of: 3, hasMore: false });
    expect(calls.map(({ input }) => input)).toEqual([
      {
        logGroupName: '/aws/vendedlogs/sluice-prod-access',
        filterPattern: '{ $.status = "4*" && $.error != "-" }',
        startTime: msAgo(2),
        endTime: msAgo(1.5) + 300_000,
      },
    ]);
  });

  it('says that the log has more lines than five pages', async () => {
    const { status, asked: calls } = await asked(['{"status":"429"}'], 7, 5);
    expect(status).toEqual({ status: '429', count: 5, of: 5, hasMore: true });
    expect(calls).toHaveLength(5);
  });

  it('is not known of a log without such a line', async () => {
    expect((await asked([])).status).toBeNull();
  });

  it('is not asked for without an access log', async () => {
    expect(await asked(['{"status":"429"}'], null)).toEqual({ status: null, asked: [] });
  });
});
